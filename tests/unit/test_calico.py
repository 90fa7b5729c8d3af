"""Calico: the Installation made from settings, and the settings that its operator would refuse."""

from __future__ import annotations

from typing import Any

import pytest

from errors import Code
from errors.network import (
    BAD_BGP_PEER,
    BAD_BLOCK_SIZE,
    DUPLICATE_NAME,
    FAMILY_WITHOUT_POOL,
    KUBE_PROXY_MISSING,
    NETWORK_OPTION_NEEDS,
    POD_POOLS_TOO_SMALL,
    POOL_OUTSIDE_PODS,
    POOLS_OVERLAP,
)
from tests.addons.examples import addon
from tests.addons.rules import found
from tests.addons.upstream import unknown_values

DUAL = {
    "pods": ["192.168.0.0/16", "fd00:10::/48"],
    "services": ["10.128.0.0/12", "fd00:20::/112"],
}
PEER = {"name": "tor", "peerIP": "10.0.0.1", "asNumber": 64513}


def values(settings: dict[str, Any], **cluster: Any) -> dict[str, Any]:
    _, operator = addon("calico", settings, **cluster).charts
    return dict(operator.values)


def network(settings: dict[str, Any], **cluster: Any) -> dict[str, Any]:
    found: dict[str, Any] = values(settings, **cluster)["installation"]["calicoNetwork"]
    return found


def test_each_range_of_pods_is_a_pool() -> None:
    assert network({}, network=DUAL)["ipPools"] == [
        {
            "name": "pods-ipv4",
            "cidr": "192.168.0.0/16",
            "encapsulation": "VXLAN",
            "natOutgoing": "Enabled",
            "nodeSelector": "all()",
            "blockSize": 26,
        },
        {
            "name": "pods-ipv6",
            "cidr": "fd00:10::/48",
            "encapsulation": "VXLAN",
            "natOutgoing": "Enabled",
            "nodeSelector": "all()",
            "blockSize": 122,
        },
    ]


def test_pools_have_what_is_said_and_the_rest_of_all() -> None:
    pools = [
        {"name": "rack-1", "cidr": "192.168.0.0/18", "nodeSelector": "rack == '1'"},
        {"name": "rack-2", "cidr": "192.168.64.0/18", "blockSize": 28, "natOutgoing": False},
    ]
    said = {"encapsulation": "VXLANCrossSubnet", "blockSize": 24, "pools": pools}
    assert network(said)["ipPools"] == [
        {
            "name": "rack-1",
            "cidr": "192.168.0.0/18",
            "encapsulation": "VXLANCrossSubnet",
            "natOutgoing": "Enabled",
            "nodeSelector": "rack == '1'",
            "blockSize": 24,
        },
        {
            "name": "rack-2",
            "cidr": "192.168.64.0/18",
            "encapsulation": "VXLANCrossSubnet",
            "natOutgoing": "Disabled",
            "nodeSelector": "all()",
            "blockSize": 28,
        },
    ]


def test_addresses_of_machines_are_those_of_the_nodes() -> None:
    one = network({})
    assert one["nodeAddressAutodetectionV4"] == {"kubernetes": "NodeInternalIP"}
    assert "nodeAddressAutodetectionV6" not in one
    both = network({"nodeInterface": "eth1"}, network=DUAL)
    assert both["nodeAddressAutodetectionV4"] == {"interface": "eth1"}
    assert both["nodeAddressAutodetectionV6"] == {"interface": "eth1"}


def test_bpf_takes_the_place_of_kube_proxy_by_itself() -> None:
    said = network({"dataplane": "BPF", "mtu": 1400})
    assert said["linuxDataplane"] == "BPF"
    assert said["bpfNetworkBootstrap"] == said["kubeProxyManagement"] == "Enabled"
    assert said["mtu"] == 1400
    assert "kubeProxyManagement" not in network({})


