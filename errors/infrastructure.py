"""Codes 116x: stack files, infrastructures and management clusters in general."""

from errors.model import Code

OTHER_MODE = Code(
    1160,
    "OtherMode",
    "A setting belongs to another kind of management cluster.",
    "`kubeconfig` and `context` say where an existing cluster is, `cluster` what a self-managed "
    "one is made of; each is meaningless in the other modes, and would be ignored.",
    "Remove the setting, or change `management.mode`.",
    "caas:management: { mode: embedded, context: prod }",
)

NO_MANAGEMENT_CLUSTER = Code(
    1161,
    "NoManagementCluster",
    "A self-managed stack does not say what its management cluster is.",
    "`./caas bootstrap` makes that cluster, and needs its version and machines as of every other.",
    "Add `management.cluster` with a name, a version, three control-plane machines and a pool.",
    "caas:management: { mode: self-managed }",
)

NOT_SELF_MANAGED = Code(
    1162,
    "NotSelfManaged",
    "The infrastructure cannot carry its own management cluster.",
    "Simulated machines run no pods, so Cluster API cannot run on them.",
    "Use `mode: embedded`, or another infrastructure.",
    "caas:management: { mode: self-managed } with provider: in-memory",
)

REFUSED_BY_INFRASTRUCTURE = Code(
    1163,
    "RefusedByInfrastructure",
    "The infrastructure's plug-in refuses a setting.",
    "A rule that only this infrastructure knows; the reason is the plug-in's. Plug-ins of this "
    "project have codes of their own; others use this one.",
    "Change what the message names.",
    "A third party's plug-in that has no machine type of the name that the stack file gives.",
)
