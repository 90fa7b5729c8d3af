"""Codes 4xxx: policies, and what they say about a cluster before it is made."""

from errors.model import Code

POLICY_VIOLATED = Code(
    4001,
    "PolicyViolated",
    "A cluster is not what a mandatory rule wants.",
    "A rule of `policies/` refuses it: the reason names the rule and says what it wants.",
    "Change the stack file as the rule says; docs/policies.md explains every rule.",
    "A cluster with `labels: {tier: production}` and `controlPlane: {replicas: 1}`.",
)

POLICY_ADVICE = Code(
    4002,
    "PolicyAdvice",
    "A cluster is not what an advisory rule wants.",
    "It works, but a rule of `policies/` knows a way that it will hurt; nothing is stopped.",
    "Change the stack file as the rule says, or leave it as it is and know why.",
    "A pool with `healthCheck: {enabled: false}`.",
)

POLICY_NOT_CHECKABLE = Code(
    4003,
    "PolicyNotCheckable",
    "A rule needs a value that is not known before the apply.",
    "The value comes from another resource that does not exist yet, so a preview can't know it.",
    "Nothing needs to be done; the rule is checked when the value is known. To have it checked "
    "now, write the value itself.",
    "A number of machines that comes out of another resource.",
)
