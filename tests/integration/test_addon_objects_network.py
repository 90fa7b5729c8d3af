"""A real API server accepts what network plug-ins are told."""

from __future__ import annotations

from typing import Any

import pytest
from accepted import define, refused
from kubectl import Kubectl

from components.addon import Manifest
from embedded.binaries import Binaries
from embedded.plane import Plane
from tests.addons.examples import addon

pytestmark = pytest.mark.plane

DUAL = {
    "pods": ["192.168.0.0/16", "fd00:10::/48"],
    "services": ["10.128.0.0/12", "fd00:20::/112"],
}
PEERS = [
    {
        "name": "tor",
        "peerIP": "10.0.0.1",
        "asNumber": 64513,
        "passwordSecret": "tor",
        "keepOriginalNextHop": True,
    },
    {"name": "reflectors", "peerSelector": "has(reflector)", "nodeSelector": "rack == '1'"},
]
BGP = {
    "asNumber": 2147483647,
    "nodeToNodeMesh": False,
    "peers": PEERS,
    "serviceClusterIPs": True,
    "serviceLoadBalancerIPs": ["10.100.0.0/24"],
    "prefixAdvertisements": [{"cidr": "10.100.0.0/24", "communities": ["64512:1", "64512:1:2"]}],
}
POOLS = [
    {"name": "rack-1", "cidr": "192.168.0.0/18", "nodeSelector": "rack == '1'", "blockSize": 24},
    {"name": "six", "cidr": "fd00:10::/56", "encapsulation": "None", "natOutgoing": False},
]
CALICO = [
    {},
    {"dataplane": "BPF", "wireguard": True, "mtu": 1400, "nodeInterface": "eth1"},
    {"pools": POOLS, "bgp": BGP, "encapsulation": "IPIPCrossSubnet", "dataplane": "Nftables"},
    {"goldmane": True, "whisker": True, "controlPlaneReplicas": 3},
]


@pytest.fixture(scope="module")
def kubectl(plane: Plane, binaries: Binaries) -> Kubectl:
    return Kubectl(binaries.kubectl, plane.kubeconfig)


@pytest.fixture(scope="module")
def calico(kubectl: Kubectl) -> Kubectl:
    define(kubectl, "calico", "tigera-operator")
    return kubectl


def of_chart(values: dict[str, Any]) -> list[Manifest]:
    """The objects that the operator's chart makes of its values, as its templates do."""

    def made(kind: str, section: str, api: str = "operator.tigera.io/v1") -> Manifest:
        spec = {key: value for key, value in values[section].items() if key != "enabled"}
        return {"apiVersion": api, "kind": kind, "metadata": {"name": "default"}, "spec": spec}

    optional = {"APIServer": "apiServer", "Goldmane": "goldmane", "Whisker": "whisker"}
    return [
        made("Installation", "installation"),
        made("FelixConfiguration", "defaultFelixConfiguration", "crd.projectcalico.org/v1"),
        *(made(kind, name) for kind, name in optional.items() if values[name]["enabled"]),
    ]


@pytest.mark.parametrize("settings", CALICO)
def test_calico(calico: Kubectl, settings: dict[str, Any]) -> None:
    found = addon("calico", settings, network=DUAL)
    _, operator = found.charts
    assert not refused(calico, [*of_chart(dict(operator.values)), *found.objects])


def test_what_is_wrong_would_be_refused(calico: Kubectl) -> None:
    found = addon("calico", {"values": {"installation": {"calicoNetwork": {"mtu": "large"}}}})
    assert "mtu" in refused(calico, of_chart(dict(found.charts[1].values)))


POOL = {
    "name": "public",
    "addresses": ["10.100.0.0/28", "fd00:30::1-fd00:30::9"],
    "serviceSelector": {"matchLabels": {"tier": "web"}},
}
EXPRESSION = {"key": "rack", "operator": "In", "values": ["one"]}
L2 = {
    "name": "lan",
    "interfaces": ["^eth[0-9]+"],
    "nodeSelector": {"matchExpressions": [EXPRESSION]},
    "serviceSelector": {"matchLabels": {"tier": "web"}},
}
ROUTER = {
    "name": "tor",
    "peerASN": 4200000000,
    "peerAddress": "fd00::1",
    "passwordSecret": "tor",
    "ebgpMultihop": 4,
    "gracefulRestart": False,
}
ROUTES = {
    "localASN": 64512,
    "peers": [ROUTER],
    "nodeSelector": {"matchLabels": {"rack": "one"}},
    "advertisePods": True,
    "communities": ["64512:1", "64512:1:2"],
    "localPreference": 150,
}


@pytest.mark.parametrize(
    "settings",
    [
        {"loadBalancer": {"pools": [POOL]}},
        {"loadBalancer": {"pools": [POOL], "l2": [L2]}, "bgp": ROUTES},
        {"bgp": ROUTES},
    ],
)
def test_cilium(kubectl: Kubectl, settings: dict[str, Any]) -> None:
    define(kubectl, "cilium")
    found = addon("cilium", settings, network=DUAL | {"kubeProxy": False})
    assert not refused(kubectl, found.objects)


@pytest.mark.parametrize(
    "settings", [{}, {"defaultDeny": ["Ingress"], "allowWithin": True}, {"allowWithin": True}]
)
def test_network_policies(kubectl: Kubectl, settings: dict[str, Any]) -> None:
    found = addon("networkPolicies", {"namespaces": ["default"]} | settings)
    assert not refused(kubectl, found.objects)
