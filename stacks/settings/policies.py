"""The policy settings of a stack file; `policies/` defines the rules and their parameters."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from components.fields import Settings, refusal, shown
from errors import stack_file

RuleName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*[a-z0-9]$", max_length=100)]
Text = Annotated[str, Field(min_length=1, max_length=500)]


def _day(value: object) -> date:
    """A day as a stack file has it, text."""
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        what = f"{shown(value)} is not a day"
        raise refusal(stack_file.WRONG_TYPE, what, fix="Write it as 2027-06-30.") from None


Day = Annotated[date, BeforeValidator(_day)]


class Level(StrEnum):
    """The effect of a violation."""

    MANDATORY = "mandatory"
    ADVISORY = "advisory"
    REMEDIATE = "remediate"
    DISABLED = "disabled"


class Exemption(Settings):
    """A resource that a rule does not hold for, until a day."""

    rule: RuleName
    """The rule; `./caas policies` lists them."""
    resource: Text
    """The resource's name in the program, or the end of its URN, `type::name`; `*` and `?` match
    anything."""
    owner: Text
    """The person or team that answers for the exemption."""
    reason: Text
    """The reason of the exemption."""
    expires: Day
    """The last day that it counts, at most a year ahead."""


class Policies(Settings):
    """Settings of the rules in `policies/` for this stack."""

    levels: Annotated[dict[RuleName, Level], Field(max_length=1000, default_factory=dict)]
    """The effect of a violation, by the rule's name; overrides the rule's default level."""
    parameters: Annotated[
        dict[RuleName, dict[str, Any]], Field(max_length=1000, default_factory=dict)
    ]
    """Parameters by the rule's name; docs/policies.md lists the parameters of each rule."""
    exemptions: Annotated[tuple[Exemption, ...], Field(max_length=1000)] = ()
    """Resources that a rule does not hold for."""
