"""Rules about arguments that open a cluster to anyone.

A stack file is refused with such arguments already; these rules hold for clusters that other
programs register as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from pulumi_policy import EnforcementLevel, Severity

from policies.rules.cluster import API_SERVER, Cluster, Group
from policies.rules.rule import Rule, cis, groups, itself

Bad = Callable[[str], bool]


def _is_true(value: str) -> bool:
    return value.strip().lower() in ("true", "1", "t", "")


def _allows_all(value: str) -> bool:
    return "AlwaysAllow" in [mode.strip() for mode in value.split(",")]


def _lacks_rbac(value: str) -> bool:
    modes = {mode.strip() for mode in value.split(",")}
    return _allows_all(value) or not {"Node", "RBAC"} <= modes


def _is_set(_value: str) -> bool:
    return True


KUBELET_ARGUMENTS: dict[str, Bad] = {
    "anonymous-auth": _is_true,
    "authorization-mode": _allows_all,
    "read-only-port": lambda value: value.strip() != "0",
}
API_SERVER_ARGUMENTS: dict[str, Bad] = {
    "anonymous-auth": _is_true,
    "authorization-mode": _lacks_rbac,
    "token-auth-file": _is_set,
}


def _open_kubelets(group: Group, _on: date) -> Iterator[str]:
    for name, value in group.kubelet_arguments:
        if name in KUBELET_ARGUMENTS and KUBELET_ARGUMENTS[name](value):
            yield f"{group.title}: the kubelet runs with --{name}={value}"


def _open_api_server(cluster: Cluster, _on: date) -> Iterator[str]:
    for name, value in cluster.arguments(API_SERVER):
        if name in API_SERVER_ARGUMENTS and API_SERVER_ARGUMENTS[name](value):
            yield f"the API server runs with --{name}={value}"


RULES: tuple[Rule[Cluster] | Rule[Group], ...] = (
    Rule(
        "kubelets-are-closed",
        "No kubelet answers callers that it does not know.",
        Severity.CRITICAL,
        EnforcementLevel.MANDATORY,
        cis("4.2.1", "4.2.2", "4.2.4"),
        "Remove the argument from `kubelet.extraArgs` of the group.",
        groups,
        _open_kubelets,
    ),
    Rule(
        "api-server-is-closed",
        "The API server answers no caller that it does not know, and asks RBAC.",
        Severity.CRITICAL,
        EnforcementLevel.MANDATORY,
        cis("1.2.1", "1.2.2", "1.2.6", "1.2.7", "1.2.8"),
        "Remove the argument from `controlPlane.kubeadm.apiServer.extraArgs`.",
        itself,
        _open_api_server,
    ),
)
