"""The Service through which a cluster is reached from outside."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from components.addresses import Cidr
from components.facts import ClusterFacts
from components.fields import LabelKey, Settings
from components.finding import Finding
from errors.ingress import SOURCE_RANGES_UNHELD


class ServiceType(StrEnum):
    """The Service of an implementation."""

    LOAD_BALANCER = "LoadBalancer"
    NODE_PORT = "NodePort"
    CLUSTER_IP = "ClusterIP"


class TrafficPolicy(StrEnum):
    """The pods that receive the traffic of a machine."""

    LOCAL = "Local"
    CLUSTER = "Cluster"


class ProxyService(Settings):
    """The Service in front of the proxies."""

    type: ServiceType = ServiceType.LOAD_BALANCER
    """`LoadBalancer`, or `NodePort` where an appliance of your own sends to the machines."""
    load_balancer_class: Annotated[LabelKey, Field(max_length=253)] | None = None
    """The load balancer class, if another implementation handles Services without a class."""
    annotations: dict[LabelKey, str] = Field(default_factory=dict)
    """Annotations for the load balancer: an address pool, whether it is internal."""
    traffic_policy: TrafficPolicy = TrafficPolicy.LOCAL
    """`Local` keeps the caller's address, and sends only to machines with a proxy."""
    source_ranges: Annotated[tuple[Cidr, ...], Field(max_length=100)] = ()
    """The ranges that may reach a `LoadBalancer`; empty for all."""

    def check(self) -> Iterator[Finding]:
        """SOURCE_RANGES_UNHELD."""
        if self.source_ranges and self.type is not ServiceType.LOAD_BALANCER:
            what = f"a Service of `type: {self.type}` is open to all addresses"
            yield Finding(SOURCE_RANGES_UNHELD, ("sourceRanges",), what, key=True)

    def annotated(self, target: ClusterFacts, *, proxy_protocol: bool = False) -> dict[str, str]:
        """Its annotations, with those of the infrastructure where no class is named.

        Args:
            target: the cluster.
            proxy_protocol: whether callers' addresses have to come by the PROXY protocol.
        """
        if self.type is not ServiceType.LOAD_BALANCER or self.load_balancer_class:
            return dict(self.annotations)
        own = target.infrastructure.service_annotations(proxy_protocol=proxy_protocol)
        return {**own, **self.annotations}

    def spec(self) -> dict[str, Any]:
        """The fields of a Service's `spec`; Envoy Gateway uses the same names."""
        found: dict[str, Any] = {"type": str(self.type)}
        if self.type is not ServiceType.CLUSTER_IP:
            found["externalTrafficPolicy"] = str(self.traffic_policy)
        if self.type is ServiceType.LOAD_BALANCER:
            if self.load_balancer_class:
                found["loadBalancerClass"] = self.load_balancer_class
            if self.source_ranges:
                found["loadBalancerSourceRanges"] = [str(each) for each in self.source_ranges]
        return found
