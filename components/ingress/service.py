"""The Service through which a cluster is reached from outside."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from components.addon import Target
from components.fields import Cidr, LabelKey, Settings
from components.finding import Finding
from errors.ingress import SOURCE_RANGES_UNHELD

_AWS = "service.beta.kubernetes.io/aws-load-balancer"
_CLOUDS = {
    # Without it the cloud controller makes a classic load balancer, which hides who calls.
    "aws": {f"{_AWS}-type": "nlb"},
}
_TELLS_CALLER = {
    "aws": {f"{_AWS}-target-group-attributes": "proxy_protocol_v2.enabled=true"},
    "openstack": {"loadbalancer.openstack.org/proxy-protocol": "true"},
}
"""What makes a cloud's load balancer tell the caller's address by the PROXY protocol.

AWS' controller reads `proxy-protocol` of classic load balancers alone:
https://cloud-provider-aws.sigs.k8s.io/service_controller/
"""
_TELLS_NOTHING = {"aws": {f"{_AWS}-target-group-attributes": "proxy_protocol_v2.enabled=false"}}
"""The opposite, where it has to be said: AWS' controller leaves what it once was told."""


class ServiceType(StrEnum):
    """How a Service is reached."""

    LOAD_BALANCER = "LoadBalancer"
    NODE_PORT = "NodePort"
    CLUSTER_IP = "ClusterIP"


class TrafficPolicy(StrEnum):
    """Which pods get what arrives at a machine."""

    LOCAL = "Local"
    CLUSTER = "Cluster"


class ProxyService(Settings):
    """The Service in front of the proxies."""

    type: ServiceType = ServiceType.LOAD_BALANCER
    """`LoadBalancer`, or `NodePort` where an appliance of your own sends to the machines."""
    load_balancer_class: Annotated[LabelKey, Field(max_length=253)] | None = None
    """Who owns it, where that is not who owns Services without a class."""
    annotations: dict[LabelKey, str] = Field(default_factory=dict)
    """Annotations for the load balancer: an address pool, whether it is internal."""
    traffic_policy: TrafficPolicy = TrafficPolicy.LOCAL
    """`Local` keeps the caller's address, and sends only to machines with a proxy."""
    source_ranges: Annotated[tuple[Cidr, ...], Field(max_length=100)] = ()
    """Who may reach it, of `LoadBalancer`; empty for everybody."""

    def check(self) -> Iterator[Finding]:
        """SOURCE_RANGES_UNHELD."""
        if self.source_ranges and self.type is not ServiceType.LOAD_BALANCER:
            what = f"a Service of `type: {self.type}` is open to everybody"
            yield Finding(SOURCE_RANGES_UNHELD, ("sourceRanges",), what, key=True)

    def annotated(self, target: Target, *, proxy_protocol: bool = False) -> dict[str, str]:
        """Its annotations, with those for the cloud's load balancer where no class is named.

        Args:
            target: the cluster.
            proxy_protocol: whether callers' addresses have to come by the PROXY protocol.
        """
        if self.type is not ServiceType.LOAD_BALANCER or self.load_balancer_class:
            return dict(self.annotations)
        cloud = target.infrastructure.name
        told = (_TELLS_CALLER if proxy_protocol else _TELLS_NOTHING).get(cloud, {})
        return {**_CLOUDS.get(cloud, {}), **told, **self.annotations}

    def spec(self) -> dict[str, Any]:
        """What a Service's `spec` says of it; Envoy Gateway uses the same names."""
        found: dict[str, Any] = {"type": str(self.type)}
        if self.type is not ServiceType.CLUSTER_IP:
            found["externalTrafficPolicy"] = str(self.traffic_policy)
        if self.type is ServiceType.LOAD_BALANCER:
            if self.load_balancer_class:
                found["loadBalancerClass"] = self.load_balancer_class
            if self.source_ranges:
                found["loadBalancerSourceRanges"] = [str(each) for each in self.source_ranges]
        return found
