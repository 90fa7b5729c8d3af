"""Codes 1185-1199: stack files, worker pools and what their machines are."""

from errors.model import Code

BOUNDS_CROSSED = Code(
    1185,
    "BoundsCrossed",
    "The autoscaler's smallest size of a pool is above its largest.",
    "`autoscaling.min` and `autoscaling.max` are the bounds between which the cluster autoscaler "
    "moves the pool; nothing lies between these two.",
    "Make `min` at most `max`.",
    "autoscaling: { min: 5, max: 3 }",
)

REPLICAS_OF_AUTOSCALER = Code(
    1186,
    "ReplicasOfAutoscaler",
    "A pool has a number of machines, and an autoscaler that chooses it.",
    "Cluster API refuses a pool with both, since each apply would undo what the autoscaler did. A "
    "new pool begins with `autoscaling.min` machines; one that is there keeps its machines as far "
    "as they are within the bounds.",
    "Remove `replicas`, or `autoscaling`.",
    "{ name: general, replicas: 3, autoscaling: { min: 2, max: 6 } }",
)

CAPACITY_UNKNOWN = Code(
    1187,
    "CapacityUnknown",
    "A pool may go empty, and nobody knows what a machine of it would be.",
    "The autoscaler adds a machine when a waiting pod would fit on it. With no machine to look at "
    "it needs the CPUs and the memory of the machine type, and this type is not in the "
    "infrastructure's list: the pool would stay empty for ever.",
    "Use a machine type of the list, let `min` be 1, or give the pool the annotations "
    "`capacity.cluster-autoscaler.kubernetes.io/cpu` and `.../memory`.",
    "{ machine: { type: our-own }, autoscaling: { min: 0, max: 4 } }",
)

PRICE_WITHOUT_SPOT = Code(
    1188,
    "PriceWithoutSpot",
    "A pool has a highest price for spot machines, and no spot machines.",
    "`spotMaxPrice` only means something with `spot: true`; alone it would be ignored, and the "
    "machines would cost the ordinary price.",
    "Add `spot: true`, or remove `spotMaxPrice`.",
    "machine: { spotMaxPrice: '0.05' }",
)

NO_GPUS = Code(
    1189,
    "NoGpus",
    "A pool for GPUs has a machine type without any.",
    "`gpu: true` keeps pods away that do not ask for GPUs; those that do would wait for ever.",
    "Use a machine type with GPUs, or remove `gpu`.",
    "machine: { type: medium, gpu: true }",
)

DUPLICATE_DISK = Code(
    1190,
    "DuplicateDisk",
    "Two data disks of a machine have the same name.",
    "The name tells the disks of a machine apart, also in the cloud's own lists.",
    "Rename one of them.",
    "dataDisks: [{ name: data, sizeGiB: 10 }, { name: data, sizeGiB: 20 }]",
)

UNKNOWN_FAILURE_DOMAIN = Code(
    1191,
    "UnknownFailureDomain",
    "A pool is in a failure domain that the infrastructure does not have.",
    "The infrastructure's settings name its failure domains (zones), and machines can only be "
    "made there.",
    "Use one of them.",
    "failureDomain: eu-central-1z",
)

BOUNDS_BY_HAND = Code(
    1192,
    "BoundsByHand",
    "The autoscaler's bounds are written as annotations.",
    "The annotations alone leave `replicas` in place, which Cluster API refuses, and no autoscaler "
    "is run for the cluster.",
    "Write `autoscaling: { min: 1, max: 5 }` for the pool instead.",
    "annotations: { cluster.x-k8s.io/cluster-api-autoscaler-node-group-min-size: '1' }",
)
