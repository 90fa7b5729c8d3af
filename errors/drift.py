"""Codes 5070-5079: what differs between what runs and what the stack says, and who did it."""

from errors.model import Code

CHANGED_BY_HAND = Code(
    5070,
    "ChangedByHand",
    "Somebody changed what the stack says.",
    "A value that the stack sets was set to another one, or taken away, by a person or a program "
    "that is no controller of the cluster; the API server recorded its name and the time.",
    "Run `./caas up STACK` to put it right, or write the value into the stack file to keep it.",
    "kubectl label cluster shop tier=test --overwrite",
)

ADDED_BY_HAND = Code(
    5071,
    "AddedByHand",
    "Somebody added something to an object of the stack.",
    "The stack does not set this field, so `./caas up` leaves it: it belongs to who set it.",
    "Write it into the stack file to keep it, or take it away with kubectl.",
    "kubectl annotate cluster shop cluster.x-k8s.io/paused=true",
)

OBJECT_DELETED = Code(
    5072,
    "ObjectDeleted",
    "An object of the stack was deleted.",
    "It was applied and is gone, or is just being deleted; the stack still wants it.",
    "Run `./caas up STACK`, which makes it again; a cluster is made anew, without what ran in it.",
    "kubectl delete clusterclass in-memory",
)

OVERRIDDEN_BY_CONTROLLER = Code(
    5073,
    "OverriddenByController",
    "A controller set a value that the stack sets otherwise.",
    "Two want to decide about one field: the stack and a controller of the management cluster.",
    "Take away the setting of the one or the other. `./caas up STACK` puts it right once, and the "
    "controller may set it again.",
    "An operator that writes a label which the stack sets as well.",
)

OBJECT_ADDED_BY_HAND = Code(
    5074,
    "ObjectAddedByHand",
    "There is an object with the stack's label that the stack did not make.",
    "Somebody made it by hand, as a copy of one of the stack's; `./caas up` does not touch what it "
    "never applied.",
    "Delete it, or take the label `caas.dev/stack` from it; to keep it, write it into the stack "
    "file.",
    "kubectl get cluster shop -o yaml | sed 's/name: shop/name: copy/' | kubectl create -f -",
)

NOT_APPLIED_YET = Code(
    5075,
    "NotAppliedYet",
    "The stack file says something that was not applied yet.",
    "The file or the program changed since the last `./caas up`; nobody touched what runs.",
    "Run `./caas preview STACK` to see what it means, then `./caas up STACK`.",
    "a stack file with one more cluster than runs",
)
