"""Codes 5100 to 5139: control planes, deletions, templates and webhooks of running clusters."""

from errors.model import Actor, Code

ETCD_UNHEALTHY = Code(
    5100,
    "EtcdUnhealthy",
    "The etcd of a cluster is not healthy.",
    "Members don't answer or have no majority; while that is so, machines of the control plane are "
    "neither replaced nor upgraded.",
    "Look at the machine that the reason names, then at the log of its etcd pod. When the majority "
    "is lost for good, restore a backup.",
    "EtcdClusterHealthy is False (NotHealthy)",
    actor=Actor.PLATFORM,
)

ETCD_ALARM = Code(
    5101,
    "EtcdAlarm",
    "A member of etcd raises an alarm.",
    "NOSPACE: its database reached its quota and takes no more writes. CORRUPT: its data differs "
    "from that of the other members.",
    "NOSPACE: compact and defragment (`etcdctl compact`, `etcdctl defrag`), then `etcdctl alarm "
    "disarm`, and delete what fills it, most often events or Secrets of releases. CORRUPT: delete "
    "the Machine, another member takes its place.",
    "Etcd reports alarms: NOSPACE",
    actor=Actor.USER,
)

ETCD_MEMBER_UNHEALTHY = Code(
    5102,
    "EtcdMemberUnhealthy",
    "A member of etcd is not part of the cluster as it should be.",
    "The machine's etcd was removed from the member list, or it is a learner that does not catch "
    "up.",
    "Wait for a learner; delete the Machine of a member that is not in the list: another one takes "
    "its place.",
    "Etcd doesn't have an etcd member for Node shop-x",
    actor=Actor.PLATFORM,
)

ETCD_MEMBER_WITHOUT_MACHINE = Code(
    5103,
    "EtcdMemberWithoutMachine",
    "etcd has a member that belongs to no machine.",
    "A machine went without its member being removed; the member counts for the majority, so that "
    "one more failure can stop the cluster.",
    "Remove it: `etcdctl member list`, then `etcdctl member remove ID`, from the etcd pod of a "
    "healthy control-plane machine.",
    "Etcd member shop-old does not have a corresponding Machine",
    actor=Actor.PLATFORM,
)

CONTROL_PLANE_POD_FAILED = Code(
    5104,
    "ControlPlanePodFailed",
    "A component of the control plane does not run on a machine.",
    "It ends after its start (CrashLoopBackOff) or its image can't be pulled: most often an "
    "argument that the release does not know, or a registry mirror without the image.",
    "Read its log with `kubectl logs -n kube-system POD --previous`; correct the arguments or the "
    "mirror in the stack file and run `./caas up STACK`.",
    "APIServerPodHealthy is False (Failed): CrashLoopBackOff",
    actor=Actor.USER,
)

CONTROL_PLANE_POD_MISSING = Code(
    5105,
    "ControlPlanePodMissing",
    "A component of the control plane is missing on a machine.",
    "Its manifest in /etc/kubernetes/manifests was moved or is broken, or the kubelet can't make "
    "the pod.",
    "Look at the kubelet's log on the machine, or delete the Machine: another one takes its place.",
    "SchedulerPodHealthy is False (DoesNotExist): Pod does not exist",
    actor=Actor.PLATFORM,
)

COMPONENTS_UNHEALTHY = Code(
    5106,
    "ControlPlaneComponentsUnhealthy",
    "The components of a control plane are not healthy.",
    "A machine of the control plane is not healthy, or a node has the control plane's label and "
    "belongs to no machine.",
    "Look at what the reason names; delete a node that belongs to no machine with `kubectl delete "
    "node NAME` in the cluster.",
    "Control plane Node shop-x does not have a corresponding Machine",
    actor=Actor.PLATFORM,
)

CLUSTER_CERTIFICATES_MISSING = Code(
    5107,
    "ClusterCertificatesMissing",
    "The Secrets with a cluster's certificate authorities are not all there.",
    "`CLUSTER-ca`, `-etcd`, `-proxy` or `-sa` was deleted on the management cluster. Machines run "
    "on; none can join any more, and no kubeconfig is renewed.",
    "Bring the Secret back from a backup: `./caas management restore`, or from /etc/kubernetes/pki "
    "of a control-plane machine. A new authority would lock every node out.",
    "kubectl delete secret shop-sa",
    actor=Actor.PLATFORM,
)

CERTIFICATES_EXPIRED = Code(
    5108,
    "CertificatesExpired",
    "The certificates of a control-plane machine have expired.",
    "kubeadm's certificates are valid for a year, and nothing replaced the machine since. Its API "
    "server takes no more requests.",
    "Run `kubeadm certs renew all` on the machine and restart its control-plane pods, then replace "
    "it: upgrade the cluster, or set `rollout.after` of its control plane to the present time.",
    'machine.cluster.x-k8s.io/certificates-expiry: "2026-01-01T00:00:00Z"',
    actor=Actor.PLATFORM,
)

