"""Codes 1210-1249: networks of pods, and addresses of Services of `type: LoadBalancer`."""

from errors.model import Code

# ---- addresses of pods ---------------------------------------------------------------------------

POOL_OUTSIDE_PODS = Code(
    1210,
    "PoolOutsidePods",
    "an address pool of pods is not inside the cluster's pod ranges",
    "Kubernetes knows the addresses of pods from `network.pods`: kube-proxy, NAT and the rules "
    "about overlaps go by it. A pod with another address would not be taken for one.",
    "Choose a part of a range of `network.pods`, or leave `pools` out to use all of it.",
    "addons: {calico: {pools: [{cidr: 10.9.0.0/16}]}} with pods 192.168.0.0/16",
)
POOLS_OVERLAP = Code(
    1211,
    "PoolsOverlap",
    "two address pools of a cluster overlap",
    "An address in two pools would be given away twice, or pools would be refused in the cluster.",
    "Make the ranges disjoint.",
    "pools: [{addresses: [10.0.0.0/28]}, {addresses: [10.0.0.8-10.0.0.9]}]",
)
POD_POOLS_TOO_SMALL = Code(
    1212,
    "PodPoolsTooSmall",
    "the pod addresses have fewer blocks than the cluster may have machines",
    "The network plug-in gives each machine a block of its own, and a rollout adds machines. A "
    "machine without a block starts no pods.",
    "Use a larger range, or smaller blocks; neither can be changed later.",
    "addons: {calico: {pools: [{cidr: 192.168.0.0/26}]}} with three machines",
)
BAD_BLOCK_SIZE = Code(
    1213,
    "BadBlockSize",
    "a block of pod addresses has a size that the network plug-in does not take",
    "Calico takes blocks of /20 to /32, of IPv6 /116 to /128. No block is larger than its range.",
    "Write a number of network bits in that range, such as 26.",
    "addons: {calico: {pools: [{cidr: 192.168.0.0/24, blockSize: 22}]}}",
)
FAMILY_WITHOUT_POOL = Code(
    1214,
    "FamilyWithoutPool",
    "no address pool of pods for a family of the cluster",
    "A cluster with IPv4 and IPv6 gives every pod an address of both; without a pool of one family"
    " no pod starts.",
    "Add a pool of that family.",
    "addons: {calico: {pools: [{cidr: 192.168.0.0/16}]}} in a cluster with IPv4 and IPv6",
)

# ---- how a network plug-in works -----------------------------------------------------------------

NETWORK_OPTION_NEEDS = Code(
    1215,
    "NetworkOptionNeeds",
    "an option of a network plug-in does not work without another",
    "The plug-in's pods would refuse to start, or ignore the option without a word.",
    "Set the other option too, or remove this one.",
    "addons: {calico: {pools: [{cidr: 192.168.0.0/16, encapsulation: None}]}} without `bgp`",
)
KUBE_PROXY_MISSING = Code(
    1216,
    "KubeProxyMissing",
    "the cluster has no kube-proxy, and its network plug-in does not take its place",
    "Without either of them no Service is reached, not even the Kubernetes API from pods.",
    "Use Cilium, or remove `network.kubeProxy`.",
    "network: {kubeProxy: false} with Calico",
)
POLICIES_NOT_ENFORCED = Code(
    1217,
    "PoliciesNotEnforced",
    "NetworkPolicies are written that nothing enforces",
    "Kubernetes stores NetworkPolicies and leaves it to the network plug-in to hold them; one that"
    " does not lets everything through.",
    "Use Calico or Cilium, or set `networkPolicies: true` of `flannel`.",
    "addons: {flannel: {}, networkPolicies: {namespaces: [shop]}}",
)
PROTECTED_NAMESPACE = Code(
    1218,
    "ProtectedNamespace",
    "everything would be denied in a namespace that the cluster itself lives in",
    "DNS, the network plug-in and the cloud's controllers are there; cut off from each other they "
    "take the cluster down.",
    "Remove the namespace; write policies of your own for it.",
    "addons: {networkPolicies: {namespaces: [kube-system]}}",
)
KUBE_PROXY_CHANGED = Code(
    1219,
    "KubeProxyChanged",
    "kube-proxy would come to a running cluster, or leave it",
    "kubeadm installs kube-proxy when the first machine is made, and never again: the file would "
    "say one thing and the cluster do the other.",
    "Write what the cluster was made with. docs/network.md tells how to take kube-proxy away by "
    "hand, and how to move to a new cluster.",
    "network: {kubeProxy: false} for a cluster that was made with kube-proxy",
)

