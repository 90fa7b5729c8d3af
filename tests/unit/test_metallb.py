"""MetalLB: the objects made from settings, and the settings that MetalLB would refuse."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from components.addon import LOAD_BALANCER, SecurityLevel
from components.delivery.rules import check_target
from components.facts import ClusterFacts
from components.infrastructure.registry import infrastructure
from components.loadbalancing.metallb import MetalLBSettings
from components.loadbalancing.metallb_settings import BgpAdvertisement
from components.mappings import Manifest
from errors import Code
from errors.network import (
    ADDRESS_FAMILY_UNUSED,
    ADDRESSES_TAKEN,
    BAD_AGGREGATION,
    BAD_BGP_PEER,
    DUPLICATE_NAME,
    LOAD_BALANCER_OWNED,
    POOLS_OVERLAP,
    UNKNOWN_REFERENCE,
)
from stacks.settings.addons import Addons, addons_of
from tests.addons.examples import addon, cluster
from tests.addons.rules import findings, found
from tests.addons.upstream import unknown_values
from tests.infrastructure.examples import EXAMPLES

POOL = {"name": "public", "addresses": ["10.100.0.0/28", "10.100.1.10-10.100.1.20"]}
PEER = {"name": "rack-1", "myASN": 64512, "peerASN": 64513, "peerAddress": "10.0.0.1"}


def objects(**settings: Any) -> list[Manifest]:
    return list(addon("metallb", {"pools": [POOL]} | settings).objects)


def spec(kind: str, **settings: Any) -> dict[str, Any]:
    (manifest,) = (each for each in objects(**settings) if each["kind"] == kind)
    content: dict[str, Any] = manifest["spec"]
    return content


def values(**settings: Any) -> dict[str, Any]:
    (chart,) = addon("metallb", {"pools": [POOL]} | settings).charts
    return dict(chart.values)


def test_a_line_gives_addresses_in_the_machines_network() -> None:
    assert [each["kind"] for each in objects()] == ["IPAddressPool", "L2Advertisement"]
    assert spec("IPAddressPool") == {"addresses": POOL["addresses"]}
    assert spec("L2Advertisement") == {}
    assert values()["frrk8s"] == {"enabled": False}


def test_with_peers_routers_are_told() -> None:
    kinds = [each["kind"] for each in objects(peers=[PEER])]
    assert kinds == ["IPAddressPool", "BGPPeer", "BGPAdvertisement"]
    assert values(peers=[PEER])["frrk8s"] == {"enabled": True}
    assert (
        "DaemonSet metallb-system/metallb-frr-k8s"
        in addon("metallb", {"pools": [POOL], "peers": [PEER]}).ready
    )


def test_only_the_advertisements_that_are_said() -> None:
    said = objects(peers=[PEER], l2Advertisements=[{"name": "lan", "interfaces": ["eth1"]}])
    assert [each["kind"] for each in said][-1] == "L2Advertisement"
    assert "BGPAdvertisement" not in {each["kind"] for each in said}


def test_a_peer_has_its_password_from_a_secret() -> None:
    peer = PEER | {"passwordSecret": "rack-1", "holdTime": "90s", "bfdProfile": "fast"}
    settings = {"pools": [POOL], "peers": [peer], "bfdProfiles": [{"name": "fast"}]}
    manifest = next(each for each in objects(**settings) if each["kind"] == "BGPPeer")
    assert manifest["apiVersion"] == "metallb.io/v1beta2"
    assert manifest["spec"] == {
        "myASN": 64512,
        "peerASN": 64513,
        "peerAddress": "10.0.0.1",
        "holdTime": "1m30s",
        "bfdProfile": "fast",
        "passwordSecret": {"name": "rack-1", "namespace": "metallb-system"},
    }
    assert addon("metallb", settings).secrets == ("rack-1",)


@pytest.mark.parametrize("text", ["65536:1", "large:1:2", "1:2:3"])
def test_a_community_is_a_name_or_one_that_metallb_reads(text: str) -> None:
    with pytest.raises(ValidationError, match="communities"):
        BgpAdvertisement.model_validate({"name": "a", "communities": [text]})
    with pytest.raises(ValidationError, match="communities"):
        MetalLBSettings.model_validate({"pools": [POOL], "communities": {"near": text}})


def test_an_advertisement_has_communities_and_preferences() -> None:
    said = spec(
        "BGPAdvertisement",
        peers=[PEER],
        communities={"near": "64512:1"},
        bgpAdvertisements=[
            {
                "name": "near",
                "ipAddressPools": ["public"],
                "communities": ["near", "65535:65282"],
                "localPref": 100,
                "nodeSelectors": [{"matchLabels": {"rack": "one"}}],
            }
        ],
    )
    assert said == {
        "ipAddressPools": ["public"],
        "communities": ["near", "65535:65282"],
        "localPref": 100,
        "nodeSelectors": [{"matchLabels": {"rack": "one"}}],
    }
    assert spec("Community", communities={"near": "64512:1"}) == {
        "communities": [{"name": "near", "value": "64512:1"}]
    }


def test_its_namespace_lets_it_use_the_host() -> None:
    assert addon("metallb", {"pools": [POOL]}).namespaces == {
        "metallb-system": SecurityLevel.PRIVILEGED
    }


def test_machines_of_the_control_plane_answer_where_there_are_no_others() -> None:
    def ignores(**cluster: Any) -> bool:
        (chart,) = addon("metallb", {"pools": [POOL]}, **cluster).charts
        return bool(chart.values["speaker"]["ignoreExcludeLB"])

    assert ignores()
    assert not ignores(workerPools=[{"name": "general"}])


def test_only_without_a_class_it_owns_services() -> None:
    assert addon("metallb", {"pools": [POOL]}).provides == (LOAD_BALANCER,)
    classy = {"pools": [POOL], "loadBalancerClass": "example.com/metallb"}
    assert addon("metallb", classy).provides == ()
    assert values(loadBalancerClass="example.com/metallb")["loadBalancerClass"] == (
        "example.com/metallb"
    )


@pytest.mark.parametrize(
    ("addresses", "code"),
    [
        (["192.168.7.0/28"], ADDRESSES_TAKEN),
        (["10.130.0.1-10.130.0.9"], ADDRESSES_TAKEN),
        (["10.9.0.64/28"], ADDRESSES_TAKEN),
        (["10.9.1.5-10.9.1.7"], ADDRESSES_TAKEN),
        (["fd00:1::/120"], ADDRESS_FAMILY_UNUSED),
        (["10.100.0.0/28", "10.100.0.8-10.100.0.9"], POOLS_OVERLAP),
    ],
)
def test_addresses_that_are_not_free(addresses: list[str], code: Code) -> None:
    settings = {"pools": [{"name": "a", "addresses": addresses}]}
    cluster = {
        "network": {"machines": ["10.9.0.0/24"]},
        "controlPlane": {"endpoint": {"host": "10.9.1.6"}},
    }
    last = len(addresses) - 1
    assert found("metallb", settings, **cluster) == [(code, f"metallb.pools.0.addresses.{last}")]


def test_addresses_of_the_machines_network_must_be_reserved() -> None:
    def of(*addresses: str) -> list[Code]:
        pool = {"name": "a", "addresses": list(addresses), "reserved": True}
        network = {"machines": ["10.9.0.0/24"]}
        return [each.code for each in findings("metallb", {"pools": [pool]}, network=network)]

    assert of("10.9.0.240/28") == []
    assert of("10.9.0.0-10.9.1.0") == [ADDRESSES_TAKEN], "no address is left to machines"


def test_an_inner_range_is_found_behind_others() -> None:
    addresses = ["10.100.0.0/24", "10.100.0.1-10.100.0.2", "10.100.0.200-10.100.0.201"]
    settings = {"pools": [{"name": "a", "addresses": addresses}]}
    assert found("metallb", settings) == [
        (POOLS_OVERLAP, "metallb.pools.0.addresses.1"),
        (POOLS_OVERLAP, "metallb.pools.0.addresses.2"),
    ]


def bgp(**fields: Any) -> dict[str, Any]:
    return {"peers": [PEER], "bgpAdvertisements": [{"name": "a"} | fields]}


SELECTOR = [{"matchLabels": {"app": "web"}}]


@pytest.mark.parametrize(
    ("settings", "code", "place"),
    [
        (
            {"pools": [POOL, POOL | {"addresses": ["10.200.0.0/28"]}]},
            DUPLICATE_NAME,
            "pools.1.name",
        ),
        ({"peers": [PEER, PEER]}, DUPLICATE_NAME, "peers.1.name"),
        (
            {"l2Advertisements": [{"name": "a", "ipAddressPools": ["publik"]}]},
            UNKNOWN_REFERENCE,
            "l2Advertisements.0.ipAddressPools.0",
        ),
        (bgp(ipAddressPools=["b"]), UNKNOWN_REFERENCE, "bgpAdvertisements.0.ipAddressPools.0"),
        (bgp(peers=["rack-2"]), UNKNOWN_REFERENCE, "bgpAdvertisements.0.peers.0"),
        (bgp(communities=["near"]), UNKNOWN_REFERENCE, "bgpAdvertisements.0.communities.0"),
        ({"peers": [PEER | {"bfdProfile": "fast"}]}, UNKNOWN_REFERENCE, "peers.0.bfdProfile"),
        ({"peers": [PEER | {"dynamicASN": "external"}]}, BAD_BGP_PEER, "peers.0.peerASN"),
        ({"peers": [PEER | {"interface": "eth1"}]}, BAD_BGP_PEER, "peers.0.peerAddress"),
        (
            {"peers": [PEER | {"peerASN": 64512, "ebgpMultiHop": True}]},
            BAD_BGP_PEER,
            "peers.0.ebgpMultiHop",
        ),
        ({"peers": [PEER | {"holdTime": "2s"}]}, BAD_BGP_PEER, "peers.0.holdTime"),
        (
            {"peers": [PEER | {"holdTime": "9s", "keepaliveTime": "10s"}]},
            BAD_BGP_PEER,
            "peers.0.keepaliveTime",
        ),
        (bgp(aggregationLength=24), BAD_AGGREGATION, "bgpAdvertisements.0.aggregationLength"),
        (
            bgp(aggregationLength=30, serviceSelectors=SELECTOR),
            BAD_AGGREGATION,
            "bgpAdvertisements.0.aggregationLength",
        ),
    ],
)
def test_what_metallb_would_refuse(settings: dict[str, Any], code: Code, place: str) -> None:
    assert (code, f"metallb.{place}") in found("metallb", {"pools": [POOL]} | settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"peers": [PEER | {"keepaliveTime": "10s"}]},
        {"peers": [PEER | {"holdTime": "0s"}]},
        {"peers": [{"name": "a", "myASN": 1, "dynamicASN": "external", "interface": "eth1"}]},
        {"pools": [{"name": "a", "addresses": ["10.100.0.0/24"]}], **bgp(aggregationLength=24)},
        bgp(serviceSelectors=SELECTOR, communities=["large:1:2:3"]),
    ],
)
def test_what_metallb_takes(settings: dict[str, Any]) -> None:
    assert found("metallb", {"pools": [POOL]} | settings) == []


@pytest.mark.parametrize(
    "others",
    [
        {"calico": {"bgp": {"peers": [{"name": "a", "peerIP": "10.0.0.1", "asNumber": 64513}]}}},
        {
            "cilium": {
                "bgp": {
                    "localASN": 64512,
                    "peers": [{"name": "a", "peerASN": 64513, "peerAddress": "10.0.0.1"}],
                    "advertisePods": True,
                }
            }
        },
    ],
)
def test_a_router_has_one_session_with_a_machine(others: dict[str, Any]) -> None:
    settings = {"pools": [POOL], "peers": [PEER]}
    assert found("metallb", settings, others=others) == [
        (BAD_BGP_PEER, "metallb.peers.0.peerAddress")
    ]
    elsewhere = settings | {"peers": [PEER | {"peerAddress": "10.0.0.2"}]}
    assert not found("metallb", elsewhere, others=others)


def test_every_value_is_one_of_the_chart() -> None:
    said = values(peers=[PEER], loadBalancerClass="example.com/metallb")
    assert not unknown_values("metallb", said)


def on(name: str, **metallb: Any) -> ClusterFacts:
    settings = {"provider": name, **EXAMPLES[name].least}
    plugin = infrastructure(name).model_validate(settings)
    own = cluster(addons={"metallb": {"pools": [POOL]} | metallb})
    return addons_of(Addons(), own, plugin)


@pytest.mark.parametrize("name", ["aws", "azure", "gcp", "openstack"])
def test_a_clouds_own_controller_owns_services(name: str) -> None:
    (finding,) = check_target(on(name))
    assert (finding.code, finding.path) == (LOAD_BALANCER_OWNED, ("metallb",))
    assert "loadBalancerClass" in finding.code.fix
    assert not list(check_target(on(name, loadBalancerClass="example.com/metallb")))


def test_on_vsphere_nothing_else_does() -> None:
    assert not list(check_target(on("vsphere")))
