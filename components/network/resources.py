"""The components of this folder; arguments and outputs of all: `AddonComponent`."""

from __future__ import annotations

from components.delivery.component import AddonComponent
from components.network.calico import CalicoSettings
from components.network.cilium import CiliumSettings
from components.network.flannel import FlannelSettings
from components.network.policies import NetworkPoliciesSettings


class Calico(AddonComponent):
    """Calico, a network plug-in with network policies.

    The arguments are the fields of `CalicoSettings`.

        Calico("cni", cluster=shop, mtu=1450)
    """

    SETTINGS = CalicoSettings


class Cilium(AddonComponent):
    """Cilium, a network plug-in by eBPF.

    The arguments are the fields of `CiliumSettings`.

        Cilium("cni", cluster=shop, hubble={"relay": True})
    """

    SETTINGS = CiliumSettings


class Flannel(AddonComponent):
    """Flannel, a small network plug-in.

    The arguments are the fields of `FlannelSettings`.

        Flannel("cni", cluster=shop)
    """

    SETTINGS = FlannelSettings


class NetworkPolicies(AddonComponent):
    """NetworkPolicies that namespaces begin with.

    The arguments are the fields of `NetworkPoliciesSettings`.

        NetworkPolicies("policies", cluster=shop, namespaces=["orders"])
    """

    SETTINGS = NetworkPoliciesSettings
