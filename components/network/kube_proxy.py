"""The implementation of Services: kube-proxy, or the network plug-in that replaces it."""

from __future__ import annotations

from collections.abc import Iterator

from components.facts import ClusterFacts
from components.finding import Finding
from errors import network as codes


def check(target: ClusterFacts, title: str) -> Iterator[Finding]:
    """KUBE_PROXY_MISSING, of a plug-in that needs kube-proxy when the cluster is made.

    Args:
        target: the cluster.
        title: the plug-in's name, for people.
    """
    if not target.network.kube_proxy:
        yield Finding(
            codes.KUBE_PROXY_MISSING,
            (),
            f"{title} needs kube-proxy",
            why=f"`{target.name}` has none: `network.kubeProxy: false`",
            key=True,
        )
