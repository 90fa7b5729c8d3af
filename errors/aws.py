"""Codes 110x and 111x: stack files of AWS."""

from errors.model import Code

VPC_TOO_SMALL = Code(
    1100,
    "VpcTooSmall",
    "The range of the VPC cannot be divided over the zones.",
    "Each zone gets a private subnet with room for machines and a public one with room for load "
    "balancers, at least a /27; AWS allows a VPC of IPv4 ranges from /16 to /28.",
    "Use a private IPv4 range between /16 and /24; it cannot be changed later.",
    "caas:infrastructure: { provider: aws, network: { cidr: 10.0.0.0/26 } }",
)

VPC_OVERLAPS_CLUSTER = Code(
    1101,
    "VpcOverlapsCluster",
    "The range of the VPC overlaps one of a cluster.",
    "Machines of the cluster would look for what has such an address inside the cluster, and never "
    "find the machines, endpoints and load balancers of the VPC.",
    "Use another range for the VPC, or for the cluster's pods or services.",
    "network: { cidr: 192.168.0.0/16 } with the default range of pods",
)

TOO_FEW_ZONES = Code(
    1102,
    "TooFewZones",
    "The control plane's machines stand in too few zones.",
    "When a zone fails, etcd needs more than half of its members in the others. Three machines in "
    "one zone, or in two, fail together; only three zones let one fail.",
    "Use three zones, or a control plane of one machine.",
    "zones: [eu-central-1a] with three control-plane machines",
)

BAD_ZONE = Code(
    1103,
    "BadZone",
    "A zone is not one of the stack's.",
    "Subnets are made in the zones of the stack, which lie in its region, each once; machines can "
    "stand nowhere else.",
    "Use zones of the region, and for a pool one of `infrastructure.zones`.",
    "region: eu-central-1, zones: [us-east-1a]",
)

UNKNOWN_INSTANCE_TYPE = Code(
    1104,
    "UnknownInstanceType",
    "The instance type is not known.",
    "What a type is made of decides which image fits and how large a control plane may get; a type "
    "that AWS does not know would be found out when the first machine is made.",
    "Use a type that is known, or describe it below `infrastructure.instanceTypes`.",
    "machine: { type: m7i.large1 }",
)

WRONG_ARCHITECTURE = Code(
    1105,
    "WrongArchitecture",
    "There is no image for the architecture of the instance type.",
    "The images of `infrastructure.images` are made for certain architectures; the provider's "
    "project publishes them for amd64 only. No machine would start.",
    "Use a type of the other architecture, or images of your own whose `architectures` you list.",
    "machine: { type: m7g.large }",
)

CONTROL_PLANE_TOO_SMALL = Code(
    1106,
    "ControlPlaneTooSmall",
    "The instance type is too small for a control plane.",
    "kubeadm needs 2 CPUs, and the API server and etcd 4 GiB of memory, to work at all.",
    "Use a type with at least 2 CPUs and 4 GiB.",
    "controlPlane: { machine: { type: t3.small } }",
)

OPEN_API = Code(
    1107,
    "OpenApi",
    "The Kubernetes API would be open to the whole internet.",
    "A public load balancer lets in who is listed in `allowed`; without a list, or with 0.0.0.0/0, "
    "that is everybody.",
    "List the ranges of your offices, VPNs and of the management cluster in `allowed`.",
    "endpoint: { public: true }",
)

SUBNETS_MISSING = Code(
    1108,
    "SubnetsMissing",
    "The existing VPC lacks a subnet.",
    "Machines need a private subnet in every zone, and the load balancer of a public API a public "
    "one.",
    "Add the subnet to `network.existing.subnets`, or take the zone out of `zones`.",
    "existing: { vpcId: vpc-0a1b2c3d, subnets: [{ id: subnet-0a1b2c3d, zone: eu-central-1a }] }",
)

NO_WAY_OUT = Code(
    1109,
    "NoWayOut",
    "Machines cannot reach what they need.",
    "Without NAT they reach services of AWS through endpoints only, and a public API not at all: "
    "they come to it by the addresses of the NAT gateways.",
    "Add the endpoints, use `nat: one`, make the API private, or list the addresses of the "
    "gateways of an existing VPC in `natAddresses`.",
    "network: { nat: none, endpoints: [s3] }",
)

ENDPOINT_OF_AWS = Code(
    1110,
    "EndpointOfAws",
    "The address of the Kubernetes API is not yours to choose on AWS.",
    "The provider makes a network load balancer, which has a name of its own and listens on 6443.",
    "Leave `host` and `port` out.",
    "endpoint: { port: 443 }",
)

IMAGE_IS_NO_AMI = Code(
    1111,
    "ImageIsNoAmi",
    "The image is not the id of an AMI.",
    "One machine's image is an id of EC2; images are looked up by name only for all machines, by "
    "`infrastructure.images`.",
    "Write an id such as `ami-0123456789abcdef0`, or leave `image` out.",
    "machine: { image: ubuntu-24.04 }",
)

BAD_VOLUME = Code(
    1112,
    "BadVolume",
    "EBS has no such volume.",
    "Disks are volumes of gp3 or gp2, at least 8 GiB; the other types need settings that a stack "
    "file does not have, or cannot be booted from.",
    "Use `gp3`, or leave the type out; and at least 8 GiB.",
    "machine: { disk: { sizeGiB: 50, type: io2 } }",
)

SETTING_OF_NEW_VPC = Code(
    1113,
    "SettingOfNewVpc",
    "A setting belongs to a VPC that is made.",
    "Nothing of the network is made in an existing VPC, so the setting would be ignored.",
    "Remove it, or remove `existing`.",
    "network: { nat: one, existing: { ... } }",
)

BAD_PLACEMENT = Code(
    1114,
    "BadPlacement",
    "AWS cannot place the machines like that.",
    "A spread placement group holds at most seven machines in a zone, and a packed one lies in a "
    "single zone.",
    "Use `placement: any` or fewer machines; for `pack` give the pool a `failureDomain`.",
    "workerPools: [{ name: batch, replicas: 30, machine: { placement: spread } }]",
)

NO_GPU = Code(
    1115,
    "NoGpu",
    "The instance type has no GPU.",
    "Machines with `gpu: true` are kept free for pods that use one.",
    "Use a type with a GPU, such as `g6.xlarge`, or remove `gpu`.",
    "machine: { type: m7i.xlarge, gpu: true }",
)

UNSURE_ETCD_DISK = Code(
    1116,
    "UnsureEtcdDisk",
    "The disk of etcd cannot be told from others.",
    "Machines number their disks in the order in which they find them. With one disk beside the "
    "root disk that is etcd's; with local disks of the type or more data disks it may be another, "
    "which would be formatted.",
    "Use a type without local disks and no `dataDisks` on the control plane, or set `etcd.disk` to "
    "null.",
    "controlPlane: { machine: { type: m6id.xlarge } }",
)

NO_CONTROLLER_CLUSTER = Code(
    1117,
    "NoControllerCluster",
    "It is not said which cluster runs the provider's controllers.",
    "The controllers make machines with the role of the control plane they run on. Only the named "
    "cluster's role may do that; without it the management cluster can make nothing.",
    "Set `infrastructure.controllerCluster` to the name of the management cluster.",
    "caas:management: { mode: self-managed, cluster: { name: management, ... } }",
)
