"""All rules over recorded resources, in this process."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from pulumi.output import Unknown
from pulumi_policy import EnforcementLevel, proxy
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError, unknown_checking_proxy

from errors import Code, Problem, Where
from errors.policy import (
    EXEMPTION_EXPIRED,
    POLICY_ADVICE,
    POLICY_NOT_CHECKABLE,
    POLICY_VIOLATED,
)
from policies.configuration import DEFAULT, Configuration
from policies.rules import RULES
from policies.rules.rule import AnyRule, expanded_known
from policies.subjects.cluster import concerns as is_cluster
from policies.subjects.resource import Item, Kind
from policies.subjects.subject import RegisteredStack, StackSubject

UNKNOWN_VALUES = frozenset(
    value for name, value in vars(proxy).items() if re.fullmatch("UNKNOWN_[A-Z]+_VALUE", name)
)
"""The engine's encoding of an unknown value."""
STOPPING = (EnforcementLevel.MANDATORY, EnforcementLevel.REMEDIATE)
"""Levels that stop an apply; nothing is put right in this process, so what should be is refused."""


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

    @property
    def protect(self) -> bool:
        """True if Pulumi refuses to delete it."""


@dataclass(frozen=True, slots=True)
class Violation:
    """The result of one rule for one resource.

    Attributes:
        rule: the rule.
        urn: of the resource; empty where the configuration is meant.
        cluster: the name of the cluster; empty for others, and while it is not known.
        message: what is wrong, or what is not known yet.
        is_checkable: False where a value that the rule needs is not known before the apply.
        level: the level that counts; None for the rule's own.
        object: what is not a cluster, `Deployment/shop`, or a resource's name.
        is_expired: whether it says that an exemption has ended.
    """

    rule: AnyRule
    urn: str
    cluster: str
    message: str
    is_checkable: bool = True
    level: EnforcementLevel | None = None
    object: str = ""
    is_expired: bool = False

    @property
    def is_mandatory(self) -> bool:
        """True if it stops an apply."""
        level = self.level or self.rule.level
        return self.is_checkable and not self.is_expired and level in STOPPING

    @property
    def code(self) -> Code:
        """CAAS-4001 for a refusal, 4002 for advice, 4003 for what can't be checked, 4013."""
        if self.is_expired:
            return EXEMPTION_EXPIRED
        if not self.is_checkable:
            return POLICY_NOT_CHECKABLE
        return POLICY_VIOLATED if self.is_mandatory else POLICY_ADVICE

    def problem(self) -> Problem:
        """The violation as every command shows it."""
        return Problem(
            self.code,
            self.message,
            Where(cluster=self.cluster or None, object=self.object or None),
            why=f"{self.rule.name}: {self.rule.description}",
            fix=self.rule.remediation if self.is_checkable and not self.is_expired else "",
        )


def check(
    resources: Iterable[Recorded],
    on: date,
    rules: Iterable[AnyRule] = RULES,
    configuration: Configuration = DEFAULT,
) -> list[Violation]:
    """The results of the rules for recorded resources.

    Single resources come first, in their order, then stacks as a whole, then exemptions that have
    ended.

    Args:
        resources: what a run of the program registered.
        on: the day that end-of-life dates and exemptions are compared with.
        rules: which rules to run.
        configuration: levels, parameters and exemptions.
    """
    return list(_RuleRun(on, tuple(rules), configuration).over(resources))


class _RuleRun:
    """One run; rules are looked up by type, so that a resource meets only those about it."""

    def __init__(self, on: date, rules: tuple[AnyRule, ...], configuration: Configuration) -> None:
        self.on = on
        self.configuration = configuration
        disabled = EnforcementLevel.DISABLED
        self.rules = [rule for rule in rules if configuration.level(rule) is not disabled]
        self.names = {rule.name: rule for rule in rules}
        self._by_kind: dict[Kind, list[AnyRule]] = {}

    def over(self, resources: Iterable[Recorded]) -> Iterator[Violation]:
        items: list[Item] = []
        for resource in resources:
            found = list(self._items(resource))
            items += found
            for item in found:
                yield from self._single(item)
        stack = RegisteredStack(items)
        for rule in self.rules:
            if isinstance(rule.subject, StackSubject):
                yield from self._whole(rule, stack)
        for name, exemption in self.configuration.expired(self.on):
            message = (
                f"the exemption of `{exemption.resource}` ended on {exemption.expires}; "
                f"{exemption.owner} is responsible: {exemption.reason}"
            )
            if name in self.names:
                yield Violation(self.names[name], "", "", message, is_expired=True)

    def _items(self, resource: Recorded) -> Iterator[Item]:
        kind = Kind.of(resource.type)
        props = resource.inputs
        if _has_unknown(props):
            props = unknown_checking_proxy(_as_engine(props))
        item = Item(kind, props, resource.urn, resource.name, resource.protect)
        return expanded_known(item)

    def _single(self, item: Item) -> Iterator[Violation]:
        rules = self._by_kind.get(item.kind)
        if rules is None:
            rules = [rule for rule in self.rules if rule.concerns(item.kind)]
            self._by_kind[item.kind] = rules
        for rule in rules:
            unknown: UnknownValueError | None = None
            try:
                for message in rule.judge(item, self.on, self.configuration.of_rule(rule)):
                    yield self._violation(rule, item, message)
            except UnknownValueError as error:
                unknown = error
            if unknown:
                yield self._not_known(rule, item, unknown)

    def _whole(self, rule: AnyRule, stack: RegisteredStack) -> Iterator[Violation]:
        try:
            for item, message in rule.judge_stack(stack, self.on, self.configuration.of_rule(rule)):
                yield self._violation(rule, item, message)
        except UnknownValueError as error:
            yield self._not_known(rule, None, error)

    def _not_known(self, rule: AnyRule, item: Item | None, unknown: UnknownValueError) -> Violation:
        message = f"{'.'.join(unknown.props)} is not known before the apply"
        return self._violation(rule, item, message, is_checkable=False)

    def _violation(
        self, rule: AnyRule, item: Item | None, message: str, *, is_checkable: bool = True
    ) -> Violation:
        cluster, place = _names(item) if item else ("", "")
        level = self.configuration.level(rule)
        urn = item.urn if item else ""
        return Violation(rule, urn, cluster, message, is_checkable, level, place)


def _names(item: Item) -> tuple[str, str]:
    """The cluster that an item is, or what else it is called."""
    try:
        name = str(item.metadata.get("name") or "") if item.kind.is_kubernetes else ""
    except UnknownValueError:
        name = ""
    if is_cluster(item.kind):
        return name, ""
    return "", f"{item.kind.name}/{name or item.name}"


def _has_unknown(value: Any) -> bool:
    """True if part of the value is unknown; most resources need no copy."""
    if isinstance(value, dict):
        return any(_has_unknown(item) for item in value.values())
    if isinstance(value, list | tuple):
        return any(_has_unknown(item) for item in value)
    if isinstance(value, str):
        return value in UNKNOWN_VALUES or isinstance(value, Unknown)
    return isinstance(value, Unknown)


def _as_engine(value: Any) -> Any:
    """The value with what is not known spelled as the engine spells it."""
    if isinstance(value, Mapping):
        return {key: _as_engine(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_engine(item) for item in value]
    return UNKNOWN_STRING_VALUE if isinstance(value, Unknown) else value