def test_wireguard_encrypts_every_family_of_the_cluster() -> None:
    def felix(settings: dict[str, Any], **cluster: Any) -> dict[str, Any]:
        found: dict[str, Any] = values(settings, **cluster)["defaultFelixConfiguration"]
        return found

    assert felix({}) == {"enabled": True}
    assert felix({"wireguard": True}) == {"enabled": True, "wireguardEnabled": True}
    assert felix({"wireguard": True}, network=DUAL) == {
        "enabled": True,
        "wireguardEnabled": True,
        "wireguardEnabledV6": True,
    }


SIX = {"pods": ["fd00:10::/48"], "services": ["fd00:20::/112"]}


@pytest.mark.parametrize(
    ("network", "ports"), [({}, {51820}), (DUAL, {51820, 51821}), (SIX, {51821})]
)
def test_each_family_is_encrypted_at_a_port_of_its_own(
    network: dict[str, Any], ports: set[int]
) -> None:
    found = addon("calico", {"wireguard": True}, network=network).ports
    assert {port.number for port in found if port.purpose.endswith("encrypted")} == ports


def test_a_users_own_values_win() -> None:
    own = {"values": {"installation": {"calicoNetwork": {"hostPorts": "Disabled"}}}}
    assert network(own)["hostPorts"] == "Disabled"
    assert network(own)["linuxDataplane"] == "Iptables"


def test_bgp_is_off_unless_it_is_said() -> None:
    assert network({})["bgp"] == "Disabled"
    assert addon("calico", {}).objects == ()
    assert network({"bgp": {}})["bgp"] == "Enabled"


def test_bgp_has_peers_communities_and_addresses_of_services() -> None:
    bgp = {
        "asNumber": 64600,
        "nodeToNodeMesh": False,
        "peers": [PEER | {"nodeSelector": "rack == '1'"}],
        "serviceClusterIPs": True,
        "serviceLoadBalancerIPs": ["10.100.0.0/24"],
        "prefixAdvertisements": [{"cidr": "10.100.0.0/24", "communities": ["64600:1"]}],
    }
    configuration, peer = addon("calico", {"bgp": bgp}).objects
    assert configuration["metadata"] == {"name": "default"}
    assert configuration["spec"] == {
        "asNumber": 64600,
        "nodeToNodeMeshEnabled": False,
        "serviceClusterIPs": [{"cidr": "10.128.0.0/12"}],
        "serviceLoadBalancerIPs": [{"cidr": "10.100.0.0/24"}],
        "prefixAdvertisements": [{"cidr": "10.100.0.0/24", "communities": ["64600:1"]}],
    }
    assert peer["spec"] == {
        "peerIP": "10.0.0.1",
        "asNumber": 64513,
        "nodeSelector": "rack == '1'",
    }


def test_passwords_of_peers_are_read_by_calico_alone() -> None:
    found = addon("calico", {"bgp": {"peers": [PEER | {"passwordSecret": "tor"}]}})
    assert found.secrets == ("tor",)
    # Not only with a password: taking the namespace away would take the network with it.
    assert "calico-system" in found.namespaces
    assert found.namespaces == addon("calico", {}).namespaces
    role, binding, _, peer = found.objects
    assert role["rules"][0]["resourceNames"] == ["tor"]
    assert binding["subjects"] == [
        {"kind": "ServiceAccount", "name": "calico-node", "namespace": "calico-system"}
    ]
    assert peer["spec"]["password"] == {"secretKeyRef": {"name": "tor", "key": "password"}}


def test_every_value_is_one_of_the_chart() -> None:
    said = values({"dataplane": "BPF", "wireguard": True, "bgp": {}}, network=DUAL)
    # What stands below it goes into the FelixConfiguration as it is; see the integration tests.
    said["defaultFelixConfiguration"] = {"enabled": True}
    assert not unknown_values("tigera-operator", said)


def pools(*pools: dict[str, Any]) -> dict[str, Any]:
    return {"pools": [{"name": f"pool-{number}", **one} for number, one in enumerate(pools)]}


SIX = {"network": {"pods": ["fd00:10::/48"], "services": ["fd00:20::/112"]}}
SMALL = {"network": {"pods": ["192.168.0.0/22"]}}


