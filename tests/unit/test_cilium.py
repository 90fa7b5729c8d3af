"""Cilium: the values and objects made from settings; settings that Cilium ignores are refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from components.addon import GATEWAY_API, LOAD_BALANCER, NETWORK, Port
from components.mappings import Manifest
from components.network.cilium_settings import CiliumBgp
from errors import Code
from errors.addons import ADDONS_EXCLUDE
from errors.network import (
    ADDRESSES_TAKEN,
    BAD_BGP_PEER,
    BAD_BLOCK_SIZE,
    DUPLICATE_NAME,
    NETWORK_OPTION_NEEDS,
    POD_POOLS_TOO_SMALL,
)
from tests.addons.examples import addon
from tests.addons.rules import found
from tests.addons.upstream import unknown_values

DUAL = {
    "pods": ["192.168.0.0/16", "fd00:10::/48"],
    "services": ["10.128.0.0/12", "fd00:20::/112"],
}
NO_PROXY: dict[str, Any] = {"network": {"kubeProxy": False}}
POOL = {"name": "public", "addresses": ["10.100.0.0/28", "10.100.1.1-10.100.1.9"]}
PEER = {"name": "tor", "peerASN": 64513, "peerAddress": "10.0.0.1"}
BGP = {"localASN": 64512, "peers": [PEER]}


def values(settings: dict[str, Any], **cluster: Any) -> dict[str, Any]:
    *_, chart = addon("cilium", settings, **cluster).charts
    return dict(chart.values)


def objects(settings: dict[str, Any], **cluster: Any) -> dict[str, Manifest]:
    found = addon("cilium", settings, **cluster).objects
    return {f"{each['kind']}/{each['metadata']['name']}": each for each in found}


def test_it_takes_the_place_of_kube_proxy_where_there_is_none() -> None:
    assert values({})["kubeProxyReplacement"] == "false"
    assert "k8sServiceHost" not in values({})
    alone = values({}, **NO_PROXY)
    assert (alone["kubeProxyReplacement"], alone["k8sServiceHost"]) == ("true", "auto")
    endpoint = {"endpoint": {"host": "10.0.0.9", "port": 443}}
    known = values({}, **NO_PROXY, controlPlane=endpoint)
    assert (known["k8sServiceHost"], known["k8sServicePort"]) == ("10.0.0.9", "443")


def test_machines_have_the_blocks_of_kubernetes() -> None:
    said = values({}, network=DUAL)
    assert said["ipam"] == {"mode": "kubernetes"}
    assert said["k8s"] == {"requireIPv4PodCIDR": True, "requireIPv6PodCIDR": True}
    assert said["ipv4"] == said["ipv6"] == {"enabled": True}
    assert values({})["ipv6"] == {"enabled": False}


def test_or_blocks_of_its_own() -> None:
    own = {"ipam": {"mode": "cluster-pool", "maskSizeV4": 25}}
    assert values(own, network=DUAL)["ipam"] == {
        "mode": "cluster-pool",
        "operator": {
            "clusterPoolIPv4PodCIDRList": ["192.168.0.0/16"],
            "clusterPoolIPv4MaskSize": 25,
            "clusterPoolIPv6PodCIDRList": ["fd00:10::/48"],
            "clusterPoolIPv6MaskSize": 120,
        },
    }


def test_packets_travel_in_tunnels_or_as_they_are() -> None:
    tunnel = values({"routing": "geneve"})
    assert (tunnel["routingMode"], tunnel["tunnelProtocol"]) == ("tunnel", "geneve")
    native = values({"routing": "native", "directNodeRoutes": True, "mtu": 9000})
    assert native["routingMode"] == "native"
    assert native["ipv4NativeRoutingCIDR"] == "192.168.0.0/16"
    assert native["autoDirectNodeRoutes"] is True
    assert native["MTU"] == 9000


def test_encryption() -> None:
    assert values({})["encryption"] == {"enabled": False}
    wireguard = {"encryption": {"nodeEncryption": True}}
    assert values(wireguard)["encryption"] == {
        "enabled": True,
        "type": "wireguard",
        "nodeEncryption": True,
    }
    assert addon("cilium", wireguard).secrets == ()
    ipsec = {"encryption": {"type": "ipsec", "keySecret": "keys-2"}}
    assert values(ipsec)["encryption"]["ipsec"] == {"secretName": "keys-2"}
    assert addon("cilium", ipsec).secrets == ("keys-2",)
    assert (
        Port(0, "pods of one machine to those of another, encrypted", "ESP")
        in addon("cilium", ipsec).ports
    )


def test_hubble() -> None:
    hubble = values({})["hubble"]
    assert hubble["enabled"]
    assert hubble["relay"]["enabled"]
    assert not hubble["ui"]["enabled"]
    assert hubble["tls"] == {"auto": {"method": "cronJob"}}
    assert not values({"hubble": {"enabled": False}})["hubble"]["enabled"]


def test_one_machine_has_one_operator() -> None:
    def operator(**cluster: Any) -> tuple[int, bool]:
        said = values({}, **cluster)["operator"]
        return said["replicas"], said["podDisruptionBudget"]["enabled"]

    assert operator() == (2, True)
    assert operator(controlPlane={"replicas": 1}) == (1, False)
    assert operator(controlPlane={"replicas": 1}, workerPools=[{"name": "a"}]) == (2, True)


def test_it_leaves_services_to_others() -> None:
    assert values({})["defaultLBServiceIPAM"] == "none"
    assert addon("cilium", {}).provides == (NETWORK,)


def test_it_gives_services_addresses_and_answers_for_them() -> None:
    said = {"loadBalancer": {"pools": [POOL]}}
    found = objects(said, **NO_PROXY)
    assert found["CiliumLoadBalancerIPPool/public"]["spec"] == {
        "blocks": [{"cidr": "10.100.0.0/28"}, {"start": "10.100.1.1", "stop": "10.100.1.9"}]
    }
    assert found["CiliumL2AnnouncementPolicy/caas"]["spec"] == {"loadBalancerIPs": True}
    assert LOAD_BALANCER in addon("cilium", said, **NO_PROXY).provides
    assert values(said, **NO_PROXY)["defaultLBServiceIPAM"] == "lbipam"
    assert values(said, **NO_PROXY)["l2announcements"] == {"enabled": True}


def test_by_class_it_owns_no_services_without_one() -> None:
    said = {"loadBalancer": {"pools": [POOL], "byClass": True}}
    assert LOAD_BALANCER not in addon("cilium", said, **NO_PROXY).provides
    assert values(said, **NO_PROXY)["defaultLBServiceIPAM"] == "none"


def test_bgp_tells_routers_of_services_and_pods() -> None:
    bgp = BGP | {
        "advertisePods": True,
        "communities": ["64512:1", "64512:1:2"],
        "localPreference": 150,
        "nodeSelector": {"matchLabels": {"rack": "one"}},
        "peers": [PEER | {"passwordSecret": "tor", "ebgpMultihop": 4}],
    }
    said = {"loadBalancer": {"pools": [POOL]}, "bgp": bgp}
    found = objects(said)
    assert "CiliumL2AnnouncementPolicy/caas" not in found
    peer = found["CiliumBGPPeerConfig/tor"]["spec"]
    assert (peer["authSecretRef"], peer["ebgpMultihop"]) == ("tor", 4)
    advertisement = found["CiliumBGPAdvertisement/caas"]
    (family,) = peer["families"]
    assert family["advertisements"]["matchLabels"] == advertisement["metadata"]["labels"]
    service, pods = advertisement["spec"]["advertisements"]
    assert service["service"] == {"addresses": ["LoadBalancerIP"]}
    assert service["selector"]
    assert pods["advertisementType"] == "PodCIDR"
    assert pods["attributes"] == {
        "communities": {"standard": ["64512:1"], "large": ["64512:1:2"]},
        "localPreference": 150,
    }
    config = found["CiliumBGPClusterConfig/caas"]["spec"]
    assert config["nodeSelector"] == {"matchLabels": {"rack": "one"}}
    assert config["bgpInstances"][0]["peers"][0]["peerConfigRef"] == {"name": "tor"}
    assert addon("cilium", said).secrets == ("tor",)
    assert values(said)["bgpControlPlane"] == {"enabled": True}


@pytest.mark.parametrize("text", ["no-export", "65536:1", "64512:", "1:2:3:4", "64512:01"])
def test_a_community_has_two_short_numbers_or_three_long_ones(text: str) -> None:
    told = {"localASN": 64512, "peers": [PEER]}
    with pytest.raises(ValidationError, match="communities"):
        CiliumBgp.model_validate(told | {"communities": [text]})
    several = ["65535:65281", "0:0", "64512:1:2"]
    assert CiliumBgp.model_validate(told | {"communities": several}).communities == tuple(several)


def test_gateways_come_with_their_definitions() -> None:
    found = addon("cilium", {"gateway": True}, **NO_PROXY)
    assert [chart.name for chart in found.charts] == ["gateway-api-crds", "cilium"]
    assert GATEWAY_API in found.provides
    # Nothing orders charts: without `true` one that is early leaves the class out, and succeeds.
    wanted = {"enabled": True, "gatewayClass": {"create": "true"}}
    assert values({"gateway": True}, **NO_PROXY)["gatewayAPI"] == wanted
    assert values({}, **NO_PROXY)["gatewayAPI"] == {"enabled": False}


BALANCED = {"loadBalancer": {"pools": [POOL]}}
SMALL = {"network": {"pods": ["192.168.0.0/22"]}}


@pytest.mark.parametrize(
    ("settings", "cluster", "code", "place"),
    [
        ({"directNodeRoutes": True}, {}, NETWORK_OPTION_NEEDS, "directNodeRoutes"),
        (
            {"encryption": {"type": "ipsec", "nodeEncryption": True}},
            {},
            NETWORK_OPTION_NEEDS,
            "encryption.nodeEncryption",
        ),
        ({"hubble": {"ui": True, "relay": False}}, {}, NETWORK_OPTION_NEEDS, "hubble.ui"),
        ({"gateway": True}, {}, NETWORK_OPTION_NEEDS, "gateway"),
        (BALANCED, {}, NETWORK_OPTION_NEEDS, "loadBalancer"),
        ({"bgp": BGP}, {}, NETWORK_OPTION_NEEDS, "bgp"),
        ({"ipam": {"maskSizeV4": 25}}, {}, NETWORK_OPTION_NEEDS, "ipam.maskSizeV4"),
        (
            {"ipam": {"mode": "cluster-pool", "maskSizeV4": 15}},
            {},
            BAD_BLOCK_SIZE,
            "ipam.maskSizeV4",
        ),
        (
            {"ipam": {"mode": "cluster-pool", "maskSizeV4": 23}},
            SMALL,
            POD_POOLS_TOO_SMALL,
            "ipam",
        ),
        (
            {"bgp": BGP | {"advertisePods": True, "peers": [PEER, PEER]}},
            {},
            DUPLICATE_NAME,
            "bgp.peers.1.name",
        ),
        (
            {"bgp": BGP | {"advertisePods": True, "peers": [PEER | {"holdTime": "2s"}]}},
            {},
            BAD_BGP_PEER,
            "bgp.peers.0.holdTime",
        ),
        (
            {"bgp": BGP | {"advertisePods": True, "peers": [PEER | {"keepaliveTime": "2m"}]}},
            {},
            BAD_BGP_PEER,
            "bgp.peers.0.keepaliveTime",
        ),
        (
            {"loadBalancer": {"pools": [{"name": "a", "addresses": ["192.168.0.0/28"]}]}},
            NO_PROXY,
            ADDRESSES_TAKEN,
            "loadBalancer.pools.0.addresses.0",
        ),
        (
            {"loadBalancer": {"pools": [POOL, POOL | {"addresses": ["10.200.0.0/28"]}]}},
            NO_PROXY,
            DUPLICATE_NAME,
            "loadBalancer.pools.1.name",
        ),
    ],
)
def test_what_cilium_would_ignore(
    settings: dict[str, Any], cluster: dict[str, Any], code: Code, place: str
) -> None:
    assert found("cilium", settings, **cluster) == [(code, f"cilium.{place}")]


@pytest.mark.parametrize(
    ("settings", "cluster"),
    [
        ({}, NO_PROXY),
        ({}, {"network": DUAL}),
        (BALANCED | {"bgp": BGP}, {}),
        (BALANCED | {"gateway": True, "hubble": {"ui": True}}, NO_PROXY),
        ({"ipam": {"mode": "cluster-pool"}, "bgp": BGP | {"advertisePods": True}}, {}),
    ],
)
def test_what_cilium_takes(settings: dict[str, Any], cluster: dict[str, Any]) -> None:
    assert found("cilium", settings, **cluster) == []


EVERYTHING = {
    "routing": "native",
    "directNodeRoutes": True,
    "mtu": 9000,
    "ipam": {"mode": "cluster-pool", "maskSizeV4": 25},
    "encryption": {"type": "ipsec"},
    "hubble": {"ui": True},
    "bgp": BGP,
    "gateway": True,
}


@pytest.mark.parametrize("settings", [EVERYTHING | BALANCED, {"hubble": {"enabled": False}}])
def test_every_value_is_one_of_the_chart(settings: dict[str, Any]) -> None:
    said = values(settings, network=DUAL | {"kubeProxy": False})
    assert not unknown_values("cilium", said)


def test_one_owns_services() -> None:
    metallb = {"metallb": {"pools": [{"name": "b", "addresses": ["10.200.0.0/28"]}]}}
    assert found("cilium", BALANCED, **NO_PROXY, others=metallb) == [(ADDONS_EXCLUDE, "metallb")]
    shared = {"loadBalancer": {"pools": [POOL], "byClass": True}}
    assert not found("cilium", shared, **NO_PROXY, others=metallb)
