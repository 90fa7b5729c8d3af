"""Envoy Gateway: serves the Gateway API with Envoy proxies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from pydantic import Field

from components.addon import GATEWAY_API, METRICS, Addon, Port, SecurityLevel
from components.addon_settings import AddonSettings, merged
from components.chart import Chart
from components.facts import ClusterFacts
from components.fields import Count, Duration, Flag, Settings
from components.finding import Finding
from components.ingress.classes import GROUP, VERSION, ClassName
from components.ingress.service import ProxyService
from components.mappings import Manifest
from components.pods import BUDGET, CRITICAL, Resources, spread
from errors.ingress import PROXY_SCALING

NAMESPACE = "envoy-gateway-system"
API = "gateway.envoyproxy.io/v1alpha1"
CONTROLLER = "gateway.envoyproxy.io/gatewayclass-controller"
PROXIES = "default"
"""The name of the EnvoyProxy that the class refers to."""
PROXY_LABELS = {"app.kubernetes.io/name": "envoy", "app.kubernetes.io/component": "proxy"}
_FAMILIES = {4: "IPv4", 6: "IPv6"}


class Proxies(Settings):
    """The Envoy proxies of each Gateway."""

    replicas: Annotated[Count, Field(ge=1, le=100)] = 2
    """The number of proxies, or the minimum with `maxReplicas`."""
    max_replicas: Annotated[Count, Field(ge=1, le=100)] | None = None
    """Lets the number follow their CPU up to this; needs `metricsServer`."""
    resources: Resources = Resources(cpu="200m", memory="512Mi")
    """The resources of each proxy."""
    service: ProxyService = ProxyService()
    """The Service of the proxies."""
    drain: Duration = Duration(60)
    """The time for a terminating proxy to finish its requests."""


class Traffic(Settings):
    """Settings of the shared Gateway for clients and backends."""

    trusted_hops: Annotated[Count, Field(ge=0, le=10)] = 0
    """The number of trusted proxies in front that append to `X-Forwarded-For`."""
    proxy_protocol: Flag = False
    """The load balancer in front sends the client's address by the PROXY protocol; those of AWS and
    OpenStack are configured to."""
    headers_timeout: Duration = Duration(10)
    """The time limit for a client to send its headers."""
    retries: Annotated[Count, Field(ge=0, le=5)] = 2
    """The number of retries for requests that no backend has started to answer."""


class EnvoyGatewaySettings(AddonSettings):
    """Envoy Gateway with the definitions of the Gateway API, and the class `envoy`."""

    TITLE: ClassVar = "Envoy Gateway"
    SUMMARY: ClassVar = "Serves Gateways and their routes with Envoy proxies; the default ingress."

    replicas: Annotated[Count, Field(ge=1, le=5)] = 2
    """The number of controllers; one is active. Proxies go on without them."""
    proxies: Proxies = Proxies()
    """The proxies that it runs for every Gateway of its class."""
    traffic: Traffic = Traffic()
    """Defaults for the traffic of the shared Gateway; a route's own policy wins."""

    def gateway_class(self) -> str:
        """Always `envoy`."""
        return ClassName.ENVOY

    def check(self, target: ClusterFacts) -> Iterator[Finding]:
        """PROXY_SCALING and SOURCE_RANGES_UNHELD."""
        yield from (each.below("proxies", "service") for each in self.proxies.service.check())
        least, most = self.proxies.replicas, self.proxies.max_replicas
        path = ("proxies", "maxReplicas")
        if most is not None and most < least:
            what = f"`maxReplicas` of {most} is below `replicas`, {least}"
            yield Finding(PROXY_SCALING, path, what)
        if most is not None and not target.has("metricsServer"):
            what = f"nothing in `{target.name}` measures the usage of proxies"
            yield Finding(PROXY_SCALING, path, what, fix="Add `metricsServer: {}`.")

    def addon(self, target: ClusterFacts) -> Addon:
        """One chart with its definitions and the Gateway API's, which Helm never deletes.

        They are of the experimental channel, which has all of the standard one. The chart with only
        the definitions does not fit into a Helm release:
        https://github.com/envoyproxy/gateway/issues/6105
        """
        watched = target.has("monitoring")
        return Addon(
            "envoyGateway",
            charts=(Chart("gateway-helm", NAMESPACE, merged(self._values(), self.values)),),
            namespaces={NAMESPACE: SecurityLevel.RESTRICTED},
            objects=(self._proxies(target), _class(), *(_monitors() if watched else ())),
            provides=(GATEWAY_API,),
            needs=(METRICS,) if watched else (),
            ports=(
                Port(9443, "the API server to its webhook"),
                Port(18000, "proxies to the controller"),
                Port(19001, "Prometheus to proxies and the controller"),
            ),
            ready=(f"Deployment {NAMESPACE}/envoy-gateway",),
        )

    def policies(self, gateway: str, namespace: str) -> tuple[Manifest, ...]:
        """The policies of a Gateway of its class: for its callers, and for its backends."""
        traffic = self.traffic
        metadata = {"name": gateway, "namespace": namespace}
        goal = {"targetRefs": [{"group": GROUP, "kind": "Gateway", "name": gateway}]}
        timeout = str(traffic.headers_timeout)
        callers: dict[str, Any] = {
            "timeout": {"http": {"requestHeadersReceivedTimeout": timeout}},
            "tls": {"minVersion": "1.2"},
        }
        if traffic.trusted_hops:
            hops = {"xForwardedFor": {"numTrustedHops": traffic.trusted_hops}}
            callers["clientIPDetection"] = hops
        if traffic.proxy_protocol:
            callers["proxyProtocol"] = {"optional": False}
        # Only what no backend has seen: a second try must not order twice.
        triggers = ["connect-failure", "refused-stream"]
        retry = {"numRetries": traffic.retries, "retryOn": {"triggers": triggers}}
        backends: dict[str, Any] = {"tcpKeepalive": {}}
        if traffic.retries:
            backends["retry"] = retry
        kinds = {"ClientTrafficPolicy": callers, "BackendTrafficPolicy": backends}
        return tuple(
            {"apiVersion": API, "kind": kind, "metadata": metadata, "spec": {**goal, **spec}}
            for kind, spec in kinds.items()
        )

    def _values(self) -> dict[str, Any]:
        labels = {"control-plane": "envoy-gateway"}
        return {
            "crds": {"enabled": True},
            "deployment": {
                "replicas": self.replicas,
                "priorityClassName": CRITICAL,
                "pod": {"topologySpreadConstraints": spread(labels)},
            },
            "podDisruptionBudget": BUDGET,
        }

    def _proxies(self, target: ClusterFacts) -> Manifest:
        proxies = self.proxies
        pod = {"priorityClassName": CRITICAL, "topologySpreadConstraints": spread(PROXY_LABELS)}
        container = {"resources": proxies.resources.requirements()}
        deployment: dict[str, Any] = {"pod": pod, "container": container}
        kubernetes: dict[str, Any] = {
            "envoyDeployment": deployment,
            "envoyPDB": BUDGET,
            "envoyService": {
                **proxies.service.spec(),
                "annotations": proxies.service.annotated(
                    target, proxy_protocol=self.traffic.proxy_protocol
                ),
            },
        }
        if proxies.max_replicas is None:
            deployment["replicas"] = proxies.replicas
        else:
            kubernetes["envoyHpa"] = {
                "minReplicas": proxies.replicas,
                "maxReplicas": proxies.max_replicas,
            }
        families = [_FAMILIES[cidr.network.version] for cidr in target.network.services]
        return {
            "apiVersion": API,
            "kind": "EnvoyProxy",
            "metadata": {"name": PROXIES, "namespace": NAMESPACE},
            "spec": {
                "ipFamily": families[0] if len(families) == 1 else "DualStack",
                "provider": {"type": "Kubernetes", "kubernetes": kubernetes},
                "shutdown": {"drainTimeout": str(proxies.drain)},
            },
        }


def _class() -> Manifest:
    group = API.partition("/")[0]
    parameters = {"group": group, "kind": "EnvoyProxy", "name": PROXIES, "namespace": NAMESPACE}
    return {
        "apiVersion": VERSION,
        "kind": "GatewayClass",
        "metadata": {"name": str(ClassName.ENVOY)},
        "spec": {"controllerName": CONTROLLER, "parametersRef": parameters},
    }


def _monitors() -> tuple[Manifest, ...]:
    """The PodMonitors, which the chart does not have."""
    proxies = {"port": "metrics", "path": "/stats/prometheus"}
    monitors = {
        "envoy-proxy": (PROXY_LABELS, proxies),
        "envoy-gateway": ({"control-plane": "envoy-gateway"}, {"port": "metrics"}),
    }
    return tuple(
        {
            "apiVersion": "monitoring.coreos.com/v1",
            "kind": "PodMonitor",
            "metadata": {"name": name, "namespace": NAMESPACE},
            "spec": {"selector": {"matchLabels": labels}, "podMetricsEndpoints": [endpoint]},
        }
        for name, (labels, endpoint) in monitors.items()
    )
