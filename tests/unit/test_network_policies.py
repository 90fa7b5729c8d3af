"""Flannel, NetworkPolicies that namespaces begin with, and clusters without kube-proxy."""

from __future__ import annotations

from typing import Any

import pytest

from components.addon import Port
from components.cluster import kubeadm
from components.cluster.rules import arguments
from components.cluster.workload_cluster import cluster_manifest
from components.cluster_object import API_SERVER, DeclaredCluster
from components.delivery.rules import check_target
from components.infrastructure.in_memory import InMemory
from components.infrastructure.registry import infrastructure
from errors import CaasError, Code
from errors.addons import ADDON_NEEDS, ADDONS_EXCLUDE
from errors.network import (
    DUPLICATE_NAME,
    KUBE_PROXY_CHANGED,
    KUBE_PROXY_MISSING,
    NETWORK_OPTION_NEEDS,
    POLICIES_NOT_ENFORCED,
    PORT_CLOSED,
    PROTECTED_NAMESPACE,
)
from stacks.settings.addons import Addons, ClusterSettings, addons_of
from stacks.settings.running import check_control_plane
from tests.addons.examples import LEAST, addon
from tests.addons.rules import found
from tests.infrastructure.examples import EXAMPLES

CALICO = {"others": {"calico": {}}}


def flannel(settings: dict[str, Any], **cluster: Any) -> dict[str, Any]:
    (chart,) = addon("flannel", settings, **cluster).charts
    return dict(chart.values)


def test_flannel_has_the_ranges_of_the_cluster() -> None:
    given = flannel({})
    assert (given["podCidr"], given["podCidrv6"]) == ("192.168.0.0/16", "")
    assert given["flannel"]["backend"] == "vxlan"
    assert given["netpol"] == {"enabled": False}
    six = {"pods": ["fd00:10::/48"], "services": ["fd00:20::/112"]}
    said = flannel({"backend": "wireguard", "mtu": 1400, "networkPolicies": True}, network=six)
    assert (said["podCidr"], said["podCidrv6"]) == ("", "fd00:10::/48")
    assert (said["flannel"]["backend"], said["flannel"]["mtu"]) == ("wireguard", 1400)
    assert said["netpol"] == {"enabled": True}


def test_each_backend_has_its_ports() -> None:
    between = "pods of one machine to those of another"
    assert addon("flannel", {}).ports == (Port(8472, between, "UDP"),)
    assert addon("flannel", {"backend": "host-gw"}).ports == ()
    both = {"pods": ["192.168.0.0/16", "fd00:10::/48"], "services": ["10.128.0.0/12", "fd00::/112"]}
    ports = addon("flannel", {"backend": "wireguard"}, network=both).ports
    assert [port.number for port in ports] == [51820, 51821]
    six = {"pods": ["fd00:10::/48"], "services": ["fd00:20::/112"]}
    for backend, number in (("wireguard", 51821), ("vxlan", 8472)):
        assert [
            each.number for each in addon("flannel", {"backend": backend}, network=six).ports
        ] == [number]


def test_a_cluster_has_one_network() -> None:
    assert (ADDONS_EXCLUDE, "flannel") in found("flannel", {}, **CALICO)


@pytest.mark.parametrize(
    ("settings", "cluster", "code", "place"),
    [
        ({"backend": "host-gw", "directRouting": True}, {}, NETWORK_OPTION_NEEDS, ".directRouting"),
        ({"backend": "host-gw", "mtu": 1400}, {}, NETWORK_OPTION_NEEDS, ".mtu"),
        ({}, {"network": {"kubeProxy": False}}, KUBE_PROXY_MISSING, ""),
    ],
)
def test_what_flannel_cannot_do(
    settings: dict[str, Any], cluster: dict[str, Any], code: Code, place: str
) -> None:
    assert found("flannel", settings, **cluster) == [(code, f"flannel{place}")]


def policies(**settings: Any) -> dict[str, Any]:
    objects = addon("networkPolicies", {"namespaces": ["shop"]} | settings, **CALICO).objects
    assert {each["metadata"]["namespace"] for each in objects} == {"shop"}
    return {each["metadata"]["name"]: each["spec"] for each in objects}


def test_everything_is_denied_but_dns() -> None:
    assert policies() == {
        "default-deny": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
        "allow-dns": {
            "podSelector": {},
            "policyTypes": ["Egress"],
            "egress": [
                {
                    "to": [
                        {
                            "namespaceSelector": {
                                "matchLabels": {"kubernetes.io/metadata.name": "kube-system"}
                            },
                            "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
                        }
                    ],
                    "ports": [
                        {"protocol": "UDP", "port": 53},
                        {"protocol": "TCP", "port": 53},
                    ],
                }
            ],
        },
    }


def test_without_denied_egress_dns_needs_no_policy() -> None:
    """A policy about egress would deny all the rest of it."""
    assert set(policies(defaultDeny=["Ingress"])) == {"default-deny"}
    assert set(policies(allowDns=False)) == {"default-deny"}


