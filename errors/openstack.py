"""Codes 112x and 113x: stacks on OpenStack."""

from errors.model import Code

NO_EXTERNAL_NETWORK = Code(
    1120,
    "NoExternalNetwork",
    "The stack names no external network, and needs one.",
    "A router that is made needs a way out, so that machines can fetch images, and a public API "
    "needs a floating IP of it.",
    "Add `externalNetwork: { name: ... }`; `openstack network list --external` shows what there "
    "is.",
    "provider: openstack, network: { cidr: 10.6.0.0/20 }",
)

PROJECT_NETWORK_TOO_SMALL = Code(
    1121,
    "ProjectNetworkTooSmall",
    "The network has too few addresses for the machines of the stack.",
    "Every machine, every load balancer and Neutron itself take addresses; a rollout and an "
    "autoscaler take more. A subnet cannot grow later.",
    "Choose a larger `network.cidr`.",
    "network: { cidr: 10.6.0.0/28 } with two clusters",
)

PROJECT_NETWORK_OVERLAPS = Code(
    1122,
    "ProjectNetworkOverlaps",
    "The network overlaps the pods or services of a cluster.",
    "A machine could not tell whether an address is a machine's or a pod's.",
    "Choose another `network.cidr`, or other ranges below the cluster's `network`.",
    "network: { cidr: 192.168.0.0/20 } beside pods of 192.168.0.0/16",
)

ONE_NOVA_ZONE = Code(
    1123,
    "OneNovaZone",
    "Several control-plane machines would stand in the only zone that is named.",
    "etcd keeps its majority when a zone fails only if the zone holds a minority of its machines.",
    "Name three zones, or none: then all zones of the cloud are used.",
    "zones: [nova] with three control-plane machines",
)

OPENSTACK_CREDENTIALS_MISSING = Code(
    1124,
    "OpenStackCredentialsMissing",
    "Clusters would have no credentials for OpenStack.",
    "Either both Secrets are named below `credentials`, or the foundation makes an application "
    "credential and must know the address of Keystone.",
    "Name `credentials.secret` and `credentials.cloudConfig`, or set `authUrl` and leave "
    "`credentials` out.",
    "credentials: { secret: openstack } without cloudConfig",
)

OPENSTACK_HAS_NO_SPOT = Code(
    1125,
    "OpenStackHasNoSpot",
    "OpenStack has no spot machines.",
    "Nova knows none that it takes back at any time; a machine is there until it is deleted.",
    "Remove `spot` and `spotMaxPrice`.",
    "machine: { spot: true }",
)

OPENSTACK_API_OPEN = Code(
    1126,
    "OpenStackApiOpen",
    "A public Kubernetes API would be open to everybody.",
    "Octavia lets everybody in where the list of allowed addresses is empty.",
    "Name the ranges of those who need it below `endpoint.allowed`.",
    "endpoint: { public: true }",
)

NEITHER_OR_BOTH = Code(
    1127,
    "NeitherOrBoth",
    "A reference says nothing, or two things.",
    "Something is found by its id, or by its name and tags; a key is given as text, or by name; a "
    "network is made, or there.",
    "Keep one of the two.",
    "externalNetwork: { id: 1f2e..., name: public }",
)

QUOTA_TOO_SMALL = Code(
    1128,
    "QuotaTooSmall",
    "A quota of the OpenStack project is too small for the stack.",
    "The project's quotas were read before anything was made; a machine that exceeds one would "
    "never come. Counted is what the stack has while every cluster rolls out.",
    "Ask for a larger quota, or make the stack smaller; `quotaChecks: false` leaves it to luck.",
    "The project may have 10 machines in one server group, and the stack needs 12.",
)

IMAGE_WITHOUT_VERSION = Code(
    1129,
    "ImageWithoutVersion",
    "The name pattern of images names no Kubernetes version.",
    "Every version of Kubernetes has an image of its own; an upgrade changes the image.",
    "Write `{version}` where the version is, such as `ubuntu-2404-kube-v{version}`; one image for "
    "one group goes below its `machine.image`.",
    "images: ubuntu-2404",
)

NO_ACCESS_LIST = Code(
    1130,
    "NoAccessList",
    "OVN's load balancers cannot limit who reaches the Kubernetes API.",
    "Cluster API's provider ignores the list with Octavia's OVN driver: the API would be open to "
    "all who reach its address.",
    "Use `loadBalancer: { provider: amphora }`, or an API that is not public and has no list.",
    "loadBalancer: { provider: ovn } with endpoint: { public: true, allowed: [198.51.100.0/24] }",
)
