"""All rules over recorded resources, in this process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from pulumi.output import Unknown
from pulumi_policy import (
    EnforcementLevel,
    PolicyCustomTimeouts,
    PolicyResourceOptions,
    ResourceValidationArgs,
    ResourceValidationPolicy,
)
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError, unknown_checking_proxy

from errors import Code, Problem, Where
from errors.policy import POLICY_ADVICE, POLICY_NOT_CHECKABLE, POLICY_VIOLATED
from policies.rules import RULES
from policies.rules.cluster import Cluster
from policies.rules.rule import Rule

OPTIONS = PolicyResourceOptions(
    protect=False,
    ignore_changes=[],
    delete_before_replace=None,
    aliases=[],
    custom_timeouts=PolicyCustomTimeouts(0, 0, 0),
    additional_secret_outputs=[],
)
"""Options of a resource; no rule looks at them, so all resources share these."""
AnyRule = Rule[Any]


class Recorded(Protocol):
    """A resource that a run of the program registered."""

    @property
    def urn(self) -> str:
        """Its URN."""

    @property
    def type(self) -> str:
        """Its type token, `kubernetes:cluster.x-k8s.io/v1beta2:Cluster`."""

    @property
    def name(self) -> str:
        """Its name in the program."""

    @property
    def inputs(self) -> Mapping[str, Any]:
        """Its properties."""


@dataclass(frozen=True, slots=True)
class Violation:
    """What one rule says about one resource.

    Attributes:
        rule: the rule.
        urn: of the resource.
        cluster: the name of the cluster; empty while it is not known.
        message: what is wrong, or what is not known yet.
        is_checkable: False where a value that the rule needs is not known before the apply.
    """

    rule: AnyRule
    urn: str
    cluster: str
    message: str
    is_checkable: bool = True

    @property
    def is_mandatory(self) -> bool:
        """Whether it stops an apply."""
        return self.is_checkable and self.rule.level is EnforcementLevel.MANDATORY

    @property
    def code(self) -> Code:
        """CAAS-4001 for a refusal, CAAS-4002 for advice, CAAS-4003 for what can't be checked."""
        if not self.is_checkable:
            return POLICY_NOT_CHECKABLE
        return POLICY_VIOLATED if self.is_mandatory else POLICY_ADVICE

    def problem(self) -> Problem:
        """The violation as every command shows it."""
        return Problem(
            self.code,
            self.message,
            Where(cluster=self.cluster or None),
            why=f"{self.rule.name}: {self.rule.description}",
            fix=self.rule.remediation if self.is_checkable else "",
        )


def check(
    resources: Iterable[Recorded], on: date, rules: Iterable[AnyRule] = RULES
) -> list[Violation]:
    """What the rules say about recorded resources, in the order of the resources.

    Args:
        resources: what a run of the program registered.
        on: the day that end-of-life dates are compared with.
        rules: which rules to run.
    """
    policies = [(rule, rule.policy(on)) for rule in rules]
    return [
        violation
        for resource in resources
        if Cluster.of(resource.type, resource.inputs)  # all rules are about clusters
        for violation in _check(resource, policies)
    ]


def _check(
    resource: Recorded, policies: Iterable[tuple[AnyRule, ResourceValidationPolicy]]
) -> Iterator[Violation]:
    args = ResourceValidationArgs(
        resource_type=resource.type,
        props=unknown_checking_proxy(_as_engine(resource.inputs)),
        urn=resource.urn,
        name=resource.name,
        opts=OPTIONS,
        provider=None,
    )
    cluster = _name(args)
    for rule, policy in policies:
        messages, unknown = _run(policy, args)
        yield from (Violation(rule, resource.urn, cluster, message) for message in messages)
        if unknown:
            message = f"{unknown} is not known before the apply"
            yield Violation(rule, resource.urn, cluster, message, is_checkable=False)


def _run(policy: ResourceValidationPolicy, args: ResourceValidationArgs) -> tuple[list[str], str]:
    """What a policy reports, and the path of a value that it lacks."""
    messages: list[str] = []

    def report(message: str, _urn: str | None) -> None:
        messages.append(message)

    try:
        policy.validate(args, report)
    except UnknownValueError as error:
        return messages, ".".join(error.props)
    return messages, ""


def _name(args: ResourceValidationArgs) -> str:
    cluster = Cluster.of(args.resource_type, args.props)
    try:
        return cluster.name if cluster else ""
    except UnknownValueError:
        return ""


def _as_engine(value: Any) -> Any:
    """The value with what is not known spelled as the engine spells it."""
    if isinstance(value, Mapping):
        return {key: _as_engine(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_engine(item) for item in value]
    return UNKNOWN_STRING_VALUE if isinstance(value, Unknown) else value
