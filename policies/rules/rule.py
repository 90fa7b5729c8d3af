"""Rules: a row of a table, and the policy that Pulumi runs for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyComplianceFramework,
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

from errors.policy import EXEMPTION_EXPIRED
from policies.settings import EXEMPTIONS, EXEMPTIONS_SCHEMA, Parameter, RuleSettings, read_settings
from policies.subjects.resource import Item, Kind, expanded
from policies.subjects.subject import RegisteredStack, StackSubject, Subject

PAGE = "docs/policies.md"
MANDATORY, ADVISORY = EnforcementLevel.MANDATORY, EnforcementLevel.ADVISORY
LOW, MEDIUM, HIGH, CRITICAL = Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL

Part = TypeVar("Part")
Fix = Callable[[Kind, Any], bool]
"""Puts right what can be put right in the properties that it is given; whether it changed any."""


@dataclass(frozen=True, slots=True)
class Context:
    """The context of a rule in addition to the part that it checks.

    Attributes:
        on: today.
        parameters: of the rule, by name; all of them.
    """

    on: date
    parameters: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.parameters[name]


@dataclass(frozen=True)
class Rule(Generic[Part]):
    """One rule.

    Attributes:
        name: unique, in kebab case; a configuration of the pack refers to it.
        description: what must be so, one sentence.
        severity: how bad it is when it is not so.
        level: mandatory stops an apply, advisory does not.
        framework: who says so.
        remediation: what to do about a violation.
        subject: which resources are looked at, and which parts of them one by one.
        find: what is wrong with a part, a sentence each.
        parameters: what it can be told.
        fix: what the level `remediate` does to the properties of a resource, where that is safe.
    """

    name: str
    description: str
    severity: Severity
    level: EnforcementLevel
    framework: PolicyComplianceFramework
    remediation: str
    subject: Subject[Part] | StackSubject[Part]
    find: Callable[[Part, Context], Iterator[str]]
    parameters: tuple[Parameter, ...] = ()
    fix: Fix | None = None

    @property
    def page(self) -> str:
        """The documentation of the rule, relative to the repository."""
        return f"{PAGE}#{self.name}"

    @property
    def known(self) -> dict[str, Parameter]:
        """The parameters by name."""
        return {parameter.name: parameter for parameter in self.parameters}

    def concerns(self, kind: Kind) -> bool:
        """True if it checks single resources of a kind."""
        return isinstance(self.subject, Subject) and self.subject.concerns(kind)

    def context(self, on: date, settings: RuleSettings) -> Context:
        """The input of `find`."""
        defaults = {parameter.name: parameter.default for parameter in self.parameters}
        return Context(on, defaults | dict(settings.parameters or {}))

    def judge(self, item: Item, on: date, settings: RuleSettings) -> Iterator[str]:
        """The problems of one resource, or of one object inside it.

        A value that is not known yet hides nothing else: the other parts are looked at all the
        same. Raises an UnknownValueError at the end, where there was one.
        """
        assert isinstance(self.subject, Subject)  # noqa: S101 - `concerns` was asked
        pairs = ((item, part) for part in self.subject.parts(item))
        yield from (message for _, message in self._found(pairs, on, settings))

    def judge_stack(
        self, stack: RegisteredStack, on: date, settings: RuleSettings
    ) -> Iterator[tuple[Item, str]]:
        """The problems of a stack, each with its resource; as `judge`."""
        assert isinstance(self.subject, StackSubject)  # noqa: S101 - the caller knows
        yield from self._found(self.subject.parts(stack), on, settings)

    def _found(
        self, pairs: Iterable[tuple[Item, Part]], on: date, settings: RuleSettings
    ) -> Iterator[tuple[Item, str]]:
        context = self.context(on, settings)
        unknown: UnknownValueError | None = None
        for item, part in pairs:
            exemption = settings.exemption(item.urn) if settings.exemptions else None
            if exemption and exemption.expires >= on:
                continue
            ended = (
                f"; {EXEMPTION_EXPIRED.id} it was exempt until {exemption.expires}"
                if exemption
                else ""
            )
            try:
                for message in self.find(part, context):
                    yield item, f"{item.within}{message}{ended}"
            except UnknownValueError as error:
                unknown = unknown or error
        if unknown:
            raise unknown

    def policy(self, on: date) -> Policy:
        """The rule as Pulumi runs it, with `on` as today.

        A value that is not known yet goes on to the engine as an UnknownValueError, which reports
        it as advice.
        """
        shared: dict[str, Any] = {
            "name": self.name,
            "description": self.description,
            "enforcement_level": self.level,
            "severity": self.severity,
            "framework": self.framework,
            "remediation_steps": self.remediation,
            "url": self.page,
            "config_schema": PolicyConfigSchema(
                {name: parameter.schema for name, parameter in self.known.items()}
                | {EXEMPTIONS: EXEMPTIONS_SCHEMA}
            ),
        }
        if isinstance(self.subject, StackSubject):
            return StackValidationPolicy(validate=self._stack_validation(on), **shared)
        remediate = self._remediation(on) if self.fix else None
        return ResourceValidationPolicy(
            validate=self._validation(on), remediate=remediate, **shared
        )

    def _validation(self, on: date) -> Callable[[ResourceValidationArgs, ReportViolation], None]:
        def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
            kind = Kind.of(args.resource_type)
            item = Item(kind, args.props, args.urn, args.name, bool(args.opts.protect))
            concerned = [each for each in expanded_known(item) if self.concerns(each.kind)]
            if not concerned:
                return
            settings = self._configured(args.get_config(), on, report)
            unknown: UnknownValueError | None = None
            for each in concerned:
                try:
                    for message in self.judge(each, on, settings):
                        report(message, None)
                except UnknownValueError as error:
                    unknown = unknown or error
            if unknown:
                raise unknown

        return validate

    def _stack_validation(self, on: date) -> Callable[[StackValidationArgs, ReportViolation], None]:
        def validate(args: StackValidationArgs, report: ReportViolation) -> None:
            settings = self._configured(args.get_config(), on, report)
            items = (
                Item(
                    Kind.of(each.resource_type), each.props, each.urn, each.name, each.opts.protect
                )
                for each in args.resources
            )
            stack = RegisteredStack(inside for item in items for inside in expanded_known(item))
            for item, message in self.judge_stack(stack, on, settings):
                report(message, item.urn)

        return validate

    def _remediation(self, on: date) -> Callable[[ResourceValidationArgs], Any]:
        def remediate(args: ResourceValidationArgs) -> Any:
            """All properties where one was put right; None where the rule finds nothing wrong."""
            kind = Kind.of(args.resource_type)
            settings = read_settings(self.known, args.get_config(), on)
            item = Item(kind, args.props, args.urn, args.name, bool(args.opts.protect))
            if not self.concerns(kind) or not any(self.judge(item, on, settings)):
                return None
            # The engine's own mapping keeps secrets; any other one belongs to the caller.
            props = deepcopy(args.props) if isinstance(args.props, dict) else args.props
            assert self.fix  # noqa: S101 - only rules with one get here
            return props if self.fix(kind, props) else None

        return remediate

    def _configured(
        self, config: Mapping[str, Any], on: date, report: ReportViolation
    ) -> RuleSettings:
        settings = read_settings(self.known, config, on)
        for problem in settings.problems:
            report(str(problem), None)
        return settings


AnyRule = Rule[Any]


def expanded_known(item: Item) -> Iterator[Item]:
    """The item and the objects in it, as far as its content is known."""
    try:
        yield from expanded(item)
    except UnknownValueError:
        return


def opened(props: Any, *keys: str) -> Any:
    """The mapping at the end of the keys, made where it is not there, to be written to."""
    for key in keys:
        if not isinstance(props.get(key), Mapping):
            props[key] = {}
        props = props[key]
    return props
