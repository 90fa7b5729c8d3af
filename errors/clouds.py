"""Codes 114x and 115x: what vSphere, Azure and Google Cloud refuse."""

from errors.model import Code

ENDPOINT_HOST_MISSING = Code(
    1140,
    "EndpointHostMissing",
    "A cluster does not say at which address its Kubernetes API is reached.",
    "Nothing gives out that address here: on vSphere there is no load balancer, and kube-vip "
    "holds an address of your network; in a network of your own on Azure the load balancer needs a "
    "free one of the control plane's subnet.",
    "Add `controlPlane.endpoint.host` with an unused address, outside of DHCP.",
    "controlPlane: { replicas: 3 } on vSphere",
)

ENDPOINT_NOT_OFFERED = Code(
    1141,
    "EndpointNotOffered",
    "The infrastructure cannot make the API endpoint that a cluster asks for.",
    "The provider has no such setting, or the cloud's load balancer cannot do it; it would be "
    "ignored.",
    "Change what the message names.",
    "controlPlane: { endpoint: { port: 443 } } on vSphere",
)

PUBLIC_NOT_LIMITED = Code(
    1142,
    "PublicNotLimited",
    "A public API endpoint could be reached by everybody.",
    "Google's load balancer for a public API is a proxy: the firewall sees the proxy's address "
    "and not the caller's, so `allowed` has no effect.",
    "Keep the endpoint private, or set `infrastructure.unlimitedPublicApi: true`.",
    "controlPlane: { endpoint: { public: true, allowed: [198.51.100.0/24] } } on gcp",
)

MACHINE_TYPE_UNREADABLE = Code(
    1143,
    "MachineTypeUnreadable",
    "A machine type does not say what the machine is.",
    "vSphere has no machine types; here their names say what a machine is made of.",
    "Use a size, or a name such as `4cpu-16gib`.",
    "machine: { type: m7i.large } on vSphere",
)

ARCHITECTURE_DIFFERS = Code(
    1144,
    "ArchitectureDiffers",
    "A machine type has another processor architecture than the images.",
    "A machine does not start from an image for another architecture.",
    "Use another machine type, or set `infrastructure.architecture` and an image for it.",
    "machine: { type: Standard_D4ps_v6 } with architecture: amd64",
)

ZONES_MISSING = Code(
    1145,
    "ZonesTooFew",
    "There are too few zones for what is asked.",
    "With `strict-spread` no two machines of the control plane may be lost together, so each needs "
    "a zone of its own; with one zone the loss of it is the loss of all.",
    "Add zones to `infrastructure.zones`, or use `spread`, or a single machine.",
    "zones: [europe-west1-b] and three control-plane machines",
)

PLACEMENT_NOT_OFFERED = Code(
    1146,
    "PlacementNotOffered",
    "The infrastructure cannot place machines as a cluster asks for.",
    "The Cluster API provider has no setting for it, or the infrastructure promises less.",
    "Use a placement that the message names.",
    "machine: { placement: pack } on vSphere",
)

SPOT_NOT_OFFERED = Code(
    1147,
    "SpotNotOffered",
    "The infrastructure has no spot machines of that kind.",
    "vSphere sells no machines; Google Cloud has spot machines, but no highest price for them.",
    "Remove `spot`, or `spotMaxPrice`.",
    "machine: { spot: true } on vSphere",
)

IDENTITY_SECRET_MISSING = Code(
    1148,
    "IdentitySecretMissing",
    "A service principal is named without the Secret that holds its password.",
    "The provider logs in as the service principal; the password is never in a stack file.",
    "Make a Secret with the key `clientSecret` and name it in `infrastructure.identity.secret`, or "
    "use `type: workload-identity`.",
    "identity: { type: service-principal, clientId: ..., tenantId: ... }",
)

DISK_TYPE_UNKNOWN = Code(
    1149,
    "DiskTypeUnknown",
    "The infrastructure has no disk type of that name.",
    "The provider would refuse the machine, long after the stack was applied.",
    "Use one of the types in the message, or leave it out.",
    "machine: { disk: { sizeGiB: 50, type: gp3 } } on azure",
)

MACHINES_RANGE_TAKEN = Code(
    1150,
    "MachinesRangeTaken",
    "The machines' network overlaps the addresses of pods or services.",
    "What has two meanings on a machine is reached under only one of them.",
    "Give `network.machines` a range of its own; without it the plug-in's default is meant.",
    "network: { pods: [10.0.0.0/16] } on azure, whose machines are in 10.0.0.0/16 by default",
)

MACHINES_RANGE_TOO_SMALL = Code(
    1151,
    "MachinesRangeTooSmall",
    "The machines' network is too small to be divided.",
    "One half is the control plane's subnet, the other the workers'.",
    "Give `network.machines` a /24 or more.",
    "network: { machines: [10.1.2.0/28] } on azure",
)
