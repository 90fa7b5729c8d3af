"""Settings of the shared Gateway."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, IPvAnyAddress

from components.addon_settings import AddonSettings
from components.facts import ClusterFacts
from components.fields import LabelKey, LabelValue, Settings
from components.ingress.classes import ClassName, PlainHttp, classes
from components.ingress.listener import Listener


class Tenants(Settings):
    """The namespaces that may add listeners."""

    namespaces: Annotated[dict[LabelKey, LabelValue], Field(min_length=1, max_length=20)]
    """Namespaces with these labels may have ListenerSets, and answer HTTP01 challenges."""


class GatewayOptions(AddonSettings):
    """The settings of the shared Gateway, and its class.

    The base of `GatewaySettings`, which imports the rules that read these settings.
    """

    class_name: Annotated[ClassName | None, Field(alias="class")] = None
    """The GatewayClass; by default that of the owner of the Gateway API: Cilium, Envoy Gateway,
    Traefik."""
    listeners: Annotated[tuple[Listener, ...], Field(min_length=1, max_length=60)]
    """The host names that it serves over TLS."""
    http: PlainHttp = PlainHttp.REDIRECT
    """Plain HTTP is sent to HTTPS (`redirect`), served (`serve`), or not listened for (`none`)."""
    tenants: Tenants | None = None
    """The namespaces that may add listeners; none by default."""
    addresses: Annotated[tuple[IPvAnyAddress, ...], Field(max_length=16)] = ()
    """The addresses that it requests; the load balancer chooses where there are none."""
    annotations: Annotated[dict[LabelKey, str], Field(max_length=8)] = Field(default_factory=dict)
    """Annotations for what serves it: an address pool of the load balancer."""

    def chosen(self, target: ClusterFacts) -> ClassName:
        """The class: the one that is named, or the first that the cluster has."""
        return self.class_name or next(iter(classes(target)), ClassName.ENVOY)