@pytest.mark.parametrize(
    ("settings", "cluster", "code", "place"),
    [
        (pools({"cidr": "10.9.0.0/16"}), {}, POOL_OUTSIDE_PODS, "pools.0.cidr"),
        (
            pools({"cidr": "192.168.0.0/17"}, {"cidr": "192.168.64.0/18"}),
            {},
            POOLS_OVERLAP,
            "pools.1.cidr",
        ),
        (
            {
                "pools": [
                    {"name": "a", "cidr": "192.168.0.0/17"},
                    {"name": "a", "cidr": "192.168.128.0/17"},
                ]
            },
            {},
            DUPLICATE_NAME,
            "pools.1.name",
        ),
        (pools({"cidr": "192.168.0.0/16"}), {"network": DUAL}, FAMILY_WITHOUT_POOL, "pools"),
        (
            pools({"cidr": "192.168.0.0/16", "blockSize": 64}),
            {},
            BAD_BLOCK_SIZE,
            "pools.0.blockSize",
        ),
        (
            pools({"cidr": "192.168.0.0/25", "blockSize": 24}),
            {},
            BAD_BLOCK_SIZE,
            "pools.0.blockSize",
        ),
        (pools({"cidr": "192.168.0.0/25"}), {}, POD_POOLS_TOO_SMALL, "pools"),
        ({"blockSize": 23}, SMALL, POD_POOLS_TOO_SMALL, "blockSize"),
        ({"encapsulation": "IPIP"}, {}, NETWORK_OPTION_NEEDS, "encapsulation"),
        ({"encapsulation": "None"}, {}, NETWORK_OPTION_NEEDS, "encapsulation"),
        ({"encapsulation": "IPIP", "bgp": {}}, SIX, NETWORK_OPTION_NEEDS, "encapsulation"),
        ({"whisker": True}, {}, NETWORK_OPTION_NEEDS, "whisker"),
        ({"bgp": {"nodeToNodeMesh": False}}, {}, NETWORK_OPTION_NEEDS, "bgp.nodeToNodeMesh"),
        ({"bgp": {"peers": [PEER, PEER]}}, {}, DUPLICATE_NAME, "bgp.peers.1.name"),
        (
            {"bgp": {"peers": [{"name": "a", "peerIP": "10.0.0.1"}]}},
            {},
            BAD_BGP_PEER,
            "bgp.peers.0",
        ),
        (
            {"bgp": {"peers": [PEER | {"peerSelector": "all()"}]}},
            {},
            BAD_BGP_PEER,
            "bgp.peers.0",
        ),
    ],
)
def test_what_calico_would_refuse(
    settings: dict[str, Any], cluster: dict[str, Any], code: Code, place: str
) -> None:
    assert found("calico", settings, **cluster) == [(code, f"calico.{place}")]


def test_it_begins_with_kube_proxy() -> None:
    cluster = {"network": {"kubeProxy": False}}
    assert found("calico", {"dataplane": "BPF"}, **cluster) == [(KUBE_PROXY_MISSING, "calico")]


@pytest.mark.parametrize(
    ("settings", "cluster"),
    [
        ({}, {}),
        ({}, {"network": DUAL}),
        ({}, SIX),
        ({"encapsulation": "IPIPCrossSubnet", "bgp": {}}, {}),
        ({"encapsulation": "None", "bgp": {"nodeToNodeMesh": False, "peers": [PEER]}}, SIX),
        ({"bgp": {"peers": [{"name": "rr", "peerSelector": "has(reflector)"}]}}, {}),
        (pools({"cidr": "192.168.0.0/24"}, {"cidr": "192.168.128.0/20", "blockSize": 20}), {}),
        ({"goldmane": True, "whisker": True, "dataplane": "Nftables"}, {}),
    ],
)
def test_what_calico_takes(settings: dict[str, Any], cluster: dict[str, Any]) -> None:
    assert found("calico", settings, **cluster) == []
