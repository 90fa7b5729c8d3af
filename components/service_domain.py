"""The DNS domain of a cluster's Services in the values of charts, which all take it for granted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

USUAL = "cluster.local"
"""The default service domain of charts."""
AT: Mapping[str, tuple[str, str]] = {
    "cilium": ("hubble.peerService.clusterDomain", ""),
    "gateway-helm": ("kubernetesClusterDomain", ""),
    "loki": ("global.clusterDomain", ""),
    "metrics-server": ("tls.clusterDomain", ""),
    "victoria-logs-single": ("global.cluster.dnsDomain", "."),
}
"""The paths of the domain in a chart's values, and the text that follows it there. Charts that are
not here name Services without it; the conformance tests compare with the charts' defaults."""


def values(chart: str, domain: str) -> dict[str, Any]:
    """The values that carry a cluster's domain to a chart of the catalog; none of the usual one."""
    if domain == USUAL or chart not in AT:
        return {}
    path, end = AT[chart]
    *parents, last = path.split(".")
    found: dict[str, Any] = {last: f"{domain}{end}"}
    for key in reversed(parents):
        found = {key: found}
    return found
