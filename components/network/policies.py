"""NetworkPolicies that namespaces begin with: nothing goes in or out but what is allowed."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import Field

from components.addon import NETWORK, Addon, AddonSettings, Manifest, Target
from components.fields import Flag, Namespace
from components.finding import Finding
from components.network.flannel import Flannel
from errors import network as codes

API_VERSION = "networking.k8s.io/v1"
PROTECTED = frozenset(
    {
        "kube-system",
        "kube-public",
        "kube-node-lease",
        "tigera-operator",
        "calico-system",
        "calico-apiserver",
        "kube-flannel",
        "metallb-system",
    }
)
"""Namespaces of the cluster's own: what is there talks to all machines."""
DNS_PODS = {"k8s-app": "kube-dns"}
"""The label of CoreDNS, as kubeadm installs it."""


class Direction(StrEnum):
    """Where packets of a pod go."""

    INGRESS = "Ingress"
    EGRESS = "Egress"


class NetworkPolicies(AddonSettings):
    """Policies of namespaces; what each application needs is added by policies of its own."""

    TITLE: ClassVar = "Network policies"
    SUMMARY: ClassVar = "Denies pods of some namespaces everything but DNS, until it is allowed."
    EXAMPLE: ClassVar = {"namespaces": ["shop"]}

    namespaces: Annotated[tuple[Namespace, ...], Field(min_length=1, max_length=200)]
    """Where; they are not made, and a policy waits until its namespace is there."""
    default_deny: Annotated[tuple[Direction, ...], Field(min_length=1, max_length=2)] = (
        Direction.INGRESS,
        Direction.EGRESS,
    )
    """What is denied: what comes to pods, what goes from them, or both."""
    allow_dns: Flag = True
    """Whether pods may ask the cluster's DNS, when what goes from them is denied."""
    allow_within: Flag = False
    """Whether pods of one namespace may talk to each other."""

    def addon(self, target: Target) -> Addon:
        """Up to three policies for each namespace."""
        return Addon(
            "networkPolicies",
            objects=tuple(each for name in self.namespaces for each in self._policies(name)),
            needs=(NETWORK,),
            ready=tuple(f"NetworkPolicy {name}/default-deny" for name in self.namespaces),
        )

    def check(self, target: Target) -> Iterator[Finding]:
        """POLICIES_NOT_ENFORCED, PROTECTED_NAMESPACE and DUPLICATE_NAME."""
        flannel = target.addons.get("flannel")
        if isinstance(flannel, Flannel) and not flannel.network_policies:
            what = f"nothing in `{target.cluster.name}` holds NetworkPolicies"
            yield Finding(codes.POLICIES_NOT_ENFORCED, (), what, key=True)
        for index, name in enumerate(self.namespaces):
            path = ("namespaces", index)
            if name in PROTECTED:
                yield Finding(codes.PROTECTED_NAMESPACE, path, f"`{name}` is the cluster's own")
            if name in self.namespaces[:index]:
                yield Finding(codes.DUPLICATE_NAME, path, f"`{name}` is there twice")

    def _policies(self, namespace: str) -> Iterator[Manifest]:
        denied = [direction.value for direction in Direction if direction in self.default_deny]
        yield _policy(namespace, "default-deny", {"policyTypes": denied})
        if self.allow_dns and Direction.EGRESS in self.default_deny:
            yield _policy(namespace, "allow-dns", {"policyTypes": ["Egress"], "egress": [_dns()]})
        if self.allow_within:
            everybody: list[dict[str, Any]] = [{"podSelector": {}}]
            rules: dict[str, Any] = {"policyTypes": denied}
            if Direction.INGRESS in self.default_deny:
                rules["ingress"] = [{"from": everybody}]
            if Direction.EGRESS in self.default_deny:
                rules["egress"] = [{"to": everybody}]
            yield _policy(namespace, "allow-within", rules)


def _policy(namespace: str, name: str, rules: dict[str, Any]) -> Manifest:
    return {
        "apiVersion": API_VERSION,
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"podSelector": {}, **rules},
    }


def _dns() -> dict[str, Any]:
    place = {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}
    pods = {"namespaceSelector": place, "podSelector": {"matchLabels": DNS_PODS}}
    return {
        "to": [pods],
        "ports": [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")],
    }
