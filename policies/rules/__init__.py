"""Every rule, and the policies that Pulumi runs for them."""

from __future__ import annotations

from datetime import date

from pulumi_policy import Policy

from policies.rules import availability, releases, security

RULES = (*releases.RULES, *availability.RULES, *security.RULES)
"""All rules; tests hold that names are unique and that each is explained in docs/policies.md."""


def policies(on: date) -> list[Policy]:
    """The rules as Pulumi runs them; `on` is the day that end-of-life dates are compared with."""
    return [rule.policy(on) for rule in RULES]
