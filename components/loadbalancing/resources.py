"""The components of this folder; arguments and outputs of all: `AddonComponent`."""

from __future__ import annotations

from components.delivery.component import AddonComponent
from components.loadbalancing.kube_vip import KubeVipSettings
from components.loadbalancing.metallb import MetalLBSettings


class MetalLB(AddonComponent):
    """MetalLB: addresses for Services, announced by ARP, NDP or BGP.

    The arguments are the fields of `MetalLBSettings`.

        MetalLB("lb", cluster=shop, pools=[{"name": "public", "addresses": ["10.100.0.0/24"]}])
    """

    SETTINGS = MetalLBSettings
    KEY = "metallb"


class KubeVip(AddonComponent):
    """kube-vip: addresses for Services.

    The arguments are the fields of `KubeVipSettings`.

        KubeVip("lb", cluster=shop, addresses=["10.100.0.0/24"])
    """

    SETTINGS = KubeVipSettings
