"""Every rule, and the policies that Pulumi runs for them."""

from __future__ import annotations

from datetime import date

from pulumi_policy import Policy

from policies.rules import (
    addons,
    availability,
    control_planes,
    identity,
    lifecycle,
    machines,
    money,
    networks,
    pod_security,
    releases,
    secrets,
    storage,
    tenancy,
    workloads,
)
from policies.rules.rule import AnyRule

CHAPTERS: dict[str, tuple[AnyRule, ...]] = {
    module.TITLE: module.RULES
    for module in (
        releases,
        availability,
        control_planes,
        machines,
        networks,
        identity,
        pod_security,
        workloads,
        secrets,
        storage,
        tenancy,
        money,
        lifecycle,
        addons,
    )
}
"""The rules by what they are about, in the order of docs/policies.md."""
RULES: tuple[AnyRule, ...] = tuple(rule for rules in CHAPTERS.values() for rule in rules)
"""All rules; tests hold that names are unique."""


def policies(on: date) -> list[Policy]:
    """The rules as Pulumi runs them; `on` is the day that end-of-life dates are compared with."""
    return [rule.policy(on) for rule in RULES]