def test_pods_of_a_namespace_may_talk_to_each_other() -> None:
    assert policies(defaultDeny=["Ingress"], allowWithin=True)["allow-within"] == {
        "podSelector": {},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [{"podSelector": {}}]}],
    }


@pytest.mark.parametrize(
    ("settings", "others", "code", "place"),
    [
        ({"namespaces": ["kube-system"]}, {"calico": {}}, PROTECTED_NAMESPACE, ".namespaces.0"),
        ({"namespaces": ["a", "a"]}, {"calico": {}}, DUPLICATE_NAME, ".namespaces.1"),
        ({"namespaces": ["a"]}, {"flannel": {}}, POLICIES_NOT_ENFORCED, ""),
        ({"namespaces": ["a"]}, {}, ADDON_NEEDS, ""),
    ],
)
def test_what_policies_need(
    settings: dict[str, Any], others: dict[str, Any], code: Code, place: str
) -> None:
    expected = [(code, f"networkPolicies{place}")]
    assert found("networkPolicies", settings, others=others) == expected


def test_flannel_can_hold_policies() -> None:
    others = {"flannel": {"networkPolicies": True}}
    assert not found("networkPolicies", {"namespaces": ["a"]}, others=others)


def topology(**network: Any) -> dict[str, Any]:
    settings = ClusterSettings.model_validate(LEAST | {"network": network})
    found: dict[str, Any] = cluster_manifest(settings, InMemory(), "clusters")["spec"]["topology"]
    return found


def test_a_cluster_without_kube_proxy_is_made_without_it() -> None:
    assert topology(kubeProxy=False)["variables"] == [
        {"name": "skipPhases", "value": ["addon/kube-proxy"]}
    ]
    assert "variables" not in topology()


@pytest.mark.parametrize("before", [True, False])
def test_kube_proxy_neither_comes_nor_goes(before: bool) -> None:
    live, wanted = (
        DeclaredCluster({"spec": {"topology": topology(kubeProxy=each)}})
        for each in (before, not before)
    )
    with pytest.raises(CaasError) as caught:
        check_control_plane(live, wanted, cluster="shop")
    assert caught.value.problems[0].code is KUBE_PROXY_CHANGED
    check_control_plane(live, live, cluster="shop")


def on(name: str, addons: dict[str, Any], **infrastructure_settings: Any) -> list[str]:
    """The ports that are closed on an infrastructure, in words."""
    settings = {"provider": name, **EXAMPLES[name].least, **infrastructure_settings}
    plugin = infrastructure(name).model_validate(settings)
    cluster = ClusterSettings.model_validate(LEAST | {"addons": {"calico": None} | addons})
    found = list(check_target(addons_of(Addons(), cluster, plugin)))
    assert {each.code for each in found} <= {PORT_CLOSED}
    return [each.what.partition("do not let ")[2].removesuffix(" through") for each in found]


VXLAN = {"description": "VXLAN", "protocol": "udp", "fromPort": 8472, "toPort": 8472}


@pytest.mark.parametrize(
    ("name", "addons", "closed"),
    [
        ("aws", {"calico": {"wireguard": True}}, []),
        ("aws", {"calico": {"encapsulation": "IPIP", "bgp": {}}}, ["IP-in-IP"]),
        ("aws", {"cilium": {}}, ["TCP 4240", "UDP 8472", "TCP 4244"]),
        ("aws", {"flannel": {}}, ["UDP 8472"]),
        ("aws", {"flannel": {"backend": "host-gw"}}, []),
        ("openstack", {"cilium": {"encryption": {}}}, []),
        ("openstack", {"calico": {"encapsulation": "IPIP", "bgp": {}}}, []),
        ("openstack", {"cilium": {"encryption": {"type": "ipsec"}}}, ["ESP"]),
        ("azure", {"calico": {"encapsulation": "IPIP", "bgp": {}}}, ["IP-in-IP"]),
        ("azure", {"cilium": {}}, []),
        ("vsphere", {"cilium": {"encryption": {"type": "ipsec"}}}, []),
    ],
)
def test_machines_let_through_what_pods_need(
    name: str, addons: dict[str, Any], closed: list[str]
) -> None:
    assert on(name, addons) == closed


def test_ports_can_be_opened_on_aws() -> None:
    assert on("aws", {"flannel": {}}, machineRules=[VXLAN]) == []
    esp = {"description": "ESP", "protocol": "50", "fromPort": -1, "toPort": -1}
    ipsec = {"routing": "native", "encryption": {"type": "ipsec"}, "hubble": {"enabled": False}}
    assert on("aws", {"cilium": ipsec}, machineRules=[esp]) == ["TCP 4240"]
    assert on("aws", {"cilium": {}}, securityGroups=["sg-0123456789abcdef0"]) == []


def test_the_range_of_node_ports_is_an_argument() -> None:
    argument = {"name": "service-node-port-range", "value": "30000-31999"}
    options = {"kubeadm": {"apiServer": {"extraArgs": [argument]}}}
    settings = ClusterSettings.model_validate(LEAST | {"controlPlane": options})
    assert not list(arguments.check(settings))
    told = kubeadm.values(settings.control_plane, InMemory().class_parts())[API_SERVER]
    assert argument in told