DRAIN_BLOCKED_BY_BUDGET = Code(
    5120,
    "DrainBlockedByBudget",
    "A machine can't be drained, because a PodDisruptionBudget allows no eviction.",
    "The budget needs as many healthy pods as there are, or its pods are not healthy. The upgrade, "
    "the scale-down or the repair of the machine waits for it without end.",
    "Give the workload one replica more or its budget `maxUnavailable: 1`, or repair its pods. "
    "`nodeDrainTimeout` in the stack file ends such waits.",
    "cannot evict pod as it would violate the pod's disruption budget.",
    actor=Actor.USER,
)

DRAIN_STUCK = Code(
    5121,
    "DrainStuck",
    "A machine can't be drained.",
    "Pods don't end, because a finalizer or a long grace period holds them, an eviction is refused "
    "by a webhook, or the API server of the cluster does not answer.",
    "Look at the pods that the reason names. `nodeDrainTimeout` in the stack file ends such waits.",
    "Pod shop/web-0: deletionTimestamp set, but still not removed from the Node",
    actor=Actor.USER,
)

VOLUMES_NOT_DETACHED = Code(
    5122,
    "VolumesNotDetached",
    "A machine can't go, because volumes are still attached to it.",
    "The storage driver does not detach them: it is not running, or has lost its permission.",
    "Look at `kubectl get volumeattachments` and at the log of the storage driver in the cluster. "
    "`nodeVolumeDetachTimeout` in the stack file ends such waits.",
    "Waiting for Node volumes to be detached",
    actor=Actor.PLATFORM,
)

DELETION_HOOK_HELD = Code(
    5123,
    "DeletionHookHeld",
    "A machine can't go, because a deletion hook is on it.",
    "An annotation `pre-drain.delete.hook…` or `pre-terminate.delete.hook…` says that something "
    "has to be done before; who put it there has not removed it.",
    "Finish what the hook stands for, then remove it: `kubectl annotate machine NAME HOOK-`.",
    "Waiting for pre-drain hooks to succeed (hooks: backup)",
    actor=Actor.USER,
)

FOREIGN_FINALIZER = Code(
    5124,
    "ForeignFinalizer",
    "An object is kept by a finalizer that neither Cluster API nor its providers remove.",
    "Someone, or a program that is not installed any more, put the finalizer there.",
    "Do what the finalizer stands for, then remove it with `kubectl edit`.",
    "A DevMachine with the finalizer example.com/keep, after ./caas destroy",
    actor=Actor.USER,
)

WEBHOOK_REFUSED = Code(
    5130,
    "WebhookRefused",
    "An admission webhook refuses an object of a cluster.",
    "What the stack file and the class make together breaks a rule of Cluster API, of the provider "
    "or of a policy on the management cluster; the reason is the webhook's.",
    "Correct what the reason names in the stack file or in the class, then run `./caas up STACK`.",
    "controlPlane: { replicas: 2 }, with etcd on its machines",
    actor=Actor.USER,
)

WEBHOOK_UNREACHABLE = Code(
    5131,
    "WebhookUnreachable",
    "An admission webhook of the management cluster does not answer.",
    "Its controller is down or starting, its certificate has expired, or a policy engine was "
    "removed without its webhook configuration. No object of its kinds can be written.",
    "Look at the pods of the controller that the reason names; delete the configuration of one "
    "that was removed: `kubectl get validatingwebhookconfigurations`.",
    'failed calling webhook "validation.example.com"',
    actor=Actor.PLATFORM,
)

TEMPLATE_DELETED = Code(
    5132,
    "TemplateDeleted",
    "A template that machines are made from was deleted.",
    "Someone deleted the copy of a template that a control plane or a pool refers to. Its machines "
    "run on; none can be added or replaced.",
    "Bring the object back from a backup (`./caas management restore`), or delete the pool's "
    "MachineDeployment: Cluster API makes pool and template anew, with new machines.",
    "kubectl delete devmachinetemplate shop-general-x",
    actor=Actor.PLATFORM,
)

LIFECYCLE_HOOK_BLOCKS = Code(
    5133,
    "LifecycleHookBlocks",
    "A runtime extension holds back the upgrade or the change of a cluster.",
    "The extension answers a lifecycle hook with `retryAfterSeconds`: it wants something done "
    "first, or it is broken.",
    "Look at the extension that the reason names: its log, and its ExtensionConfig.",
    "Following hooks are blocking upgrade: BeforeClusterUpgrade: waiting for a backup",
    actor=Actor.PLATFORM,
)
