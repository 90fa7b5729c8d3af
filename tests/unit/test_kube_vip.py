"""kube-vip: addresses become its cloud provider's, the rest its environment."""

from __future__ import annotations

from typing import Any

import pytest

from components.addon import LOAD_BALANCER
from errors import Code
from errors.addons import ADDONS_EXCLUDE
from errors.network import ADDRESSES_TAKEN, BAD_BGP_PEER, DUPLICATE_NAME, POOLS_OVERLAP
from tests.addons.examples import addon
from tests.addons.rules import found
from tests.addons.upstream import unknown_values

LEAST = {"addresses": ["10.100.0.0/28", "10.100.1.1-10.100.1.9"]}
PEERS = [
    {"address": "10.0.0.1", "asNumber": 64513},
    {"address": "fd00::1", "asNumber": 64514, "multiHop": True, "port": 1179},
]


def charts(settings: dict[str, Any], **cluster: Any) -> list[dict[str, Any]]:
    return [dict(each.values) for each in addon("kubeVip", LEAST | settings, **cluster).charts]


def environment(settings: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = charts(settings)[1]["env"]
    return found


def test_addresses_are_those_of_all_namespaces_or_of_one() -> None:
    provider, _ = charts({"namespaces": {"shop": ["10.100.2.0/30"]}})
    assert provider["cm"]["data"] == {
        "range-global": "10.100.0.0-10.100.0.15,10.100.1.1-10.100.1.9",
        "range-shop": "10.100.2.0-10.100.2.3",
    }


def test_each_service_has_a_machine_of_its_own() -> None:
    said = environment({"interface": "eth1"})
    assert (said["vip_arp"], said["svc_election"], said["vip_interface"]) == (
        "true",
        "true",
        "eth1",
    )
    assert said["cp_enable"] == "false"
    assert all(isinstance(value, str) for value in said.values())


def test_routers_are_told_by_every_machine() -> None:
    said = environment({"bgp": {"asNumber": 64512, "peers": PEERS}})
    assert said["bgp_peers"] == "10.0.0.1:64513::false:179,[fd00::1]:64514::true:1179"
    assert (said["bgp_as"], said["vip_arp"], said["vip_interface"]) == ("64512", "false", "lo")


def test_routers_with_passwords_come_from_a_secret() -> None:
    settings = LEAST | {"bgp": {"asNumber": 64512, "peersSecret": "routers"}}
    _, chart = charts(settings)
    assert chart["envFrom"] == [{"secretRef": {"name": "routers"}}]
    assert "bgp_peers" not in chart["env"]
    assert addon("kubeVip", settings).secrets == ("routers",)


def test_machines_of_the_control_plane_answer_where_there_are_no_others() -> None:
    assert "tolerations" not in charts({})[1]
    assert charts({}, workerPools=[{"name": "general"}])[1]["tolerations"] == []


def test_only_without_a_class_it_owns_services() -> None:
    assert addon("kubeVip", LEAST).provides == (LOAD_BALANCER,)
    classy = LEAST | {"byClass": True}
    assert addon("kubeVip", classy).provides == ()
    provider, chart = charts(classy)
    assert provider["enableloadbalancerClass"] is True
    assert chart["env"]["lb_class_only"] == "true"


@pytest.mark.parametrize(
    "settings",
    [{}, {"bgp": {"asNumber": 1, "peersSecret": "a"}}, {"namespaces": {"a": ["10.1.0.0/30"]}}],
)
def test_every_value_is_one_of_the_charts(settings: dict[str, Any]) -> None:
    provider, chart = charts(settings)
    # The environment is free; the names are those of pkg/kubevip/config_envvar.go.
    chart["env"] = {}
    assert not unknown_values("kube-vip", chart)
    assert not unknown_values("kube-vip-cloud-provider", provider)


@pytest.mark.parametrize(
    ("settings", "code", "place"),
    [
        ({"addresses": ["192.168.0.0/28"]}, ADDRESSES_TAKEN, "addresses.0"),
        ({"namespaces": {"shop": ["10.100.0.4/30"]}}, POOLS_OVERLAP, "namespaces.shop.0"),
        ({"namespaces": {"global": ["10.100.2.0/30"]}}, DUPLICATE_NAME, "namespaces.global"),
        ({"bgp": {"asNumber": 64512}}, BAD_BGP_PEER, "bgp"),
        (
            {"bgp": {"asNumber": 64512, "peers": PEERS, "peersSecret": "a"}},
            BAD_BGP_PEER,
            "bgp",
        ),
    ],
)
def test_what_it_could_not_do(settings: dict[str, Any], code: Code, place: str) -> None:
    assert found("kubeVip", LEAST | settings) == [(code, f"kubeVip.{place}")]


def test_one_owns_services() -> None:
    metallb = {"metallb": {"pools": [{"name": "a", "addresses": ["10.200.0.0/28"]}]}}
    assert found("kubeVip", LEAST, others=metallb) == [(ADDONS_EXCLUDE, "kubeVip")]
    assert not found("kubeVip", LEAST | {"byClass": True}, others=metallb)


@pytest.mark.parametrize(
    "others",
    [
        {"calico": {"bgp": {"peers": [{"name": "a", "peerIP": "fd00::1", "asNumber": 64513}]}}},
        {
            "cilium": {
                "bgp": {
                    "localASN": 64512,
                    "advertisePods": True,
                    "peers": [{"name": "a", "peerASN": 64513, "peerAddress": "fd00::1"}],
                }
            }
        },
    ],
)
def test_a_router_has_one_session_with_a_machine(others: dict[str, Any]) -> None:
    settings = LEAST | {"bgp": {"asNumber": 64512, "peers": PEERS}}
    expected = [(BAD_BGP_PEER, "kubeVip.bgp.peers.1.address")]
    assert found("kubeVip", settings, others=others) == expected
