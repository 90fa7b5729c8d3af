"""Who forwards packets to Services: kube-proxy, or the network plug-in in its place."""

from __future__ import annotations

from collections.abc import Iterator

from components.addon import Target
from components.finding import Finding
from errors import network as codes


def check(target: Target, title: str) -> Iterator[Finding]:
    """KUBE_PROXY_MISSING, of a plug-in that needs kube-proxy when the cluster is made.

    Args:
        target: the cluster.
        title: the plug-in's name, for people.
    """
    if not target.cluster.network.kube_proxy:
        yield Finding(
            codes.KUBE_PROXY_MISSING,
            (),
            f"`{target.cluster.name}` has no kube-proxy, and {title} needs it",
            why="`network.kubeProxy: false`",
            key=True,
        )
