"""NetworkPolicies that namespaces begin with: nothing goes in or out but what is allowed."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import Field

from components.addon import NETWORK, Addon
from components.addon_settings import AddonSettings
from components.facts import ClusterFacts
from components.fields import Flag, Namespace
from components.finding import Finding
from components.mappings import Manifest
from components.network.flannel import FlannelSettings
from errors import network as codes

API_VERSION = "networking.k8s.io/v1"
NAMESPACE_LABEL = "kubernetes.io/metadata.name"
"""The label with its name that the API server sets on each namespace."""
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
"""System namespaces, whose pods connect to all machines."""
DNS_PODS = {"k8s-app": "kube-dns"}
"""The label of CoreDNS, as kubeadm installs it."""


class Direction(StrEnum):
    """The direction of a pod's traffic."""

    INGRESS = "Ingress"
    EGRESS = "Egress"


class NetworkPoliciesSettings(AddonSettings):
    """Default policies of namespaces; applications add policies for the traffic that they need."""

    TITLE: ClassVar = "Network policies"
    SUMMARY: ClassVar = "Denies pods of some namespaces everything but DNS, until it is allowed."
    EXAMPLE: ClassVar = {"namespaces": ["shop"]}

    namespaces: Annotated[tuple[Namespace, ...], Field(min_length=1, max_length=200)]
    """The namespaces; they are not created, and a policy waits until its namespace exists."""
    default_deny: Annotated[tuple[Direction, ...], Field(min_length=1, max_length=2)] = (
        Direction.INGRESS,
        Direction.EGRESS,
    )
    """The denied directions: traffic to pods, from pods, or both."""
    allow_dns: Flag = True
    """Allows the cluster's DNS if egress is denied."""
    allow_within: Flag = False
    """Allows traffic between pods of one namespace."""

    def addon(self, target: ClusterFacts) -> Addon:
        """Up to three policies for each namespace."""
        return Addon(
            "networkPolicies",
            objects=tuple(each for name in self.namespaces for each in self._policies(name)),
            needs=(NETWORK,),
            ready=tuple(f"NetworkPolicy {name}/default-deny" for name in self.namespaces),
        )

    def check(self, target: ClusterFacts) -> Iterator[Finding]:
        """POLICIES_NOT_ENFORCED, PROTECTED_NAMESPACE and DUPLICATE_NAME."""
        flannel = target.addons.get("flannel")
        if isinstance(flannel, FlannelSettings) and not flannel.network_policies:
            what, why = "NetworkPolicies are not enforced", f"`{target.name}` has Flannel"
            yield Finding(codes.POLICIES_NOT_ENFORCED, (), what, why=why, key=True)
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
            yield _policy(
                namespace, "allow-dns", {"policyTypes": ["Egress"], "egress": [dns_rule()]}
            )
        if self.allow_within:
            all_pods: list[dict[str, Any]] = [{"podSelector": {}}]
            within: dict[str, Any] = {"policyTypes": denied}
            if Direction.INGRESS in self.default_deny:
                within["ingress"] = [{"from": all_pods}]
            if Direction.EGRESS in self.default_deny:
                within["egress"] = [{"to": all_pods}]
            yield _policy(namespace, "allow-within", within)


def _policy(namespace: str, name: str, rules: dict[str, Any]) -> Manifest:
    return {
        "apiVersion": API_VERSION,
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"podSelector": {}, **rules},
    }


def dns_rule() -> dict[str, Any]:
    """The rule for egress to the cluster's DNS."""
    place = {"matchLabels": {NAMESPACE_LABEL: "kube-system"}}
    pods = {"namespaceSelector": place, "podSelector": {"matchLabels": DNS_PODS}}
    return {
        "to": [pods],
        "ports": [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")],
    }
