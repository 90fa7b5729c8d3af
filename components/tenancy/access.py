"""Rights of the people of tenants: ClusterRoles of this project, and bindings in namespaces.

The built-in ClusterRole `edit` would let its users create tokens for service accounts, impersonate
them, and open the network. These roles do neither.
"""

from __future__ import annotations

from typing import Any

from components.mappings import Manifest
from components.tenancy.names import PREFIX, deployer
from components.tenancy.settings import People

RBAC = "rbac.authorization.k8s.io"
READ = ["get", "list", "watch"]
WRITE = ["create", "update", "patch", "delete"]
GATEWAY = "gateway.networking.k8s.io"
ROUTES = ["httproutes", "grpcroutes", "tlsroutes"]
DEPLOYED: dict[str, list[str]] = {
    "": ["configmaps", "pods", "replicationcontrollers", "serviceaccounts", "services"],
    "apps": ["daemonsets", "deployments", "replicasets", "statefulsets"],
    "autoscaling": ["horizontalpodautoscalers"],
    "batch": ["cronjobs", "jobs"],
    "networking.k8s.io": ["ingresses"],
    "policy": ["poddisruptionbudgets"],
    GATEWAY: ROUTES,
}
"""Kinds that members write and viewers read."""
SCALED = ["deployments/scale", "replicasets/scale", "statefulsets/scale"]
SEEN: dict[str, list[str]] = {
    "": [
        "endpoints",
        "events",
        "limitranges",
        "persistentvolumeclaims",
        "pods/log",
        "pods/status",
        "resourcequotas",
    ],
    "apps": SCALED,
    "discovery.k8s.io": ["endpointslices"],
    "events.k8s.io": ["events"],
    "metrics.k8s.io": ["pods"],
    "networking.k8s.io": ["networkpolicies"],
    RBAC: ["rolebindings", "roles"],
}
"""Kinds that all people of a tenant read."""


def roles() -> list[Manifest]:
    """The ClusterRoles of owners, members and viewers; the same in every cluster."""
    viewer = viewer_rules()
    member = [
        *viewer,
        *(rule(group, kinds, WRITE) for group, kinds in DEPLOYED.items()),
        rule("", ["secrets"], [*READ, *WRITE]),
        rule("", ["persistentvolumeclaims"], ["create", "update", "patch"]),
        rule("", ["pods/attach", "pods/exec", "pods/portforward"], ["get", "create"]),
        rule("", ["pods/eviction"], ["create"]),
        rule("apps", SCALED, ["update", "patch"]),
    ]
    owner = [
        *member,
        rule("", ["persistentvolumeclaims"], ["delete"]),
        rule(RBAC, ["rolebindings", "roles"], WRITE),
    ]
    found = {"owner": owner, "member": member, "viewer": viewer}
    return [
        {
            "apiVersion": f"{RBAC}/v1",
            "kind": "ClusterRole",
            "metadata": {"name": role_name(role)},
            "rules": rules,
        }
        for role, rules in found.items()
    ]


def viewer_rules() -> list[dict[str, Any]]:
    """The rules by which all people of a tenant read."""
    return [rule(group, kinds, READ) for group, kinds in [*DEPLOYED.items(), *SEEN.items()]]


def role_name(role: str) -> str:
    """The name of a ClusterRole, and of its RoleBindings: `caas-tenant-owner`."""
    return f"{PREFIX}tenant-{role}"


def bindings(people: People, namespace: str, labels: dict[str, str]) -> list[Manifest]:
    """The RoleBindings of a namespace, one for each role.

    A binding without people stays, with no subjects: what delivers objects to clusters removes
    none, and so an entry that leaves the file loses its rights.
    """
    found = {"owner": people.owners, "member": people.members, "viewer": people.viewers}
    return [
        {
            "apiVersion": f"{RBAC}/v1",
            "kind": "RoleBinding",
            "metadata": {"name": role_name(role), "namespace": namespace, "labels": labels},
            "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role_name(role)},
            "subjects": [subject(each) for each in entries],
        }
        for role, entries in found.items()
    ]


def deployer_binding(
    tenant: str, account_namespace: str, namespace: str, labels: dict[str, str]
) -> Manifest:
    """The RoleBinding of the account that installs a tenant's applications: the rights of owners.

    Args:
        tenant: the name of the tenant.
        account_namespace: where Flux has the account from.
        namespace: of the tenant.
        labels: of the binding.
    """
    account = {"kind": "ServiceAccount", "name": deployer(tenant), "namespace": account_namespace}
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": f"{PREFIX}deployer", "namespace": namespace, "labels": labels},
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role_name("owner")},
        "subjects": [account],
    }


def subject(person: str) -> dict[str, str]:
    """The subject of a binding that an entry of `people` means."""
    user = person.removeprefix("user:")
    kind = "Group" if user == person else "User"
    return {"kind": kind, "name": user, "apiGroup": RBAC}


def rule(group: str, resources: list[str], verbs: list[str]) -> dict[str, Any]:
    """A rule of a role."""
    return {"apiGroups": [group], "resources": sorted(resources), "verbs": list(verbs)}
