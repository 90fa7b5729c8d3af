"""What a stack file says about policies; `policies/` knows the rules and their parameters."""

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
    """A day as YAML reads it; Pulumi's engine adds a time of day to it."""
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value).removesuffix("T00:00:00Z"))
    except ValueError:
        what = f"{shown(value)} is not a day"
        raise refusal(stack_file.WRONG_TYPE, what, fix="Write it as 2027-06-30.") from None


Day = Annotated[date, BeforeValidator(_day)]


class Level(StrEnum):
    """What a violation of a rule does."""

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
    """Who answers for it."""
    reason: Text
    """Why it is so."""
    expires: Day
    """The last day that it counts, at most a year ahead."""


class Policies(Settings):
    """How the rules of `policies/` are applied to this stack."""

    levels: Annotated[dict[RuleName, Level], Field(max_length=1000, default_factory=dict)]
    """What a violation does, by the rule's name, instead of the rule's own level."""
    parameters: Annotated[
        dict[RuleName, dict[str, Any]], Field(max_length=1000, default_factory=dict)
    ]
    """What rules are told, by the rule's name; docs/policies.md has the parameters of each."""
    exemptions: Annotated[tuple[Exemption, ...], Field(max_length=1000)] = ()
    """Resources that a rule does not hold for."""
