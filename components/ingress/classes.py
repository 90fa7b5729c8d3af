"""Which GatewayClasses there are, what each can do, and which of them a cluster has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from components.addon import Target
from components.chart import Chart

GROUP = "gateway.networking.k8s.io"
VERSION = f"{GROUP}/v1"
DEFINITIONS = Chart("gateway-api-crds", "kube-system")
"""The chart with its definitions alone, which deletes them when it goes. Whoever brings it, it is
in one namespace: a release that moves is removed first."""
SHARED = "shared"
"""The name of a cluster's Gateway."""
NAMESPACE = "gateway"
"""The namespace of the Gateway and of its certificates."""
HTTP = "http"
"""The name of its listener of plain HTTP."""


class ClassName(StrEnum):
    """Who serves a Gateway."""

    ENVOY = "envoy"
    CILIUM = "cilium"
    TRAEFIK = "traefik"


class PlainHttp(StrEnum):
    """What the shared Gateway does with plain HTTP."""

    REDIRECT = "redirect"
    SERVE = "serve"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Traits:
    """What the implementation of a class can do.

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


def classes(target: Target) -> list[ClassName]:
    """The classes that a cluster has; the first one's add-on owns the Gateway API's definitions."""
    found = (settings.gateway_class() for settings in target.addons.values())
    return [ClassName(name) for name in found if name]


def serves_http(target: Target) -> bool:
    """Whether the cluster's shared Gateway listens for plain HTTP."""
    return getattr(target.addons.get("gateway"), "http", PlainHttp.NONE) is not PlainHttp.NONE


def has_tenants(target: Target) -> bool:
    """Whether the cluster's shared Gateway lets tenants add ListenerSets."""
    return getattr(target.addons.get("gateway"), "tenants", None) is not None
