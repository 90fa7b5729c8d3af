"""Codes 1050-1099: rules between the values of a stack file."""

from errors.model import Code

# ---- clusters, pools and machines ---------------------------------------------------------------

DUPLICATE_CLUSTER = Code(
    1050,
    "DuplicateCluster",
    "two clusters have the same name",
    "A cluster's name names its objects in Kubernetes, so it is unique in a stack.",
    "Rename one of them.",
    "clusters: [{name: shop, ...}, {name: shop, ...}]",
)
DUPLICATE_POOL = Code(
    1051,
    "DuplicatePool",
    "two worker pools of a cluster have the same name",
    "A pool's name names its machines, so it is unique in a cluster.",
    "Rename one of them.",
    "workerPools: [{name: general}, {name: general}]",
)
EVEN_CONTROL_PLANE = Code(
    1052,
    "EvenControlPlane",
    "a control plane has an even number of machines",
    "etcd works while more than half of its members do: four machines survive the loss of one, "
    "as three do, and there is one more that can fail.",
    "Use 1, 3, 5 or 7.",
    "controlPlane: {replicas: 4}",
)
NO_ROLLING_ROOM = Code(
    1053,
    "NoRollingRoom",
    "a pool may be neither larger nor smaller while it is replaced",
    "With both maxSurge and maxUnavailable at zero no machine can be replaced, ever.",
    "Let one of the two be at least 1.",
    "{maxSurge: 0, maxUnavailable: 0}",
)
DUPLICATE_TAINT = Code(
    1054,
    "DuplicateTaint",
    "a taint is written twice",
    "Kubernetes keeps one taint per key and effect.",
    "Remove one of them.",
    "taints: [{key: a, effect: NoSchedule}, {key: a, effect: NoSchedule, value: b}]",
)
RESERVED_TAINT = Code(
    1055,
    "ReservedTaint",
    "a taint belongs to Kubernetes or Cluster API",
    "Keys below node.kubernetes.io and node.cloudprovider.kubernetes.io, Cluster API's own taints "
    "and the retired node-role.kubernetes.io/master are set and removed by controllers. "
    "Workers do not carry the control-plane taint.",
    "Use a key of your own, such as `example.com/dedicated`.",
    "taints: [{key: node.kubernetes.io/unreachable, effect: NoExecute}]",
)
RESERVED_LABEL = Code(
    1056,
    "ReservedLabel",
    "a label belongs to Kubernetes or Cluster API",
    "Labels below kubernetes.io, k8s.io and cluster.x-k8s.io are set by Kubernetes and Cluster "
    "API. Machines may carry node-role.kubernetes.io, node-restriction.kubernetes.io and "
    "node.cluster.x-k8s.io, clusters app.kubernetes.io.",
    "Use a key of your own, such as `tier` or `example.com/tier`.",
    "labels: {cluster.x-k8s.io/cluster-name: shop}",
)
OWNED_ARGUMENT = Code(
    1057,
    "OwnedArgument",
    "an extra argument is set by kubeadm or caas",
    "Certificates, addresses, ranges and kubeconfigs fit together because one program writes "
    "them. Another value breaks the cluster or is overwritten.",
    "Remove the argument; where a field of the stack file sets it, use that.",
    "extraArgs: [{name: etcd-servers, value: 'http://10.0.0.1:2379'}]",
)
INSECURE_ARGUMENT = Code(
    1058,
    "InsecureArgument",
    "an extra argument makes the cluster insecure",
    "It switches off authentication, authorization or encryption of a component.",
    "Remove the argument.",
    "extraArgs: [{name: authorization-mode, value: AlwaysAllow}]",
)
DUPLICATE_ARGUMENT = Code(
    1059,
    "DuplicateArgument",
    "an extra argument is written twice",
    "Cluster API accepts each argument of a component once.",
    "Join the values as the component expects, often with commas.",
    "extraArgs: [{name: v, value: '2'}, {name: v, value: '4'}]",
)

# ---- releases -----------------------------------------------------------------------------------

UNKNOWN_RELEASE = Code(
    1060,
    "UnknownRelease",
    "a Kubernetes release is not in the catalog",
    "Clusters run only releases that this version of caas knows and was tested with.",
    "Use a release of the catalog.",
    "version: 1.36.99",
)
RELEASE_NOT_LISTED = Code(
    1061,
    "ReleaseNotListed",
    "a cluster's release is not among kubernetesVersions",
    "When `kubernetesVersions` is given, it lists every release that this stack's clusters may "
    "run and upgrade through.",
    "Add the release to `kubernetesVersions`, or use a listed one.",
    "kubernetesVersions: [1.36.3] and version: 1.35.4",
)
RELEASES_OUT_OF_ORDER = Code(
    1062,
    "ReleasesOutOfOrder",
    "kubernetesVersions is not ordered from old to new",
    "Cluster API walks the list in its order when it upgrades; each release stands there once.",
    "Sort the list.",
    "kubernetesVersions: [1.36.3, 1.35.4]",
)
RELEASE_GAP = Code(
    1063,
    "ReleaseGap",
    "kubernetesVersions leaves out a minor release",
    "Kubernetes is upgraded one minor at a time, so the list needs one release of every minor "
    "between its first and its last.",
    "Add a release of the minor that is missing.",
    "kubernetesVersions: [1.35.4, 1.37.2]",
)

