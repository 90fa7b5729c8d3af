"""Codes 5xxx: running clusters."""

from errors.model import Actor, Code

PROCESS_NOT_RUNNING = Code(
    5001,
    "ProcessNotRunning",
    "A process of the management plane does not run.",
    "It was killed, ran out of memory, or ended because of an error that its log names. What the "
    "cluster objects say is as old as its end, so nothing else is judged.",
    "Run `./caas setup STACK` to start what is missing; the log says why it ended.",
    "kill -9 of the plane's `core-manager`, then ./caas diagnose",
    actor=Actor.PLATFORM,
)

CLUSTER_CLASS_MISSING = Code(
    5010,
    "ClusterClassMissing",
    "A cluster is made of a ClusterClass that does not exist.",
    "The class was deleted or never applied, or the cluster names another one or another "
    "namespace.",
    "Run `./caas up STACK`: it applies the class before the clusters. Of a cluster that is not in "
    "the stack file, correct `spec.topology.classRef`.",
    "A Cluster with `spec.topology.classRef.name: absent`.",
    actor=Actor.USER,
)

CLUSTER_CLASS_NOT_RECONCILED = Code(
    5011,
    "ClusterClassNotReconciled",
    "The ClusterClass of a cluster is not usable.",
    "A template that the class refers to does not exist, or Cluster API has not looked at the "
    "class since it was changed.",
    "Run `./caas up STACK`: it applies the class with its templates. The log of core-manager "
    "names the template that is missing.",
    "A class whose worker infrastructure is a DevMachineTemplate that was deleted.",
    actor=Actor.USER,
)

TOPOLOGY_FAILED = Code(
    5012,
    "TopologyFailed",
    "Cluster API can't work out or apply what the cluster is made of.",
    "A patch of the class does not fit its template or the value of a variable, a template is "
    "gone, or an admission webhook refuses an object; the reason is Cluster API's.",
    "Correct what the reason names in the stack file or in the class, then run `./caas up STACK`.",
    "A patch that replaces a field which the KubeadmControlPlaneTemplate does not have.",
    actor=Actor.USER,
)

PAUSED = Code(
    5013,
    "Paused",
    "Nothing reconciles an object, because it is paused.",
    "The cluster has `paused: true`, or the object has the annotation `cluster.x-k8s.io/paused`: "
    "someone wants no change now, or a `clusterctl move` was interrupted. Machines that fail "
    "meanwhile are not replaced.",
    "Set `paused: false` in the stack file and run `./caas up STACK`; remove the annotation with "
    "`kubectl annotate OBJECT cluster.x-k8s.io/paused-`.",
    "paused: true",
    actor=Actor.USER,
)

UPGRADE_HELD = Code(
    5014,
    "UpgradeHeld",
    "The upgrade of a worker pool is held back by an annotation.",
    "`topology.cluster.x-k8s.io/defer-upgrade` or `hold-upgrade-sequence` is on the pool. Until it "
    "is gone the pool runs the old release, and no machine can join it, because kubeadm joins "
    "only at the control plane's minor.",
    "Remove the annotation from the pool in the stack file and run `./caas up STACK`.",
    'annotations: { topology.cluster.x-k8s.io/defer-upgrade: "" }',
    actor=Actor.USER,
)

WORKLOAD_UNREACHABLE = Code(
    5015,
    "WorkloadUnreachable",
    "Cluster API can't reach the API server of a cluster.",
    "Every control-plane machine is down, or the load balancer, the network or a firewall between "
    "the management cluster and the cluster is. What is said about its nodes is old.",
    "Try `kubectl get --raw /readyz` with the kubeconfig of `./caas kubeconfig CLUSTER`, from "
    "where Cluster API runs; then look at the load balancer and at the control-plane machines.",
    "The in-memory provider is stopped: kill -STOP",
    actor=Actor.PLATFORM,
)

CHANGE_UNFINISHED = Code(
    5016,
    "ChangeUnfinished",
    "A rollout or a change of scale does not come to its end.",
    "No machine reports a problem, so something is waited for: a pool with `OnDelete` waits for "
    "its machines to be deleted, others for a `rollout.after`, or for room.",
    "Look at what the reason waits for. Delete the old machines of an `OnDelete` pool with "
    "`kubectl delete machine NAME`, one at a time.",
    "An upgrade of a pool whose rollout strategy is OnDelete.",
    actor=Actor.USER,
)

CLUSTER_NOT_AVAILABLE = Code(
    5017,
    "ClusterNotAvailable",
    "A cluster is not available, and none of its machines explains it.",
    "A condition that availability depends on is not true: an availability gate that nobody "
    "reports, the infrastructure of the cluster itself, or etcd.",
    "Look at the condition that the reason names, and at the component that reports it.",
    "availabilityGates: [{conditionType: SmokeTest}], and nothing that sets it",
    actor=Actor.PLATFORM,
)

CONTROL_PLANE_NOT_INITIALIZED = Code(
    5020,
    "ControlPlaneNotInitialized",
    "The first control-plane machine is there, but its API server never answered.",
    "kubeadm init failed or hangs on the machine, its image lacks kubeadm or the container "
    "runtime, or the cluster's endpoint does not lead to it. No other machine can join before.",
    "Read the machine's console or /var/log/cloud-init-output.log, and check that the endpoint "
    "of the cluster leads to port 6443 of the machine.",
    "A simulated API server that takes an hour to start.",
    actor=Actor.PLATFORM,
)

