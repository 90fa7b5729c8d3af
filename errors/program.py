"""Codes 3xxx: the program, its preview and its application."""

from errors.model import Code

PROGRAM_FAILED = Code(
    3001,
    "ProgramFailed",
    "The Pulumi program ended with an error that is not about the stack file.",
    "A composition in `stacks/` or a component raised an error of its own.",
    "Read the reason; run `./caas synth` to see the program alone, without a cluster.",
    "A module of `stacks/` that asks for configuration which the stack file does not have.",
)

API_SERVER_REFUSED = Code(
    3010,
    "ApiServerRefused",
    "The management API server refused an object.",
    "A schema, an admission webhook of Cluster API, or the server's own rules say no; the reason "
    "is the server's.",
    "Change what the reason names in the stack file, then run the command again. Nothing after "
    "the refused object was applied.",
    "A pool's name is changed to one that Cluster API can't make an object name of.",
)

API_SERVER_UNREACHABLE = Code(
    3011,
    "ApiServerUnreachable",
    "The management API server does not answer.",
    "The embedded plane is stopped or was killed, or the kubeconfig points elsewhere.",
    "Run `./caas setup` to start the plane, or `./caas up`, which starts it as well.",
    "./caas status, after ./caas down",
)

WAIT_TIMED_OUT = Code(
    3012,
    "WaitTimedOut",
    "Something did not become true in time.",
    "The controllers are still working, are stuck, or the machine is too slow for the limit.",
    "Run `./caas diagnose` to see what holds it up; run the command again to go on waiting, with "
    "a larger `--timeout` if it is only slow.",
    "./caas up --timeout 5s",
)

CLUSTER_NOT_FOUND = Code(
    3013,
    "ClusterNotFound",
    "There is no cluster of that name in the stack.",
    "The name is misspelt, the cluster is in another stack, or it was not made yet.",
    "Look at `./caas status` for the names.",
    "./caas kubeconfig shopp",
)

KUBECONFIG_NOT_READY = Code(
    3014,
    "KubeconfigNotReady",
    "The cluster has no kubeconfig yet.",
    "Cluster API makes it when the control plane has its certificates and an address.",
    "Wait until `./caas status` shows the control plane, or run `./caas up`, which waits.",
    "./caas kubeconfig shop, right after ./caas up was interrupted",
)

PULUMI_FAILED = Code(
    3020,
    "PulumiFailed",
    "The pulumi CLI ended with an error.",
    "The engine, a provider or a policy pack refused something; its own output says what.",
    "Read the output above. `./caas up --engine in-process` applies without the pulumi CLI.",
    "./caas up, with a pulumi CLI that lacks the kubernetes plug-in and can't download it",
)

PULUMI_NOT_FOUND = Code(
    3021,
    "PulumiNotFound",
    "The pulumi CLI was asked for and is not on the PATH.",
    "`--engine pulumi` needs the CLI; without it the program runs in process.",
    "Install the pulumi CLI, or leave the option out.",
    "./caas up --engine pulumi",
)

PULUMI_NEEDED = Code(
    3022,
    "PulumiNeeded",
    "The stack has resources that only the pulumi CLI can make or delete.",
    "Without the CLI caas applies Kubernetes objects and nothing else: it has no state file, and "
    "no providers of clouds or Helm. What these tell, such as a network's id, is missing as well.",
    "Install the pulumi CLI, so that `pulumi` is on the PATH, and run the command again. "
    "`./caas preview` and `./caas synth` work without it.",
    "./caas up prod-aws, without a pulumi CLI on the PATH",
)

KUBECONFIG_MISSING = Code(
    3023,
    "KubeconfigMissing",
    "The kubeconfig of the existing management cluster is not there.",
    "With `management.mode: existing` the cluster is the one of `management.kubeconfig`, or of "
    "$KUBECONFIG, or of ~/.kube/config.",
    "Put the file there, or name another one in the stack file. `./caas preview` works without it, "
    "and shows everything as new.",
    "caas:management: { mode: existing, kubeconfig: ~/no-such-file }",
)

KUBECONFIG_UNUSABLE = Code(
    3024,
    "KubeconfigUnusable",
    "The kubeconfig of the management cluster can't be used.",
    "It is not YAML, lacks the context that the stack file names, or its way to get credentials "
    "fails.",
    "Try `kubectl --kubeconfig FILE --context CONTEXT version`, and mend what it complains about.",
    "caas:management: { mode: existing, context: no-such-context }",
)

NOT_BOOTSTRAPPED = Code(
    3025,
    "NotBootstrapped",
    "The management cluster of the stack is not made yet, or not completely.",
    "A self-managed stack makes its management cluster first, and hands everything over to it; "
    "until then there is nothing to apply to or to look at.",
    "Run `./caas bootstrap STACK`; where it was interrupted it goes on.",
    "./caas up prod-aws, before ./caas bootstrap prod-aws",
)

NO_EMBEDDED_PLANE = Code(
    3026,
    "NoEmbeddedPlane",
    "The stack has no embedded plane.",
    "Its management cluster is a real one, which caas neither starts nor stops.",
    "Leave the command out; `./caas status` shows the clusters.",
    "./caas down, on a stack with management.mode: existing",
)

MANAGEMENT_CLUSTER_STAYS = Code(
    3027,
    "ManagementClusterStays",
    "The management cluster of the stack can't delete itself.",
    "Its controllers run on the very machines that would have to go; the workload clusters are "
    "deleted, it and its foundation are not.",
    "Delete its machines and load balancer in the cloud, then run `pulumi destroy` for the "
    "foundation and remove the stack's folder.",
    "./caas destroy prod-aws --yes",
)

PRICES_INVALID = Code(
    3028,
    "PricesInvalid",
    "A price file can't be used.",
    "It is not there, not YAML, or lacks one of `source`, `date` and `currency`; prices are "
    "numbers that are not negative.",
    "Mend the place that is named; take `prices.yaml` of the infrastructure as a model.",
    "caas:infrastructure: { provider: aws, prices: my-prices.yaml } with `m7i.large: cheap` in it",
)
