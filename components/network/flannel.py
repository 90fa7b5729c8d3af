"""Flannel: a network of pods and little else."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import Field

from components.addon import NETWORK, Addon, Port, SecurityLevel
from components.addon_settings import AddonSettings, merged
from components.chart import Chart
from components.facts import ClusterFacts
from components.fields import Count, Flag
from components.finding import Finding
from components.network import firewall, kube_proxy, mtu
from errors import network as codes

NAMESPACE = "kube-flannel"
BETWEEN = "pods of one machine to those of another"


class Backend(StrEnum):
    """The encapsulation of pod traffic between machines."""

    VXLAN = "vxlan"
    HOST_GW = "host-gw"
    WIREGUARD = "wireguard"


PORTS: dict[Backend, dict[int, int]] = {
    Backend.VXLAN: {4: 8472, 6: 8472},
    Backend.HOST_GW: {},
    Backend.WIREGUARD: {4: 51820, 6: 51821},
}
"""The UDP port of each backend for each family."""


class FlannelSettings(AddonSettings):
    """Flannel: each machine has the block of addresses that Kubernetes gives it."""

    TITLE: ClassVar = "Flannel"
    SUMMARY: ClassVar = "Small network plug-in that does not enforce policies itself."

    backend: Backend = Backend.VXLAN
    """`host-gw` needs all machines in one subnet, `wireguard` encrypts. Cannot be changed later."""
    direct_routing: Flag = False
    """With `vxlan`: packets stay as they are inside a subnet."""
    mtu: Annotated[Count, Field(ge=1280, le=9000)] | None = None
    """The largest packet of the machines' network; without it found out on the machines. Packets of
    pods are smaller by what the backend adds. Not with `host-gw`."""
    network_policies: Flag = False
    """Holds NetworkPolicies, by kube-network-policies of the Kubernetes project."""

    def addon(self, target: ClusterFacts) -> Addon:
        """One chart."""
        return Addon(
            "flannel",
            charts=(Chart("flannel", NAMESPACE, merged(self._values(target), self.values)),),
            namespaces={NAMESPACE: SecurityLevel.PRIVILEGED},
            provides=(NETWORK,),
            ports=self._ports(target),
            privileges=("the host's network", "the host's kernel modules and iptables"),
            ready=(f"DaemonSet {NAMESPACE}/kube-flannel-ds",),
        )

    def check(self, target: ClusterFacts) -> Iterator[Finding]:
        """KUBE_PROXY_MISSING, PORT_CLOSED and NETWORK_OPTION_NEEDS."""
        yield from kube_proxy.check(target, self.TITLE)
        yield from firewall.check(target, self._ports(target))
        if self.direct_routing and self.backend is not Backend.VXLAN:
            what = f"`directRouting` is of `vxlan`, and the backend is `{self.backend}`"
            yield Finding(codes.NETWORK_OPTION_NEEDS, ("directRouting",), what)
        if self.mtu and self.backend is Backend.HOST_GW:
            what = "`host-gw` leaves packets as they are, and their size too"
            yield Finding(codes.NETWORK_OPTION_NEEDS, ("mtu",), what, fix="Remove `mtu`.")
            return
        yield from mtu.check(target, self.mtu)

    def _ports(self, target: ClusterFacts) -> tuple[Port, ...]:
        """Those of the families of pods."""
        families = {cidr.network.version for cidr in target.network.pods}
        numbers = {number for family, number in PORTS[self.backend].items() if family in families}
        return tuple(Port(number, BETWEEN, "UDP") for number in sorted(numbers))

    def _values(self, target: ClusterFacts) -> dict[str, Any]:
        ranges = {cidr.network.version: str(cidr) for cidr in target.network.pods}
        options: dict[str, Any] = {"backend": self.backend.value}
        if self.direct_routing:
            options["directRouting"] = True
        if self.mtu:
            options["mtu"] = self.mtu
        return {
            "podCidr": ranges.get(4, ""),
            "podCidrv6": ranges.get(6, ""),
            "flannel": options,
            "netpol": {"enabled": self.network_policies},
        }
