"""All cases, and running a rule through the interfaces that Pulumi calls."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from pulumi_policy import (
    PolicyCustomTimeouts,
    PolicyResource,
    PolicyResourceOptions,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import unknown_checking_proxy

from policies.rules import RULES
from tests.policies.case import Case, Given, R
from tests.policies.cases import addons, buckets, clouds, clusters, kubeadm, namespaces, pods

TODAY = date(2026, 11, 22)
BY_NAME = {rule.name: rule for rule in RULES}
CASES: dict[str, Case] = {
    name: case
    for module in (clusters, kubeadm, clouds, buckets, pods, namespaces, addons)
    for name, case in module.CASES.items()
}
FURTHER = kubeadm.FURTHER
DAYS = {"release-is-supported": date(2027, 3, 1)}
"""Rules whose cases are about another day."""


def options(resource: R) -> PolicyResourceOptions:
    timeouts = PolicyCustomTimeouts(0, 0, 0)
    return PolicyResourceOptions(resource.protect, [], None, [], timeouts, [])


def arguments(resource: R, config: Mapping[str, Any]) -> ResourceValidationArgs:
    return ResourceValidationArgs(
        resource.type,
        unknown_checking_proxy(resource.inputs),
        resource.urn,
        resource.name,
        options(resource),
        None,
        config,
    )


def report(
    name: str,
    given: Given,
    config: Mapping[str, Any] | None = None,
    on: date | None = None,
) -> list[str]:
    """The findings of the rule through the interface that Pulumi calls."""
    found: list[str] = []
    policy = BY_NAME[name].policy(on or DAYS.get(name, TODAY))
    config = CASES[name].parameters if config is None else config
    if isinstance(policy, StackValidationPolicy):
        resources = [
            PolicyResource(
                each.type,
                unknown_checking_proxy(each.inputs),
                each.urn,
                each.name,
                options(each),
                None,
                None,
                [],
                {},
            )
            for each in given
        ]
        args = StackValidationArgs(resources, config)
        policy.validate(args, lambda message, _urn=None: found.append(message))
        return found
    assert isinstance(policy, ResourceValidationPolicy)
    for resource in given:
        args_of_one = arguments(resource, config)
        policy.validate(args_of_one, lambda message, _urn=None: found.append(message))
    return found
