"""The policies as an add-on: what they do, and whom they leave alone."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.admission import admission_rules
from errors import Code
from errors.policy import BAD_POLICY_PARAMETER, UNKNOWN_POLICY
from tests.addons.examples import addon
from tests.addons.rules import found


def bindings(settings: dict[str, Any], **others: Any) -> dict[str, Any]:
    objects = addon("admissionPolicies", settings, others=others).objects
    return {
        each["spec"]["policyName"]: each["spec"] for each in objects if "Binding" in each["kind"]
    }


def excluded(binding: dict[str, Any]) -> list[str]:
    (expression,) = binding["matchResources"]["namespaceSelector"]["matchExpressions"]
    assert expression["operator"] == "NotIn"
    values: list[str] = expression["values"]
    return values


def test_every_rule_has_a_policy_and_a_binding() -> None:
    objects = addon("admissionPolicies", {}).objects
    assert len(objects) == 2 * len(admission_rules())
    assert {each["kind"] for each in objects} == {
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
    }


def test_the_action_is_the_files() -> None:
    name = "pods-are-unprivileged.policies.caas.dev"
    assert bindings({})[name]["validationActions"] == ["Warn", "Audit"]
    assert bindings({"action": "deny"})[name]["validationActions"] == ["Deny", "Audit"]
    assert bindings({"action": "audit"})[name]["validationActions"] == ["Audit"]


def test_namespaces_of_add_ons_are_left_alone() -> None:
    name = "pods-are-unprivileged.policies.caas.dev"
    assert "monitoring" not in excluded(bindings({})[name])
    left = excluded(bindings({"namespaces": ["legacy"]}, monitoring={}, calico={})[name])
    assert {"kube-system", "calico-system", "monitoring", "tigera-operator", "legacy"} <= set(left)


def test_a_parameter_of_the_file_wins() -> None:
    rule = "pods-are-unprivileged"
    given = {"parameters": {rule: {"systemNamespaces": ["only"]}}}
    assert excluded(bindings(given)[f"{rule}.policies.caas.dev"]) == ["only"]


def test_namespaces_that_are_left_alone_need_no_level_of_pod_security() -> None:
    objects = addon("admissionPolicies", {"namespaces": ["legacy"]}).objects
    name = "namespaces-enforce-pod-security.policies.caas.dev"
    policy, _ = (each for each in objects if each["metadata"]["name"] == name)
    (validation,) = policy["spec"]["validations"]
    for namespace in ("legacy", "cilium-secrets", "kube-system", "monitoring"):
        assert f'"{namespace}"' in validation["expression"]


@pytest.mark.parametrize(
    ("rule", "given", "code", "place"),
    [
        ("no-such-rule", {}, UNKNOWN_POLICY, "no-such-rule"),
        ("jobs-end", {}, UNKNOWN_POLICY, "jobs-end"),
        ("images-are-pinned", {"digest": True}, BAD_POLICY_PARAMETER, "images-are-pinned.digest"),
        ("images-are-pinned", {"digests": 1}, BAD_POLICY_PARAMETER, "images-are-pinned.digests"),
        (
            "images-come-from-known-registries",
            {"registries": "registry.example.com"},
            BAD_POLICY_PARAMETER,
            "images-come-from-known-registries.registries",
        ),
    ],
)
def test_parameters_that_the_api_server_would_not_take(
    rule: str, given: dict[str, Any], code: Code, place: str
) -> None:
    settings = {"parameters": {rule: given}}
    assert found("admissionPolicies", settings) == [(code, f"admissionPolicies.parameters.{place}")]


def test_parameters_that_it_takes() -> None:
    settings = {
        "pods-are-unprivileged": {"systemNamespaces": ["kube-system", "legacy"]},
        "images-are-pinned": {"digests": True},
        "images-come-from-known-registries": {"registries": ["registry.example.com"]},
    }
    assert not found("admissionPolicies", {"parameters": settings})
