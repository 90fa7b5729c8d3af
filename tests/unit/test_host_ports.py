"""Ports of machines that pods of add-ons take, and what the catalog says about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import combinations
from typing import Any

import pytest

from catalog import HostPort, catalog, host_ports
from components.addon import Addon
from components.chart import Chart
from components.delivery import host_ports as rule
from errors.layers import HOST_PORT_TAKEN
from tests.addons import chart_keys, upstream
from tests.addons.examples import addon, examples, smallest
from tests.addons.rules import found

PORTS = [(chart, each) for chart, ports in host_ports().items() for each in ports]
WITHOUT_LISTENERS = {
    "aws-ebs-csi-driver": "its probe and metrics are switched on by other values",
    "ceph-csi-drivers": "its pods listen only where metrics are switched on",
    "snapshot-controller": "its metrics and webhook are switched on by other values",
}
"""Charts whose pods can use the machine's network, and take no port of it by default."""


def nested(path: str, value: object) -> dict[str, Any]:
    for key in reversed(path.split(".")):
        value = {key: value}
    assert isinstance(value, dict)
    return value


def with_values(key: str, values: dict[str, Any]) -> dict[str, Any]:
    return {**smallest(key), "values": values}


def conflicts(addons: dict[str, Any]) -> list[tuple[str, str, str]]:
    every = [addon(key, addons[key], others=addons) for key in addons]
    return [(str(each.path[0]), each.what, each.why) for each in rule.check("shop", every)]


CONFLICTS: dict[str, tuple[dict[str, Any], str]] = {
    "one add-on on the machine's network": (
        {"monitoring": smallest("monitoring"), "traefik": {"values": {"hostNetwork": True}}},
        "traefik",
    ),
    "a port that a value maps": (
        {
            "monitoring": smallest("monitoring"),
            "traefik": {"values": {"ports": {"web": {"hostPort": 9100}}}},
        },
        "traefik",
    ),
    "the kubelet's port": (
        {"metricsServer": {"values": {"hostNetwork": {"enabled": True}}}},
        "metricsServer",
    ),
    "the kubelet's port, by a default of cert-manager": (
        {"certManager": {"values": {"webhook": {"hostNetwork": True}}}},
        "certManager",
    ),
    "two pods of one add-on": (
        {"calico": {"values": {"installation": {"nodeMetricsPort": 5473}}}},
        "calico",
    ),
    "an address in place of a number": (
        {
            "kubeVip": with_values("kubeVip", {"env": {"prometheus_server": "0.0.0.0:9100"}}),
            "monitoring": smallest("monitoring"),
        },
        "monitoring",
    ),
}


@pytest.mark.parametrize("name", CONFLICTS)
def test_two_pods_cannot_have_one_port(name: str) -> None:
    addons, later = CONFLICTS[name]
    assert [path for path, _, _ in conflicts(addons)] == [later]


def test_the_finding_names_both_and_the_add_on() -> None:
    addons = CONFLICTS["one add-on on the machine's network"][0]
    ((_, what, why),) = conflicts(addons)
    assert what == "two pods on a machine of `shop` take the port 9100/TCP"
    assert why == "the node exporter of `monitoring` and Traefik of `traefik`"


def test_a_stack_file_is_refused() -> None:
    settings = {"values": {"hostNetwork": {"enabled": True}}}
    assert found("metricsServer", settings) == [(HOST_PORT_TAKEN, "metricsServer")]
    moved = {"values": {"hostNetwork": {"enabled": True}, "containerPort": 4443}}
    assert not found("metricsServer", moved)


def test_charts_of_the_infrastructure_come_first() -> None:
    driver = Chart("azuredisk-csi-driver", "kube-system")
    values = {"node": {"livenessProbe": {"healthPort": 29603}}}
    nfs = addon("nfs", with_values("nfs", values))
    (conflict,) = rule.check("shop", [nfs], [driver])
    assert conflict.path == ("nfs",)
    assert conflict.why.startswith("the driver (health) of the chart azuredisk-csi-driver")


def test_udp_and_tcp_are_apart_and_zero_takes_none() -> None:
    values = {"speaker": {"memberlist": {"mlBindPort": 9100}}}
    addons = {"metallb": with_values("metallb", values), "monitoring": smallest("monitoring")}
    assert [what for _, what, _ in conflicts(addons)] == [
        "two pods on a machine of `shop` take the port 9100/TCP"
    ]
    assert not conflicts({"flannel": {"values": {"flannel": {"healthz": {"port": 0}}}}})


@cache
def described() -> list[Addon]:
    """Every add-on with its smallest settings, and with those of each of its examples."""
    return [example.addon() for example in examples()]


def test_no_two_add_ons_of_this_project_conflict() -> None:
    for one, other in combinations(described(), 2):
        if one.name != other.name:
            assert list(rule.check("shop", [one, other])) == [], f"{one.name} and {other.name}"


# ---- the data ----------------------------------------------------------------------------------


def test_ports_are_of_charts_of_the_catalog() -> None:
    assert not host_ports().keys() - catalog().charts.keys()
    for chart, port in PORTS:
        assert port.port or port.at, f"{chart}: {port.pods}"


def switches(tree: Mapping[str, Any], place: str = "") -> Iterator[str]:
    for key, value in tree.items():
        if key in ("hostNetwork", "hostPort"):
            yield place + key
        elif isinstance(value, Mapping):
            yield from switches(value, f"{place}{key}.")


@pytest.mark.parametrize("chart", sorted(catalog().charts.keys() - upstream.WITHOUT_KEYS))
def test_charts_that_can_use_the_network_of_machines_are_described(chart: str) -> None:
    if any(switches(chart_keys.known(chart)[0])):
        assert (chart in host_ports()) != (chart in WITHOUT_LISTENERS), chart


@pytest.mark.parametrize(("chart", "port"), PORTS, ids=lambda each: getattr(each, "pods", each))
def test_values_are_those_of_the_chart(chart: str, port: HostPort) -> None:
    for path in filter(None, (port.at, port.condition)):
        if not upstream.is_hidden(chart, path) and "*" not in path:
            assert upstream.unknown_values(chart, nested(path, 1)) == []


@pytest.mark.parametrize(("chart", "port"), PORTS, ids=lambda each: getattr(each, "pods", each))
def test_defaults_are_those_of_the_chart(chart: str, port: HostPort) -> None:
    known = upstream.defaults(chart)
    if port.at and port.port and not upstream.is_hidden(chart, port.at):
        there = upstream.at(known, port.at)
        assert str(there).rpartition(":")[2] == str(port.port)
    if port.condition and not upstream.is_hidden(chart, port.condition):
        there = upstream.at(known, port.condition)
        assert port.wanted is not True or (there or False) == port.unset


@pytest.mark.parametrize(("bgp", "takes"), [("Disabled", False), ("Enabled", True), (None, True)])
def test_a_value_decides_whether_the_port_is_taken(bgp: str | None, takes: bool) -> None:
    values = nested("installation.calicoNetwork.bgp", bgp) if bgp else {}
    ports = {port for _, port in rule.taken("calico", Chart("tigera-operator", "x", values))}
    assert ((179, "TCP") in ports) == takes