# ---- addresses of Services -----------------------------------------------------------------------

BAD_ADDRESS_RANGE = Code(
    1220,
    "BadAddressRange",
    "not a range of addresses",
    "A range is written in CIDR notation, or as its first and last address.",
    "Write a range such as `10.0.0.240/28` or `10.0.0.240-10.0.0.250`.",
    "addresses: [10.0.0.250-10.0.0.240]",
)
LOAD_BALANCER_OWNED = Code(
    1221,
    "LoadBalancerOwned",
    "the cloud's controller already gives Services their load balancers",
    "On this infrastructure its controller answers every Service of `type: LoadBalancer` that "
    "names no class. A second one would give such a Service another address, and both would write "
    "it.",
    "Remove the add-on and use the cloud's load balancers; or set `loadBalancerClass` of the "
    "add-on, and `spec.loadBalancerClass` of the Services that it shall have.",
    "addons: {metallb: {pools: [...]}} on AWS",
)
ADDRESSES_TAKEN = Code(
    1222,
    "AddressesTaken",
    "addresses of Services are used by something else in the cluster",
    "An address that belongs to a pod, a cluster-internal Service, a machine or the Kubernetes API"
    " and is announced as well answers sometimes here and sometimes there.",
    "Choose addresses that nobody else gives away. Addresses in the machines' network may be used "
    "when DHCP and address pools leave them out; then set `reserved: true` of the pool.",
    "addons: {metallb: {pools: [{name: a, addresses: [192.168.0.0/28]}]}} with pods 192.168.0.0/16",
)
ADDRESSES_SHARED = Code(
    1223,
    "AddressesShared",
    "the same addresses are announced twice in a network",
    "Each cluster gives away addresses without asking the other: two Services would have the same "
    "one, and packets reach either.",
    "Give each cluster addresses of its own, below `addons` of the cluster. Clusters are in "
    "networks of their own when their `network.machines` are apart and none is `routed`.",
    "addons: {metallb: {pools: [...]}} of a stack with two clusters",
)
ADDRESS_FAMILY_UNUSED = Code(
    1224,
    "AddressFamilyUnused",
    "addresses of Services are of a family that the cluster does not have",
    "A Service gets addresses of the families of `network.services` only.",
    "Remove the range, or add a range of that family to `pods` and `services`.",
    "addresses: [fd00:1::/120] in a cluster with IPv4",
)
UNKNOWN_REFERENCE = Code(
    1225,
    "UnknownReference",
    "a load balancer's setting names something that is not there",
    "Advertisements name pools and peers, peers name BFD profiles, by their names in the same "
    "add-on.",
    "Correct the name, or add what it names.",
    "bgpAdvertisements: [{name: a, peers: [rack-1]}], without such a peer",
)
DUPLICATE_NAME = Code(
    1226,
    "DuplicateName",
    "two things of an add-on have the same name",
    "They become objects of the cluster with that name; the second would replace the first.",
    "Give each its own name.",
    "pools: [{name: a, addresses: [...]}, {name: a, addresses: [...]}]",
)
BAD_BGP_PEER = Code(
    1227,
    "BadBgpPeer",
    "the settings of a BGP peer contradict each other",
    "A session has one peer, of one autonomous system, and a hold time that outlasts its "
    "keepalives.",
    "Correct the peer as the message says.",
    "peers: [{name: a, myASN: 64512, peerASN: 64512, peerAddress: 10.0.0.1, ebgpMultiHop: true}]",
)
BAD_AGGREGATION = Code(
    1228,
    "BadAggregation",
    "a BGP advertisement aggregates more than its addresses are",
    "A route for a larger network than the pool would draw traffic of others to the cluster; one "
    "for chosen Services cannot be aggregated at all.",
    "Use an aggregation length that is no shorter than the prefixes of the pool, without "
    "`serviceSelectors`.",
    "bgpAdvertisements: [{name: a, aggregationLength: 24}] of a pool 10.0.0.0/28",
)
BAD_ADDRESS = Code(
    1229,
    "BadAddress",
    "not an IP address",
    "Routers are named by their addresses: a name could not be looked up before there is a "
    "network.",
    "Write an address such as `10.0.0.1` or `fd00::1`.",
    "peers: [{name: a, myASN: 64512, peerASN: 64513, peerAddress: router.example.com}]",
)
