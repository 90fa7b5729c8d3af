"""The network plug-in of a cluster, and the policies of its pods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.lazy import lazily

if TYPE_CHECKING:
    from components.network.calico import CalicoSettings
    from components.network.cilium import CiliumSettings
    from components.network.flannel import FlannelSettings
    from components.network.policies import NetworkPoliciesSettings
    from components.network.resources import Calico, Cilium, Flannel, NetworkPolicies

__all__ = [
    "Calico",
    "CalicoSettings",
    "Cilium",
    "CiliumSettings",
    "Flannel",
    "FlannelSettings",
    "NetworkPolicies",
    "NetworkPoliciesSettings",
]

__getattr__ = lazily(
    __name__,
    {
        "Calico": "resources",
        "CalicoSettings": "calico",
        "Cilium": "resources",
        "CiliumSettings": "cilium",
        "Flannel": "resources",
        "FlannelSettings": "flannel",
        "NetworkPolicies": "resources",
        "NetworkPoliciesSettings": "policies",
    },
)
