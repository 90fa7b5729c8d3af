"""Admission policies of clusters with tenants: the API server refuses what tenants may not do.

They hold in namespaces with the label of a tenant only, so a fault in them stops nothing of the
platform. What differs between tenants is in the annotations of their namespaces.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from components.mappings import Manifest
from components.security.admission_policies import API_VERSION
from components.tenancy.access import GATEWAY, RBAC, ROUTES
from components.tenancy.names import DOMAINS_ANNOTATION, PREFIX, TENANT_LABEL
from errors import Code
from errors.tenant_refusals import (
    ACCESS_GIVEN_BY_TENANT,
    HOST_NAME_FOREIGN,
    PLATFORM_OBJECT,
    SERVICE_NOT_FOR_TENANTS,
    TOKEN_IN_SECRET,
)

DOMAIN = "tenancy.caas.dev"
OF_TENANTS = {"matchExpressions": [{"key": TENANT_LABEL, "operator": "Exists"}]}
"""Selects the namespaces of tenants."""
Kinds = Mapping[str, Sequence[str]]
NOT_PLATFORM = {
    "name": "not-the-platform",
    "expression": 'request.userInfo.username != "system:kube-controller-manager" '
    '&& !request.userInfo.username.startsWith("system:serviceaccount:kube-system:") '
    f'&& !authorizer.group("{RBAC}").resource("clusterroles").check("escalate").allowed()',
}
"""Holds for requests of everybody but administrators of the cluster and its own controllers."""
_MAKES_NO_NAMESPACES = {
    "name": "makes-no-namespaces",
    "expression": '!authorizer.group("").resource("namespaces").check("create").allowed()',
}
"""Leaves out the owners of a whole cluster, who give people access to their namespaces."""
_METADATA = '(request.operation == "DELETE" ? oldObject : object).metadata'
_NAME = 'variables.metadata.?name.orValue(variables.metadata.?generateName.orValue(""))'
_HOSTS = (
    'object.kind == "Ingress" '
    '? object.spec.?rules.orValue([]).map(each, each.?host.orValue("")) '
    "+ object.spec.?tls.orValue([]).map(each, each.?hosts.orValue([])).flatten() "
    ': object.kind in ["Gateway", "ListenerSet", "XListenerSet"] '
    '? object.spec.?listeners.orValue([]).map(each, each.?hostname.orValue("")) '
    ': size(object.spec.?hostnames.orValue([])) == 0 ? [""] : object.spec.hostnames'
)
_DOMAINS = (
    f'namespaceObject.metadata.?annotations[?"{DOMAINS_ANNOTATION}"].orValue("").split(",")'
    '.filter(each, each != "")'
)


def policies_of_tenants() -> list[Manifest]:
    """The policies and their bindings; the same in every cluster."""
    return [
        *policy(
            "platform-objects",
            {
                "": ["limitranges", "resourcequotas"],
                "networking.k8s.io": ["networkpolicies"],
                RBAC: ["rolebindings", "roles"],
            },
            f'!variables.name.startsWith("{PREFIX}")',
            PLATFORM_OBJECT,
            '"`" + variables.name + "` belongs to the platform"',
            operations=("CREATE", "UPDATE", "DELETE"),
            variables={"metadata": _METADATA, "name": _NAME},
        ),
        *policy(
            "access-by-tenants",
            {RBAC: ["rolebindings"]},
            "object.?subjects.orValue([]).all(each, "
            'each.kind == "ServiceAccount" && each.?namespace.orValue("") == request.namespace)',
            ACCESS_GIVEN_BY_TENANT,
            '"a RoleBinding of a tenant is for service accounts of the same namespace"',
            conditions=(NOT_PLATFORM, _MAKES_NO_NAMESPACES),
        ),
        *policy(
            "account-tokens",
            {"": ["secrets"]},
            'object.?type.orValue("") != "kubernetes.io/service-account-token"',
            TOKEN_IN_SECRET,
            '"a Secret of this type gets a token of a service account, which never expires"',
        ),
        *policy(
            "host-names",
            {
                "networking.k8s.io": ["ingresses"],
                GATEWAY: [*ROUTES, "gateways", "listenersets"],
                "gateway.networking.x-k8s.io": ["xlistenersets"],
            },
            "!has(object.spec.defaultBackend) && variables.hosts.all(host, "
            'variables.domains.exists(each, host == each || host.endsWith("." + each)))',
            HOST_NAME_FOREIGN,
            '"host names of this namespace end in " + (size(variables.domains) == 0 '
            '? "no domain: its tenant has none" : variables.domains.join(" or ")) + ", not in " '
            '+ variables.hosts.map(each, each == "" ? "an empty name" : each).join(", ")',
            variables={"hosts": _HOSTS, "domains": _DOMAINS},
        ),
        *policy(
            "services",
            {"": ["services"]},
            "size(object.spec.?externalIPs.orValue([])) == 0 "
            '&& !(object.spec.?type.orValue("ClusterIP") in ["NodePort", "ExternalName"])',
            SERVICE_NOT_FOR_TENANTS,
            '"a Service of a tenant has no externalIPs, and is neither NodePort nor ExternalName"',
        ),
    ]


def policy(
    name: str,
    kinds: Kinds,
    expression: str,
    code: Code,
    message: str,
    *,
    operations: Sequence[str] = ("CREATE", "UPDATE"),
    variables: Mapping[str, str] | None = None,
    conditions: Sequence[Mapping[str, str]] = (NOT_PLATFORM,),
) -> tuple[Manifest, Manifest]:
    """A policy for namespaces of tenants, and its binding.

    Args:
        name: of both, the domain aside.
        kinds: the resources of API groups.
        expression: holds for what is accepted.
        code: of what is refused.
        message: an expression, of what is refused.
        operations: requests that it is about.
        variables: expressions by name.
        conditions: of the requests that it is about.
    """
    full = f"{name}.{DOMAIN}"
    rules = [
        {
            "apiGroups": [group],
            "apiVersions": ["*"],
            "operations": list(operations),
            "resources": list(resources),
        }
        for group, resources in kinds.items()
    ]
    spec: dict[str, Any] = {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": rules},
        "matchConditions": list(conditions),
        "variables": [{"name": key, "expression": each} for key, each in (variables or {}).items()],
        "validations": [
            {"expression": expression, "messageExpression": f'"{code.id}: " + {message}'}
        ],
    }
    policy = {
        "apiVersion": API_VERSION,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": full},
        "spec": spec,
    }
    binding = {
        "apiVersion": API_VERSION,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": full},
        "spec": {
            "policyName": full,
            "validationActions": ["Deny"],
            "matchResources": {"namespaceSelector": OF_TENANTS},
        },
    }
    return policy, binding
