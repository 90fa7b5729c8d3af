"""Codes 4xxx: policies, and what they say about resources before they are made."""

from errors.model import Code

POLICY_VIOLATED = Code(
    4001,
    "PolicyViolated",
    "A resource is not what a mandatory rule wants.",
    "A rule of `policies/` refuses it: the reason names the rule and says what it wants.",
    "Change it as the rule says; docs/policies.md explains every rule. Where it is meant to be so, "
    "write an exemption into `caas:policies`, with an owner, a reason and a last day.",
    "A cluster with `labels: {tier: production}` and `controlPlane: {replicas: 1}`.",
)

POLICY_ADVICE = Code(
    4002,
    "PolicyAdvice",
    "A resource is not what an advisory rule wants.",
    "It works, but a rule of `policies/` knows a way that it will hurt; nothing is stopped.",
    "Change it as the rule says, or leave it as it is and know why.",
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

UNKNOWN_POLICY = Code(
    4010,
    "UnknownPolicy",
    "The policies' configuration names a rule that there is not.",
    "Levels, parameters and exemptions refer to rules by name, and no rule has this one.",
    "Write the name of a rule; `./caas policies` and docs/policies.md list them.",
    "`caas:policies: {levels: {control-plane-is-even: advisory}}`.",
)

BAD_POLICY_PARAMETER = Code(
    4011,
    "BadPolicyParameter",
    "A parameter of a rule is not known, or not of its type.",
    "Each rule takes certain parameters, each of one type.",
    "Write a parameter of the rule as docs/policies.md describes it.",
    "`caas:policies: {parameters: {audit-logs-are-kept: {days: a month}}}`.",
)

BAD_EXEMPTION = Code(
    4012,
    "BadExemption",
    "An exemption from a rule is not complete, or lasts too long.",
    "An exemption names the resource, who answers for it, why it is so, and the last day that it "
    "counts; that is at most a year ahead, so that somebody looks at it again.",
    "Write `resource`, `owner`, `reason` and `expires`.",
    "An exemption that expires on 2099-12-31.",
)

EXEMPTION_EXPIRED = Code(
    4013,
    "ExemptionExpired",
    "An exemption from a rule has ended.",
    "Its last day is over, so the rule holds for the resource again.",
    "Do what the rule says and remove the exemption, or have its owner look at it again and write "
    "a later day.",
    "An exemption with `expires: 2026-01-31` on the first of February.",
)
