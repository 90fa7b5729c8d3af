"""The GatewayClasses, their features, and the selection for a cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from components.chart import Chart
from components.facts import ClusterFacts

GROUP = "gateway.networking.k8s.io"
VERSION = f"{GROUP}/v1"
DEFINITIONS = Chart("gateway-api-crds", "kube-system")
"""The chart with its definitions alone, which deletes them when it goes. Every add-on that brings
it installs it into one namespace: a release that moves is removed first."""
SHARED = "shared"
"""The name of a cluster's Gateway."""
NAMESPACE = "gateway"
"""The namespace of the Gateway and of its certificates."""
HTTP = "http"
"""The name of its listener of plain HTTP."""


class ClassName(StrEnum):
    """The implementation of a Gateway."""

    ENVOY = "envoy"
    CILIUM = "cilium"
    TRAEFIK = "traefik"


class PlainHttp(StrEnum):
    """The handling of plain HTTP by the shared Gateway."""

    REDIRECT = "redirect"
    SERVE = "serve"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Traits:
    """The features of a class's implementation.

    Attributes:
        ports: the port that a listener names for each port of its Service; empty where they are
            the same and any may be used. Traefik's listeners name the ports of its entry points.
        addresses: whether a Gateway may ask for addresses.
        listener_sets: whether it serves ListenerSets.
    """

    ports: Mapping[int, int] = field(default_factory=dict)
    addresses: bool = True
    listener_sets: bool = False


TRAITS: Mapping[ClassName, Traits] = {
    ClassName.ENVOY: Traits(listener_sets=True),
    ClassName.CILIUM: Traits(),
    ClassName.TRAEFIK: Traits(ports={80: 8000, 443: 8443}, addresses=False),
}


def classes(target: ClusterFacts) -> list[ClassName]:
    """The classes that a cluster has; the first one's add-on owns the Gateway API's definitions."""
    found = (settings.gateway_class() for settings in target.addons.values())
    return [ClassName(name) for name in found if name]


def serves_http(target: ClusterFacts) -> bool:
    """True if the cluster's shared Gateway listens for plain HTTP."""
    return getattr(target.addons.get("gateway"), "http", PlainHttp.NONE) is not PlainHttp.NONE


def has_tenants(target: ClusterFacts) -> bool:
    """True if the cluster's shared Gateway allows ListenerSets of tenants."""
    return getattr(target.addons.get("gateway"), "tenants", None) is not None
