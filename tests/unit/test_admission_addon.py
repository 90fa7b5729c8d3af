"""The policies as an add-on: what they do, and whom they leave alone."""

from __future__ import annotations

from typing import Any

from catalog.admission import admission_rules
from tests.addons.examples import addon


def bindings(settings: dict[str, Any], **others: Any) -> dict[str, Any]:
    found = addon("admissionPolicies", settings, others=others).objects
    return {each["spec"]["policyName"]: each["spec"] for each in found if "Binding" in each["kind"]}


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
    found = excluded(bindings({"namespaces": ["legacy"]}, monitoring={}, calico={})[name])
    assert {"kube-system", "calico-system", "monitoring", "tigera-operator", "legacy"} <= set(found)


def test_a_parameter_of_the_file_wins() -> None:
    rule = "pods-are-unprivileged"
    given = {"parameters": {rule: {"systemNamespaces": ["only"]}}}
    assert excluded(bindings(given)[f"{rule}.policies.caas.dev"]) == ["only"]
