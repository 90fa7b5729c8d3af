"""Addresses of Services: how they are written, and that no two clusters of a network share any."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from components.addresses import Address, AddressRange
from components.finding import Finding
from components.infrastructure.in_memory import InMemory
from errors import CaasError
from errors.network import ADDRESSES_SHARED, ADDRESSES_TAKEN, BAD_ADDRESS, BAD_ADDRESS_RANGE
from errors.stack_file import HOST_BITS
from stacks.settings import load_file
from stacks.settings.addons import Addons, ClusterSettings, PlacedSettings
from stacks.settings.rules.balancing import check

STACK = """\
config:
  caas:clusters:
    - name: shop
      version: 1.36.3
      addons:
        metallb:
          pools: [{name: public, addresses: [ADDRESSES]}]
          peers: [{name: tor, myASN: 1, peerASN: 2, peerAddress: PEER}]
"""


def loaded(tmp_path: Path, addresses: str, peer: str = "10.0.0.1") -> list[tuple[str, str | None]]:
    file = tmp_path / "Pulumi.a.yaml"
    file.write_text(STACK.replace("ADDRESSES", addresses).replace("PEER", peer))
    try:
        load_file(file)
    except CaasError as error:
        return [(each.code.id, each.where.path) for each in error.problems]
    return []


@pytest.mark.parametrize(
    "text",
    ["10.0.0.9-10.0.0.1", "10.0.0.1", "10.0.0.1-fd00::1", "a-b", "10.0.0.1-10.0.0.2-10.0.0.3", "-"],
)
def test_what_is_no_range_has_a_code_and_a_place(tmp_path: Path, text: str) -> None:
    place = "clusters[0].addons.metallb.pools[0].addresses[0]"
    assert loaded(tmp_path, f'"{text}"') == [(BAD_ADDRESS_RANGE.id, place)]


def test_a_network_begins_at_its_first_address(tmp_path: Path) -> None:
    assert [code for code, _ in loaded(tmp_path, "10.0.0.9/24")] == [HOST_BITS.id]


def test_a_router_has_an_address(tmp_path: Path) -> None:
    place = "clusters[0].addons.metallb.peers[0].peerAddress"
    assert loaded(tmp_path, "10.0.0.8/29", "router.example.com") == [(BAD_ADDRESS.id, place)]
    assert loaded(tmp_path, "10.0.0.8/29") == []


def test_what_is_wrong_for_all_clusters_is_told_once(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.a.yaml"
    clusters = "".join(f"    - {{ name: c{number}, version: 1.36.3 }}\n" for number in range(5))
    pool = "{ name: a, addresses: [192.168.0.0/28] }"
    addons = f"  caas:addons: {{ metallb: {{ pools: [{pool}] }} }}\n"
    file.write_text(f"config:\n{addons}  caas:clusters:\n{clusters}")
    with pytest.raises(CaasError) as caught:
        load_file(file)
    found = [(each.code, each.where.path) for each in caught.value.problems]
    place = "addons.metallb.pools[0].addresses[0]"
    assert found == [(ADDRESSES_TAKEN, place), (ADDRESSES_SHARED, place)]


def test_ranges_are_spelled_in_one_way() -> None:
    assert str(AddressRange.read("fd00::0001-fd00:0::9")) == "fd00::1-fd00::9"
    assert [str(each) for each in AddressRange.read("10.0.0.1-10.0.0.4").networks()] == [
        "10.0.0.1/32",
        "10.0.0.2/31",
        "10.0.0.4/32",
    ]
    assert TypeAdapter(Address).validate_python("fd00:0::1") == "fd00::1"
    with pytest.raises(ValidationError):
        TypeAdapter(Address).validate_python("10.0.0.0/8")


def cluster(name: str, *addresses: str, **network: Any) -> ClusterSettings:
    pool = {"name": "public", "addresses": list(addresses)}
    addons = {"metallb": {"pools": [pool]}} if addresses else {}
    settings = {"name": name, "version": "1.36.3", "addons": addons, "network": network}
    return ClusterSettings.model_validate(settings)


def shared(*clusters: ClusterSettings, stack: dict[str, Any] | None = None) -> list[Finding]:
    placed: Sequence[PlacedSettings] = [
        (("clusters", number), one) for number, one in enumerate(clusters)
    ]
    found = list(check(Addons.model_validate(stack or {}), placed, InMemory()))
    assert {each.code for each in found} <= {ADDRESSES_SHARED, ADDRESSES_TAKEN}
    return found


def test_two_clusters_announce_different_addresses() -> None:
    assert not shared(cluster("a", "10.0.0.0/29"), cluster("b", "10.0.0.8/29"))
    (finding,) = shared(cluster("a", "10.0.0.0/29"), cluster("b", "10.0.0.7-10.0.0.9"))
    assert finding.path == ("clusters", 1, "addons", "metallb", "pools", 0, "addresses", 0)
    assert finding.what == "10.0.0.7-10.0.0.9 of `b` overlaps 10.0.0.0/29 of `a`"


def test_a_pool_of_the_stack_is_for_one_cluster() -> None:
    stack = {"metallb": {"pools": [{"name": "a", "addresses": ["10.0.0.0/29"]}]}}
    assert not shared(cluster("a"), stack=stack)
    (finding,) = shared(cluster("a"), cluster("b"), cluster("c"), stack=stack)
    assert finding.path == ("addons", "metallb", "pools", 0, "addresses", 0)
    assert finding.fix


def test_a_selector_keeps_a_pool_for_one_cluster() -> None:
    pool = {"name": "a", "addresses": ["10.0.0.0/29"]}
    stack = {"metallb": {"pools": [pool], "selector": {"tier": "production"}}}
    production = cluster("a").model_copy(update={"labels": {"tier": "production"}})
    assert not shared(production, cluster("b"), stack=stack)


def test_networks_apart_may_use_the_same_addresses() -> None:
    same = ("10.100.0.0/29",)
    apart = [
        cluster("a", *same, machines=["10.1.0.0/16"]),
        cluster("b", *same, machines=["10.2.0.0/16"]),
    ]
    assert not shared(*apart)
    assert shared(*apart, cluster("c", machines=["10.0.0.0/8"])), "c joins their networks"
    assert shared(apart[0], cluster("b", *same)), "nobody knows where b is"
    routed = cluster("b", *same, machines=["10.2.0.0/16"], routed=True)
    assert shared(apart[0], routed), "what is routed reaches everything"


def reached_at(one: ClusterSettings, host: str) -> ClusterSettings:
    settings = {"endpoint": {"host": host}}
    control_plane = type(one.control_plane).model_validate(settings)
    return one.model_copy(update={"control_plane": control_plane})


def test_a_service_never_gets_the_address_of_another_clusters_api() -> None:
    pools = cluster("a", "10.0.0.0/28")
    (finding,) = shared(pools, reached_at(cluster("b"), "10.0.0.0"))
    assert finding.code is ADDRESSES_TAKEN
    assert finding.path == ("clusters", 0, "addons", "metallb", "pools", 0, "addresses", 0)
    assert not shared(pools, reached_at(cluster("b"), "10.0.0.16"))
    assert not shared(pools, reached_at(cluster("b"), "api.example.com"))
    assert not shared(reached_at(cluster("a"), "10.0.0.1"), reached_at(cluster("b"), "10.0.0.1"))
    assert not shared(reached_at(pools, "10.0.0.1")), "its own is found by the add-on"


def test_two_add_ons_of_a_cluster_announce_different_addresses() -> None:
    pool = {"name": "a", "addresses": ["10.0.0.0/29"]}
    addons = {
        "metallb": {"pools": [pool]},
        "cilium": {"loadBalancer": {"pools": [pool], "byClass": True}},
    }
    settings = {"name": "a", "version": "1.36.3", "addons": addons}
    (finding,) = shared(ClusterSettings.model_validate(settings))
    assert finding.path[:4] == ("clusters", 0, "addons", "metallb")


def test_a_range_behind_another_of_its_own_cluster_is_found() -> None:
    """The one that reaches furthest may be the cluster's own: then the next one counts."""
    mine = cluster("b", "10.0.0.0/24", "10.0.0.8-10.0.0.9")
    assert len(shared(cluster("a", "10.0.0.0-10.0.0.20"), mine)) == 2


def test_it_finds_what_comparing_all_with_all_finds() -> None:
    chance = random.Random(5)  # noqa: S311 - the same ones in every run
    for _ in range(60):
        starts = [chance.randrange(60) for _ in range(8)]
        ranges = [(start, start + chance.randrange(6)) for start in starts]
        clusters = [
            cluster(f"c{number}", f"10.0.0.{first}-10.0.0.{last}")
            for number, (first, last) in enumerate(ranges)
        ]
        overlap = any(
            one[0] <= other[1] and other[0] <= one[1]
            for number, one in enumerate(ranges)
            for other in ranges[:number]
        )
        assert bool(shared(*clusters)) == overlap, ranges


def test_a_thousand_clusters_are_walked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = 0
    overlaps = AddressRange.overlaps

    def counted(self: AddressRange, other: AddressRange) -> bool:
        nonlocal compared
        compared += 1
        return overlaps(self, other)

    monkeypatch.setattr(AddressRange, "overlaps", counted)
    fleet = [
        cluster(f"c{number}", f"10.{number // 250}.{number % 250}.0/28", machines=["172.16.0.0/12"])
        for number in range(1000)
    ]
    assert not shared(*fleet)
    assert compared < 5 * len(fleet)