SCALING_BLOCKED = Code(
    5021,
    "ScalingBlocked",
    "Machines can't be added or removed, because a check before it fails.",
    "The control plane is being upgraded or is unhealthy, or the pool's release differs from the "
    "control plane's; kubeadm joins only machines of the same minor.",
    "Get the control plane to its end first: the other problems of this cluster say what holds "
    "it up. Upgrade the pool to the release of the control plane.",
    "kubectl scale machinedeployment, while the control plane is being upgraded",
    actor=Actor.USER,
)

MACHINE_WAITS_FOR_BOOTSTRAP = Code(
    5030,
    "MachineWaitsForBootstrap",
    "A machine has no bootstrap data, so it is not even created.",
    "The bootstrap provider can't write the machine's kubeadm configuration; most often a Secret "
    "that a file of it comes from does not exist.",
    "Make what the reason names, then the machine goes on by itself.",
    "files: [{path: /etc/x, contentFrom: {secret: {name: absent, key: x}}}]",
    actor=Actor.USER,
)

MACHINE_WAITS_FOR_INFRASTRUCTURE = Code(
    5031,
    "MachineWaitsForInfrastructure",
    "The infrastructure does not give a machine.",
    "The quota is used up, the flavour, image or zone does not exist or has no capacity, the "
    "credentials are refused, or it is slow.",
    "Read the conditions of the infrastructure object that the chain ends with, and the "
    "infrastructure's own console for the machine of that name.",
    "caas:infrastructure: { provider: in-memory, machineStartup: 1h }",
    actor=Actor.PLATFORM,
)

INFRASTRUCTURE_DELETED = Code(
    5032,
    "InfrastructureDeleted",
    "The infrastructure of a machine was deleted under it.",
    "Someone deleted the infrastructure object, or the machine in the infrastructure's console; "
    "Cluster API never makes a new one for the same Machine.",
    "Delete the Machine (`kubectl delete machine NAME`): its owner makes a new one. Of a control "
    "plane with one machine everything in etcd is lost; restore a backup.",
    "kubectl delete devmachine NAME",
    actor=Actor.PLATFORM,
)

NODE_NEVER_JOINED = Code(
    5033,
    "NodeNeverJoined",
    "A machine runs, but its node never joined the cluster.",
    "kubeadm join failed on the machine: it does not reach the API server, its image has another "
    "release or no container runtime, or the cloud provider set no matching provider ID.",
    "Read the machine's console or /var/log/cloud-init-output.log; give slow machines a longer "
    "`healthCheck.nodeStartupTimeout`.",
    "A simulated node that takes an hour to join, with nodeStartupTimeout: 30s",
    actor=Actor.PLATFORM,
)

NODE_NOT_HEALTHY = Code(
    5034,
    "NodeNotHealthy",
    "The node of a machine is not healthy.",
    "The kubelet stopped posting, the network plugin is not ready, the disk or the memory is "
    "full, or the node object was deleted.",
    "Look at `kubectl describe node NAME` in the cluster. A health check replaces the machine by "
    "itself; by hand, delete the Machine.",
    "A node whose condition Ready is False.",
    actor=Actor.PLATFORM,
)

REMEDIATION_BLOCKED = Code(
    5040,
    "RemediationBlocked",
    "Unhealthy machines are not replaced, because too many are unhealthy at once.",
    "More machines than `healthCheck.unhealthyLessThanOrEqualTo` are unhealthy or not started. "
    "That many at once is rarely the machines' fault: look for a network or a zone that is down.",
    "Repair what the machines have in common. Only when the machines themselves are broken, raise "
    "`unhealthyLessThanOrEqualTo` and run `./caas up STACK`.",
    "unhealthyLessThanOrEqualTo: 0",
    actor=Actor.PLATFORM,
)

REMEDIATION_DEFERRED = Code(
    5041,
    "RemediationDeferred",
    "An unhealthy machine is not replaced, because its owner may not do it now.",
    "A control plane of one machine can't be replaced without losing etcd, replacing one more "
    "would lose etcd's majority, or `maxInFlight` machines are being replaced already.",
    "Repair the machine itself, or wait for the replacements that run. Run control planes of "
    "three machines or more.",
    "The only control-plane machine of a cluster is unhealthy.",
    actor=Actor.PLATFORM,
)

REMEDIATION_UNDER_WAY = Code(
    5042,
    "RemediationUnderWay",
    "The replacement of an unhealthy machine does not come to its end.",
    "The old machine must be gone first: its drain waits for a PodDisruptionBudget or a volume, "
    "or a deletion hook is on it.",
    "Look at the stage that the reason names: loosen the PodDisruptionBudget, or finish what the "
    "hook stands for and remove its annotation.",
    "A machine with a pre-drain hook becomes unhealthy.",
    actor=Actor.USER,
)

DELETION_STUCK = Code(
    5050,
    "DeletionStuck",
    "An object is being deleted and does not go.",
    "A finalizer is held by a controller that is gone or can't do its work, a drain waits for a "
    "PodDisruptionBudget, or a deletion hook is on the machine.",
    "Do what the reason waits for. Remove a finalizer by hand only when you know that nothing is "
    "left behind that costs money.",
    "A DevMachine with the finalizer example.com/keep, after ./caas destroy",
    actor=Actor.PLATFORM,
)

CERTIFICATES_EXPIRE = Code(
    5060,
    "CertificatesExpire",
    "The certificates of a control-plane machine expire soon.",
    "kubeadm's certificates are valid for a year, and nothing replaced the machine since.",
    "Replace the control-plane machines: upgrade the cluster, or set "
    "`spec.topology.controlPlane.rollout.after` of the Cluster to the present time with "
    "`kubectl edit cluster NAME`; they are replaced one at a time.",
    'machine.cluster.x-k8s.io/certificates-expiry: "2026-12-01T00:00:00Z"',
    actor=Actor.PLATFORM,
)
