"""The subnets of a cluster on Azure, derived from one address range."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

from components.cluster.settings import Cluster
from components.finding import Finding
from components.infrastructure.groups import range_taken
from errors import clouds

DEFAULT = IPv4Network("10.0.0.0/16")
"""Of machines, where `network.machines` gives no range."""
SMALLEST = 24
API_HOST = 100
"""The place of the API's private address in the control plane's subnet."""

VARIABLE = "azureNetwork"
DEFINITION = {
    "name": VARIABLE,
    "required": False,
    "schema": {
        "openAPIV3Schema": {
            "type": "object",
            "required": ["range", "controlPlane", "workers"],
            "properties": {
                "range": {"type": "string"},
                "controlPlane": {"type": "string"},
                "workers": {"type": "string"},
                "api": {"type": "string"},
            },
        }
    },
}


@dataclass(frozen=True, slots=True)
class Ranges:
    """One half is the control plane's, the other the workers'."""

    whole: IPv4Network

    @classmethod
    def of(cls, cluster: Cluster) -> Ranges:
        """Those that a cluster asks for."""
        given = [cidr.network for cidr in cluster.network.machines]
        return cls(next((each for each in given if isinstance(each, IPv4Network)), DEFAULT))

    @property
    def control_plane(self) -> IPv4Network:
        """The subnet of control-plane machines: a /24 of the lower half, or all of it."""
        half = next(self.whole.subnets())
        return next(half.subnets(new_prefix=max(half.prefixlen, SMALLEST)))

    @property
    def workers(self) -> IPv4Network:
        """The subnet of workers."""
        return list(self.whole.subnets())[1]

    @property
    def api(self) -> str:
        """The private address of the Kubernetes API."""
        return str(self.control_plane[API_HOST])

    def value(self) -> Mapping[str, Any]:
        """As the ClusterClass variable has it."""
        return {
            "range": str(self.whole),
            "controlPlane": str(self.control_plane),
            "workers": str(self.workers),
            "api": self.api,
        }


def check(place: tuple[str | int, ...], cluster: Cluster) -> Iterator[Finding]:
    """MACHINES_RANGE_TOO_SMALL, MACHINES_RANGE_TAKEN."""
    whole = Ranges.of(cluster).whole
    where = (*place, "network")
    if cluster.network.machines:
        where = (*where, "machines")
    if whole.prefixlen > SMALLEST:
        what = f"`{whole}` is smaller than a /{SMALLEST}"
        yield Finding(clouds.MACHINES_RANGE_TOO_SMALL, where, what)
    if cluster.network.machines:
        return  # between the ranges of the file another rule looks
    yield from range_taken(where, cluster, whole)
