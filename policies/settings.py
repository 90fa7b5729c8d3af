"""The configuration of a rule: its level, its parameters, and its temporary exemptions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fnmatch import fnmatchcase
from functools import cache
from typing import Annotated, Any

from pulumi_policy import EnforcementLevel
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from errors import NOWHERE, Problem, Where
from errors.policy import BAD_EXEMPTION, BAD_POLICY_PARAMETER

LONGEST = timedelta(days=366)
"""The longest period of an exemption, which is reviewed once a year."""
EXEMPTIONS = "exemptions"
Text = Annotated[str, Field(min_length=1)]


def _some(pattern: str) -> str:
    if not pattern.strip("*?:"):
        raise ValueError(f"{pattern!r} matches everything; a level says that for a rule")
    return pattern


Pattern = Annotated[Text, AfterValidator(_some)]


class RuleExemption(BaseModel):
    """One resource that a rule does not hold for, until a day."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    resource: Pattern
    """The resource's name in the program, or the end of its URN, `type::name`; `*` and `?` match
    anything."""
    owner: Text
    """The person or team that answers for the exemption."""
    reason: Text
    """The reason of the exemption."""
    expires: date
    """The last day that it counts."""

    def covers(self, urn: str) -> bool:
        """True if the exemption applies to a resource."""
        name = urn.rpartition("::")[2]
        ends = (f"*::{self.resource}", f"*${self.resource}")  # `$` follows the parent's type
        return fnmatchcase(name, self.resource) or any(fnmatchcase(urn, end) for end in ends)


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


@dataclass(frozen=True)
class Parameter:
    """A parameter of a rule.

    Attributes:
        name: in camelCase, as the configuration has it.
        kind: its type, such as `int` or `tuple[str, ...]`.
        default: the default value.
        description: its meaning, with its unit.
    """

    name: str
    kind: Any
    default: Any
    description: str

    @property
    def schema(self) -> dict[str, Any]:
        """Its JSON schema, as Pulumi wants it."""
        found = _adapter(self.kind).json_schema()
        default = list(self.default) if isinstance(self.default, tuple) else self.default
        return {**found, "description": self.description, "default": default}

    def read(self, value: Any) -> Any:
        """The value in its type. Raises a ValidationError."""
        return _adapter(self.kind).validate_python(value)


@dataclass(frozen=True)
class RuleSettings:
    """The configuration of one rule.

    Attributes:
        level: overrides the rule's level; None keeps it.
        parameters: by name; the defaults count for the others.
        exemptions: ended ones too.
        problems: what is wrong with the configuration.
    """

    level: EnforcementLevel | None = None
    parameters: Mapping[str, Any] | None = None
    exemptions: tuple[RuleExemption, ...] = ()
    problems: tuple[Problem, ...] = ()

    def exemption(self, urn: str) -> RuleExemption | None:
        """The exemption of a resource that ends last."""
        meant = (each for each in self.exemptions if each.covers(urn))
        return max(meant, key=lambda each: each.expires, default=None)


UNCONFIGURED = RuleSettings()
EXEMPTIONS_SCHEMA = {
    "type": "array",
    "description": "Resources that are exempt from the rule, each until a day.",
    "items": {
        "type": "object",
        "required": ["resource", "owner", "reason", "expires"],
        "additionalProperties": False,
        "properties": {
            "resource": {"type": "string"},
            "owner": {"type": "string"},
            "reason": {"type": "string"},
            "expires": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
        },
    },
}


def read_settings(
    known: Mapping[str, Parameter],
    config: Mapping[str, Any],
    on: date,
    where: Where = NOWHERE,
    level: EnforcementLevel | None = None,
) -> RuleSettings:
    """The configuration of one rule, with all its problems.

    Args:
        known: the rule's parameters by name.
        config: values of parameters, and `exemptions`.
        on: today.
        where: the place that problems name.
        level: instead of the rule's own.
    """
    problems: list[Problem] = []
    values: dict[str, Any] = {}
    for name, value in config.items():
        if name == EXEMPTIONS:
            continue
        if name not in known:
            fix = f"Known: {', '.join(known)}." if known else "The rule takes none."
            what = f"there is no parameter `{name}`"
            problems.append(Problem(BAD_POLICY_PARAMETER, what, where, fix=fix))
            continue
        try:
            values[name] = known[name].read(value)
        except ValidationError as error:
            what = f"`{name}`: {error.errors()[0]['msg']}"
            problems.append(Problem(BAD_POLICY_PARAMETER, what, where))
    exemptions: list[RuleExemption] = []
    for value in config.get(EXEMPTIONS) or ():
        try:
            exemption = RuleExemption.model_validate(dict(value))
        except (ValidationError, TypeError, ValueError) as error:
            problems.append(Problem(BAD_EXEMPTION, _first(error), where))
            continue
        exemptions.append(exemption)
        problems += _too_long(exemption, on, where)
    return RuleSettings(level, values, tuple(exemptions), tuple(problems))


def _first(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return "an exemption is a mapping"
    details = error.errors()[0]
    return f"`{'.'.join(map(str, details['loc']))}`: {details['msg'].removeprefix('Value error, ')}"


def _too_long(exemption: RuleExemption, on: date, where: Where) -> Iterator[Problem]:
    if exemption.expires > on + LONGEST:
        what = f"the exemption of `{exemption.resource}` ends on {exemption.expires}"
        fix = f"Write {on + LONGEST} or an earlier day."
        yield Problem(BAD_EXEMPTION, what, where, why="more than a year ahead", fix=fix)
