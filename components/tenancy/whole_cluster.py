"""A whole cluster of a tenant: rights of its people in all of it, and their bounds.

Its owners make namespaces and give people access to them. They are no administrators: the
namespaces of the platform hold its credentials, and RBAC cannot leave namespaces out. So no right
to read Secrets spans the cluster, and an admission policy keeps what the owners write to namespaces
with the label of their tenant.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from components.mappings import Manifest
from components.security.admission_policies import API_VERSION
from components.tenancy.access import RBAC, READ, WRITE, subject, viewer_rules
from components.tenancy.access import role_name as role_of_namespace
from components.tenancy.access import rule as allow
from components.tenancy.admission import DOMAIN, NOT_PLATFORM
from components.tenancy.names import DOMAINS_ANNOTATION, TENANT_LABEL
from components.tenancy.settings import People
from errors.tenant_refusals import NAMESPACE_OF_PLATFORM

_PERSON = {
    "name": "a-person",
    "expression": '!request.userInfo.username.startsWith("system:")',
}
"""Leaves out controllers of add-ons. Service accounts of the tenant have rights in its namespaces
only."""
LEVEL = "pod-security.kubernetes.io/enforce"
ROLES = ("owner", "member", "viewer")
_BOUNDS = {
    "": ["limitranges", "resourcequotas"],
    "networking.k8s.io": ["networkpolicies"],
    RBAC: ["rolebindings"],
}
"""Kinds that the owners write in their namespaces, beside what members write."""


def role_name(role: str) -> str:
    """The name of a ClusterRole in a whole cluster, and of its binding."""
    return role_of_namespace(f"cluster-{role}")


def objects(tenant: str, people: People, domains: Sequence[str]) -> list[Manifest]:
    """The ClusterRoles, their bindings, and the admission policy of the cluster."""
    return [*_roles(), *_bindings(tenant, people), *_policy(tenant, domains)]


def _roles() -> list[Manifest]:
    """Rights that members get in a namespace are given by its owners."""
    seen = [
        *viewer_rules(),
        allow("", ["namespaces", "nodes", "persistentvolumes"], READ),
        allow("metrics.k8s.io", ["nodes"], READ),
        allow("storage.k8s.io", ["storageclasses"], READ),
    ]
    given = allow(RBAC, ["clusterroles"], ["bind"])
    owner = [
        *seen,
        allow("", ["namespaces"], WRITE),
        *(allow(group, kinds, WRITE) for group, kinds in _BOUNDS.items()),
        {**given, "resourceNames": [role_of_namespace(role) for role in ROLES]},
    ]
    found = {"owner": owner, "member": seen, "viewer": seen}
    return [
        {
            "apiVersion": f"{RBAC}/v1",
            "kind": "ClusterRole",
            "metadata": {"name": role_name(role)},
            "rules": rules,
        }
        for role, rules in found.items()
    ]


def _bindings(tenant: str, people: People) -> list[Manifest]:
    found = {"owner": people.owners, "member": people.members, "viewer": people.viewers}
    return [
        {
            "apiVersion": f"{RBAC}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": role_name(role), "labels": {TENANT_LABEL: tenant}},
            "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role_name(role)},
            "subjects": [subject(each) for each in entries],
        }
        for role, entries in found.items()
    ]


def _policy(tenant: str, domains: Sequence[str]) -> tuple[Manifest, Manifest]:
    """Namespaces of the tenant carry its label, a Pod Security level and none but its domains."""
    own, served = json.dumps(tenant), json.dumps(",".join(domains))
    is_own = f'{{0}}.metadata.?labels[?"{TENANT_LABEL}"].orValue("") == {own}'
    rules = {**_BOUNDS, "": [*_BOUNDS[""], "namespaces"], RBAC: ["rolebindings", "roles"]}
    code = NAMESPACE_OF_PLATFORM.id
    message = f"{code}: the namespace does not have the label {TENANT_LABEL}: {tenant}"
    level = f'object.metadata.?labels[?"{LEVEL}"].orValue("") in ["baseline", "restricted"]'
    listed = f'object.metadata.?annotations[?"{DOMAINS_ANNOTATION}"].orValue("") in ["", {served}]'
    is_namespace = 'request.resource.resource == "namespaces"'
    validations = [
        (
            f"{is_namespace} "
            f"? (oldObject == null || {is_own.format('oldObject')}) "
            f"&& (object == null || {is_own.format('object')}) "
            f": {is_own.format('namespaceObject')}",
            message,
        ),
        (
            f"!({is_namespace}) || object == null || {level}",
            f"{code}: the namespace has no label {LEVEL}: restricted, or baseline",
        ),
        (
            f"!({is_namespace}) || object == null || {listed}",
            f"{code}: the annotation {DOMAINS_ANNOTATION} is that of the stack file or absent",
        ),
    ]
    name = f"whole-cluster.{DOMAIN}"
    matched = [
        {
            "apiGroups": [group],
            "apiVersions": ["*"],
            "operations": ["CREATE", "UPDATE", "DELETE"],
            "resources": resources,
        }
        for group, resources in rules.items()
    ]
    policy: Manifest = {
        "apiVersion": API_VERSION,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {"resourceRules": matched},
            "matchConditions": [NOT_PLATFORM, _PERSON],
            "validations": [
                {"expression": expression, "message": text} for expression, text in validations
            ],
        },
    }
    binding: Manifest = {
        "apiVersion": API_VERSION,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {"policyName": name, "validationActions": ["Deny"]},
    }
    return policy, binding
