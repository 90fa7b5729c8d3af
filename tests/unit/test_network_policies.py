"""Flannel, NetworkPolicies that namespaces begin with, and clusters without kube-proxy."""

from __future__ import annotations

from typing import Any

import pytest

from components.addon import Port
from components.cluster.settings import Cluster
from components.cluster.workload_cluster import cluster_manifest
from components.infrastructure.in_memory import InMemory
from errors import CaasError, Code
from errors.addons import ADDON_NEEDS, ADDONS_EXCLUDE
from errors.network import (
    DUPLICATE_NAME,
    KUBE_PROXY_CHANGED,
    KUBE_PROXY_MISSING,
    NETWORK_OPTION_NEEDS,
    POLICIES_NOT_ENFORCED,
    PROTECTED_NAMESPACE,
)
from stacks.settings.running import check_control_plane
from tests.addons.examples import LEAST, addon
from tests.addons.rules import found

CALICO = {"others": {"calico": {}}}


def flannel(settings: dict[str, Any], **cluster: Any) -> dict[str, Any]:
    (chart,) = addon("flannel", settings, **cluster).charts
    return dict(chart.values)


def test_flannel_has_the_ranges_of_the_cluster() -> None:
    assert flannel({}) == {
        "podCidr": "192.168.0.0/16",
        "podCidrv6": "",
        "flannel": {"backend": "vxlan"},
        "netpol": {"enabled": False},
    }
    six = {"pods": ["fd00:10::/48"], "services": ["fd00:20::/112"]}
    said = flannel({"backend": "wireguard", "mtu": 1400, "networkPolicies": True}, network=six)
    assert said == {
        "podCidr": "",
        "podCidrv6": "fd00:10::/48",
        "flannel": {"backend": "wireguard", "mtu": 1400},
        "netpol": {"enabled": True},
    }


def test_each_backend_has_its_ports() -> None:
    between = "pods of one machine to those of another"
    assert addon("flannel", {}).ports == (Port(8472, between, "UDP"),)
    assert addon("flannel", {"backend": "host-gw"}).ports == ()
    assert [port.number for port in addon("flannel", {"backend": "wireguard"}).ports] == [
        51820,
        51821,
    ]


def test_a_cluster_has_one_network() -> None:
    assert (ADDONS_EXCLUDE, "flannel") in found("flannel", {}, **CALICO)


@pytest.mark.parametrize(
    ("settings", "cluster", "code", "place"),
    [
        ({"backend": "host-gw", "directRouting": True}, {}, NETWORK_OPTION_NEEDS, ".directRouting"),
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
    settings = Cluster.model_validate(LEAST | {"network": network})
    found: dict[str, Any] = cluster_manifest(settings, InMemory(), "clusters")["spec"]["topology"]
    return found


def test_a_cluster_without_kube_proxy_is_made_without_it() -> None:
    assert topology(kubeProxy=False)["variables"] == [
        {"name": "skipPhases", "value": ["addon/kube-proxy"]}
    ]
    assert "variables" not in topology()


@pytest.mark.parametrize("before", [True, False])
def test_kube_proxy_neither_comes_nor_goes(before: bool) -> None:
    live, wanted = topology(kubeProxy=before), topology(kubeProxy=not before)
    with pytest.raises(CaasError) as caught:
        check_control_plane(live, wanted, cluster="shop")
    assert caught.value.problems[0].code is KUBE_PROXY_CHANGED
    check_control_plane(live, live, cluster="shop")
