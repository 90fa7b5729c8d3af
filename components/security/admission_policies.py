"""The rules of `policies/` at admission: ValidatingAdmissionPolicies and their bindings.

What a tenant applies by hand meets the same rule, under the same name and code, as what a stack
file declares. No webhook and no pod is needed: the API server checks by itself.

Source: https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from string import Template
from typing import Any

from catalog.admission import AdmissionRule, admission_rules
from components.mappings import Manifest

API_VERSION = "admissionregistration.k8s.io/v1"
DOMAIN = "policies.caas.dev"
PAGE = "docs/policies.md"
SYSTEM_NAMESPACES = ("kube-system",)
SYSTEM_PARAMETER = "systemNamespaces"
MANDATORY, ADVISORY, REMEDIATE, DISABLED = "mandatory", "advisory", "remediate", "disabled"
CODES = {MANDATORY: "CAAS-4001", REMEDIATE: "CAAS-4001", ADVISORY: "CAAS-4002"}


def _pod_of(state: str) -> str:
    """The pod's spec in an object, as it is or as it was."""
    return (
        f'object.kind == "Pod" ? {state}.spec '
        f': object.kind == "CronJob" ? {state}.spec.jobTemplate.spec.template.spec '
        f': object.kind == "PodTemplate" ? {state}.template.spec '
        f": {state}.spec.template.spec"
    )


_POD_VARIABLES = {
    "spec": _pod_of("object"),
    "started": "variables.spec.?initContainers.orValue([]) "
    "+ variables.spec.?containers.orValue([])",
    "containers": "variables.started + variables.spec.?ephemeralContainers.orValue([])",
    "security": "variables.spec.?securityContext.orValue({})",
    "windows": 'variables.spec.?os.?name.orValue("") == "windows"',
}
_CHANGES = {
    "name": "pods-change",
    # What was there before the rule, and is only labelled, scaled or deleted, is left alone: a
    # rollout to better pods scales the worse ones down.
    "expression": f'request.operation != "UPDATE" || ({_pod_of("object")}) '
    f"!= ({_pod_of('oldObject')})",
}
_STAYS = {
    "name": "object-stays",
    # Or it would stay for ever: who takes its finalizers away updates it.
    "expression": "!has(object.metadata.deletionTimestamp)",
}


class AdmissionAction(StrEnum):
    """The action of the API server on a violation of a mandatory rule, in addition to an audit
    annotation."""

    DENY = "deny"
    WARN = "warn"
    AUDIT = "audit"


def admission_policies(
    action: AdmissionAction = AdmissionAction.DENY,
    *,
    levels: Mapping[str, str] | None = None,
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[Manifest]:
    """A policy and a binding for each rule, to be applied to a cluster.

    What an advisory rule refuses is warned of, or only noted down where `action` is `audit`.

    Args:
        action: for what a mandatory rule refuses.
        levels: instead of the rules' own, by name: mandatory, advisory, remediate, disabled.
        parameters: of rules, by the rule's name and their own; those that only the pack knows are
            left alone.
    """
    found: list[Manifest] = []
    for rule in admission_rules():
        level = (levels or {}).get(rule.name, rule.level)
        if level != DISABLED:
            found += _manifests(rule, level, action, (parameters or {}).get(rule.name, {}))
    return found


def _manifests(
    rule: AdmissionRule, level: str, action: AdmissionAction, given: Mapping[str, Any]
) -> tuple[Manifest, Manifest]:
    name = f"{rule.name}.{DOMAIN}"
    labels = {"app.kubernetes.io/managed-by": "caas"}
    metadata = {"name": name, "labels": labels}
    policy = {
        "apiVersion": API_VERSION,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": metadata,
        "spec": _spec(rule, level, given),
    }
    spec: dict[str, Any] = {"policyName": name, "validationActions": _actions(level, action)}
    if not rule.holds_in_system:
        system = list(given.get(SYSTEM_PARAMETER, SYSTEM_NAMESPACES))
        spec["matchResources"] = {
            "namespaceSelector": {
                "matchExpressions": [
                    {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": system}
                ]
            }
        }
    binding = {
        "apiVersion": API_VERSION,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": metadata,
        "spec": spec,
    }
    return policy, binding


def _actions(level: str, action: AdmissionAction) -> list[str]:
    if action is AdmissionAction.AUDIT:
        return ["Audit"]
    denies = action is AdmissionAction.DENY and level in (MANDATORY, REMEDIATE)
    return ["Deny" if denies else "Warn", "Audit"]


def _spec(rule: AdmissionRule, level: str, given: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: given.get(name, default) for name, default in rule.parameters.items()}
    words = {name: json.dumps(_listed(value)) for name, value in values.items()}
    message = f"{CODES[level]} {rule.name}: {rule.description} See {PAGE}#{rule.name}."
    spec: dict[str, Any] = {
        "failurePolicy": "Fail",
        "matchConstraints": {
            "resourceRules": [
                {
                    "apiGroups": [group],
                    "apiVersions": ["*"],
                    "operations": ["CREATE", "UPDATE"],
                    "resources": list(resources),
                }
                for group, resources in rule.resources.items()
            ]
        },
        "validations": [
            {
                "expression": Template(expression).safe_substitute(words),
                "message": message,
                "reason": "Forbidden",
            }
            for expression in rule.validations
        ],
    }
    conditions = [_CHANGES if rule.of_pods else _STAYS]
    if rule.exception:
        conditions = [*conditions, {"name": "exceptions", "expression": f"!({rule.exception})"}]
    spec["matchConditions"] = conditions
    if rule.of_pods:
        spec["variables"] = [
            {"name": name, "expression": expression} for name, expression in _POD_VARIABLES.items()
        ]
    return spec


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
