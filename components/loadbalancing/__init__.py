"""Addresses for Services of `type: LoadBalancer` where no cloud gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.lazy import lazily

if TYPE_CHECKING:
    from components.loadbalancing.kube_vip import KubeVipSettings
    from components.loadbalancing.metallb import MetalLBSettings
    from components.loadbalancing.resources import KubeVip, MetalLB

__all__ = [
    "KubeVip",
    "KubeVipSettings",
    "MetalLB",
    "MetalLBSettings",
]

__getattr__ = lazily(
    __name__,
    {
        "KubeVip": "resources",
        "KubeVipSettings": "kube_vip",
        "MetalLB": "resources",
        "MetalLBSettings": "metallb",
    },
)
