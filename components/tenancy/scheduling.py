"""Machines and priorities of tenants' pods.

A worker pool is set aside for namespaces by a label and a taint with the key `caas.dev/pool`. Where
the API server has MutatingAdmissionPolicies, pods of these namespaces get selector and toleration;
in all releases, pods that could run elsewhere, or on pools of others, are refused.

Pods are made by controllers, so these policies hold for every client.
"""

from __future__ import annotations

from typing import Any

from components.cluster.machine import TaintEffect
from components.facts import ClusterFacts
from components.fields import KubernetesVersion
from components.mappings import Manifest
from components.security.admission_policies import API_VERSION
from components.tenancy.admission import DOMAIN, OF_TENANTS, policy
from components.tenancy.names import POOL_LABEL, PREFIX
from errors.tenant_refusals import POD_ON_FOREIGN_MACHINES, PRIORITY_NOT_FOR_TENANTS

MUTATING_SINCE = (1, 36)
"""The Kubernetes release that serves MutatingAdmissionPolicy as `v1`, without a feature gate."""
PRIORITIES = {"high": 1000, "low": -1000}
"""Pods that start first, and that give way; those of the platform are above."""
_POOL = f'namespaceObject.metadata.?labels[?"{POOL_LABEL}"].orValue("")'
_NODES_BEFORE = "oldObject.spec.?tolerations.orValue([])"
_NODES = "object.spec.?tolerations.orValue([])"
_NEW = {
    "name": "tolerations-change",
    # What was there before the policy is left alone, so that its finalizers can be taken away.
    "expression": f'request.operation == "CREATE" || {_NODES} != {_NODES_BEFORE}',
}
_OWN_TOLERATIONS = (
    f"{_NODES}.all(each, "
    'each.?key.orValue("") != "" '
    '&& !each.key.startsWith("node-role.kubernetes.io/") '
    f'&& (each.key != "{POOL_LABEL}" || (variables.pool != "" '
    '&& each.?operator.orValue("Equal") == "Equal" && each.?value.orValue("") == variables.pool)))'
)
_OWN_SELECTOR = (
    'variables.pool == "" '
    f'|| object.spec.?nodeSelector[?"{POOL_LABEL}"].orValue("") == variables.pool'
)
_SCHEDULED = 'request.operation != "CREATE" || object.spec.?nodeName.orValue("") == ""'


def why_not_set_aside(target: ClusterFacts, pool: str) -> str:
    """The fault of a worker pool that a namespace names; empty if there is none."""
    found = next((each for each in target.pools if each.name == pool), None)
    if found is None:
        return f"`{target.name}` has no worker pool `{pool}`"
    if found.labels.get(POOL_LABEL) != pool:
        return f"the worker pool `{pool}` of `{target.name}` has no label `{POOL_LABEL}: {pool}`"
    closing = (TaintEffect.NO_SCHEDULE, TaintEffect.NO_EXECUTE)
    if not any(
        (each.key, each.value) == (POOL_LABEL, pool) and each.effect in closing
        for each in found.taints
    ):
        return f"the worker pool `{pool}` of `{target.name}` has no taint `{POOL_LABEL}={pool}`"
    return ""


def placement() -> list[Manifest]:
    """The policy about the machines of pods, and its binding."""
    message = (
        '"a pod of this namespace " + (variables.pool == "" ? "" : '
        f'"has the nodeSelector {POOL_LABEL}: " + variables.pool + ", ") '
        '+ "tolerates single taints, none of control planes and of other pools, '
        'and names no machine"'
    )
    return [
        *policy(
            "machines",
            {"": ["pods"]},
            f"({_OWN_TOLERATIONS}) && ({_OWN_SELECTOR}) && ({_SCHEDULED})",
            POD_ON_FOREIGN_MACHINES,
            message,
            variables={"pool": _POOL},
            conditions=(_NEW,),
        )
    ]


def to_own_pool(version: KubernetesVersion) -> list[Manifest]:
    """The policy that sends pods to the pool of their namespace; none in older releases."""
    if (version.major, version.minor) < MUTATING_SINCE:
        return []
    name = f"own-pool.{DOMAIN}"
    key = f'"/spec/nodeSelector/" + jsonpatch.escapeKey("{POOL_LABEL}")'
    toleration = (
        f'Object.spec.tolerations{{key: "{POOL_LABEL}", operator: "Equal", value: {_POOL}}}'
    )
    patches = (
        "(has(object.spec.nodeSelector) ? [] : "
        '[JSONPatch{op: "add", path: "/spec/nodeSelector", value: {}}]) '
        f'+ [JSONPatch{{op: "add", path: {key}, value: {_POOL}}}] '
        "+ (has(object.spec.tolerations) ? [] : "
        '[JSONPatch{op: "add", path: "/spec/tolerations", value: []}]) '
        f'+ ({_NODES}.exists(each, each.?key.orValue("") == "{POOL_LABEL}") ? [] : '
        f'[JSONPatch{{op: "add", path: "/spec/tolerations/-", value: {toleration}}}])'
    )
    pods = {
        "apiGroups": [""],
        "apiVersions": ["v1"],
        "operations": ["CREATE"],
        "resources": ["pods"],
    }
    of_pool = {"key": POOL_LABEL, "operator": "Exists"}
    selected = {"matchExpressions": [*OF_TENANTS["matchExpressions"], of_pool]}
    spec = {
        "failurePolicy": "Fail",
        "reinvocationPolicy": "Never",
        "matchConstraints": {"resourceRules": [pods]},
        "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": patches}}],
    }
    binding = {"policyName": name, "matchResources": {"namespaceSelector": selected}}
    return [
        _object("MutatingAdmissionPolicy", name, spec),
        _object("MutatingAdmissionPolicyBinding", name, binding),
    ]


def priorities() -> list[Manifest]:
    """The PriorityClasses of tenants, which displace no pods, and the policy about others."""
    known = [*map(_class, PRIORITIES)]
    names = ", ".join(f'"{each}"' for each in known)
    return [
        *(
            {
                "apiVersion": "scheduling.k8s.io/v1",
                "kind": "PriorityClass",
                "metadata": {"name": _class(name)},
                "value": value,
                "preemptionPolicy": "Never",
                "description": f"Pods of tenants, {name}.",
            }
            for name, value in PRIORITIES.items()
        ),
        *policy(
            "priorities",
            {"": ["pods"]},
            f'object.spec.?priorityClassName.orValue("") in [{names}] '
            "|| object.spec.?priority.orValue(0) <= 0",
            PRIORITY_NOT_FOR_TENANTS,
            '"the PriorityClass `" + object.spec.?priorityClassName.orValue("") '
            f'+ "` would displace pods of others; tenants have {" and ".join(known)}"',
            operations=("CREATE",),
            conditions=(),
        ),
    ]


def _class(name: str) -> str:
    return f"{PREFIX}tenant-{name}"


def _object(kind: str, name: str, spec: dict[str, Any]) -> Manifest:
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name}, "spec": spec}
