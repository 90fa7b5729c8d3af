"""The rules at admission are those of the pack: names, words, levels, parameters."""

from __future__ import annotations

import re
from typing import Any

import pytest

from catalog import catalog, retired
from catalog.admission import AdmissionRule, admission_rules, known_registries
from components.security.admission_policies import (
    ADVISORY,
    CODES,
    MANDATORY,
    SYSTEM_NAMESPACES,
    SYSTEM_PARAMETER,
    AdmissionAction,
    admission_policies,
)
from errors.policy import POLICY_ADVICE, POLICY_VIOLATED
from policies.rules.pod_security import SYSTEM
from tests.policies.table import BY_NAME

each_rule = pytest.mark.parametrize("rule", admission_rules(), ids=lambda rule: rule.name)
ONLY_THERE = {"images"}
"""Parameters that stand for what the pack reads from the catalog by itself."""


@each_rule
def test_it_is_the_same_rule(rule: AdmissionRule) -> None:
    own = BY_NAME[rule.name]
    assert rule.description == own.description
    assert rule.level == own.level.value
    assert rule.holds_in_system is (SYSTEM.name not in own.known)
    for name, default in rule.parameters.items():
        if name not in ONLY_THERE:
            expected = own.known[name].default
            assert default == (list(expected) if isinstance(expected, tuple) else expected)


def test_names_are_unique() -> None:
    assert len({rule.name for rule in admission_rules()}) == len(admission_rules())
    assert len(admission_rules()) >= 25


def test_codes_and_namespaces_are_those_of_the_pack() -> None:
    assert CODES[MANDATORY] == POLICY_VIOLATED.id
    assert CODES[ADVISORY] == POLICY_ADVICE.id
    assert SYSTEM.name == SYSTEM_PARAMETER
    assert SYSTEM.default == SYSTEM_NAMESPACES


def by_kind(kind: str, **arguments: Any) -> dict[str, Any]:
    return {
        each["metadata"]["name"].removesuffix(".policies.caas.dev"): each["spec"]
        for each in admission_policies(**arguments)
        if each["kind"] == kind
    }


def bindings(**arguments: Any) -> dict[str, Any]:
    return by_kind("ValidatingAdmissionPolicyBinding", **arguments)


def policies(**arguments: Any) -> dict[str, Any]:
    return by_kind("ValidatingAdmissionPolicy", **arguments)


@pytest.mark.parametrize(
    ("action", "mandatory", "advisory"),
    [
        (AdmissionAction.DENY, ["Deny", "Audit"], ["Warn", "Audit"]),
        (AdmissionAction.WARN, ["Warn", "Audit"], ["Warn", "Audit"]),
        (AdmissionAction.AUDIT, ["Audit"], ["Audit"]),
    ],
)
def test_actions(action: AdmissionAction, mandatory: list[str], advisory: list[str]) -> None:
    found = bindings(action=action)
    for rule in admission_rules():
        expected = mandatory if rule.level == MANDATORY else advisory
        assert found[rule.name]["validationActions"] == expected
    assert found.keys() == policies().keys() == {rule.name for rule in admission_rules()}


def test_levels() -> None:
    levels = {
        "pods-are-unprivileged": "advisory",
        "jobs-end": "mandatory",
        "images-are-pinned": "disabled",
    }
    found = bindings(levels=levels)
    assert found["pods-are-unprivileged"]["validationActions"] == ["Warn", "Audit"]
    assert "images-are-pinned" not in found
    (validation,) = policies(levels=levels)["pods-are-unprivileged"]["validations"]
    assert validation["message"].startswith("CAAS-4002 pods-are-unprivileged: No container is")


def test_parameters() -> None:
    given = {"pods-are-unprivileged": {"systemNamespaces": ["a", "b"]}}
    selector = bindings(parameters=given)["pods-are-unprivileged"]["matchResources"]
    (expression,) = selector["namespaceSelector"]["matchExpressions"]
    assert expression["values"] == ["a", "b"]
    pinned = {"images-are-pinned": {"digests": True}}
    (validation,) = policies(parameters=pinned)["images-are-pinned"]["validations"]
    assert "!true" in validation["expression"]


def test_only_another_pod_is_judged_anew_and_what_leaves_is_let_go() -> None:
    for rule in admission_rules():
        first = policies()[rule.name]["matchConditions"][0]
        assert first["name"] == ("pods-change" if rule.of_pods else "object-stays")
        if rule.of_pods:  # what the integration tests see: a Deployment is scaled, a pod changed
            assert ": oldObject.spec.template.spec)" in first["expression"]


def test_every_parameter_is_filled_in() -> None:
    for spec in policies().values():
        for validation in spec["validations"]:
            assert not re.search(r"\$[a-z]", validation["expression"])


def test_retired_images_are_those_of_the_list() -> None:
    (rule,) = (rule for rule in admission_rules() if rule.name == "images-are-maintained")
    patterns = rule.parameters["images"]
    assert len(patterns) == sum(len(found.images) for found in retired())
    assert any(re.search(pattern, "docker.io/grafana/promtail:3.5.0") for pattern in patterns)
    assert not any(re.search(pattern, "registry.k8s.io/pause:3.10.1") for pattern in patterns)


def test_registries_are_those_of_the_catalog() -> None:
    assert known_registries() == catalog().registries