# ---- networks -----------------------------------------------------------------------------------

RANGES_OVERLAP = Code(
    1070,
    "RangesOverlap",
    "two address ranges of a cluster overlap",
    "Pods, services and machines need different addresses, or packets go astray.",
    "Choose ranges that do not overlap.",
    "network: {pods: [10.128.0.0/16], services: [10.128.0.0/12]}",
)
ROUTED_RANGES_OVERLAP = Code(
    1071,
    "RoutedRangesOverlap",
    "address ranges of two routed clusters overlap",
    "With `routed: true` pods are reached from other clusters at their own addresses, so a "
    "cluster's pods must not share addresses with anything of another routed cluster. Machine "
    "ranges are either the same network or apart.",
    "Give each routed cluster its own ranges, or remove `routed`.",
    "two clusters with routed: true and pods: [192.168.0.0/16]",
)
POD_RANGE_TOO_SMALL = Code(
    1072,
    "PodRangeTooSmall",
    "the pod range has no room for every machine",
    "Each machine takes a block of the pod range, a /24 (IPv6: a /64) unless the controller "
    "manager's node-cidr-mask-size says otherwise. Machines that a rollout adds count too.",
    "Use a larger range; it cannot be changed later.",
    "pods: [10.0.0.0/22] with 5 machines",
)
POD_RANGE_TOO_LARGE = Code(
    1073,
    "PodRangeTooLarge",
    "the pod range is too large for the block of each machine",
    "Kubernetes refuses a range that is more than 65,536 times the block of one machine.",
    "Use a smaller range: with the usual blocks at most a /8, for IPv6 a /48.",
    "pods: ['fd00::/40']",
)
SERVICE_RANGE_TOO_LARGE = Code(
    1074,
    "ServiceRangeTooLarge",
    "the service range is too large",
    "The API server keeps a bitmap of the range and refuses more than 2^20 addresses.",
    "Use a /12 or smaller, for IPv6 a /108 or smaller.",
    "services: [10.0.0.0/8]",
)
SERVICE_RANGE_TOO_SMALL = Code(
    1075,
    "ServiceRangeTooSmall",
    "the service range is too small",
    "kubeadm needs at least ten addresses: the API takes the first, DNS the tenth.",
    "Use a /28 or larger, for IPv6 a /124 or larger.",
    "services: [10.96.0.0/30]",
)
FAMILIES_DIFFER = Code(
    1076,
    "FamiliesDiffer",
    "pods and services differ in IPv4 and IPv6",
    "A service reaches its pods in its own address family, and the first range of each decides "
    "the primary family.",
    "Give pods and services ranges of the same families, in the same order.",
    "network: {pods: ['fd00::/48'], services: [10.128.0.0/12]}",
)
TOO_MANY_RANGES = Code(
    1077,
    "TooManyRanges",
    "more than one range of a family",
    "Kubernetes takes one range for pods and one for services, or one of each family.",
    "Keep one IPv4 and one IPv6 range at most; a larger range replaces two small ones.",
    "pods: [10.1.0.0/16, 10.2.0.0/16]",
)

# ---- upgrades, known only when the running version is ------------------------------------------

DOWNGRADE = Code(
    1090,
    "Downgrade",
    "a cluster's version is older than what it runs",
    "Kubernetes cannot be downgraded: etcd may already hold objects in newer formats.",
    "Write the version that runs, or a newer one.",
    "version: 1.35.4 on a cluster that runs 1.36.3",
)
SKIPPED_MINOR = Code(
    1091,
    "SkippedMinor",
    "an upgrade would skip a minor release",
    "Kubernetes is upgraded one minor at a time, and no release of the minor in between is "
    "available to this stack.",
    "Add a release of the minor to `kubernetesVersions`, or upgrade to a nearer one first.",
    "1.35.4 to 1.37.2 with kubernetesVersions: [1.35.4, 1.37.2]",
)
NETWORK_CHANGED = Code(
    1092,
    "NetworkChanged",
    "the address ranges of a running cluster are changed",
    "Pods and services keep the addresses that they were given: Cluster API, kubeadm and the "
    "network plug-in set the ranges once, when the cluster is made.",
    "Write the ranges that the cluster was made with; for others make a new cluster and move the "
    "workloads.",
    "network: {pods: [10.0.0.0/16]} on a cluster that was made with 192.168.0.0/16",
)
