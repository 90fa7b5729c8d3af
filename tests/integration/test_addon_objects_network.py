"""A real API server accepts the objects of network plug-ins."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from accepted import define, refused
from kubectl import Kubectl

from cli.commands import reach as reach_command
from components.mappings import Manifest
from engine.api import Api
from errors.program import NAMESPACE_NOT_FOUND
from plane.binaries import Binaries
from plane.plane import Plane
from tests.addons.examples import addon
from tests.unit.command_line import within

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


# ---- policies in a cluster, as `caas reach --live` reads them -----------------------------------


def listed(kind: str, version: str, name: str, **content: Any) -> Manifest:
    metadata = {"name": name} | content.pop("metadata", {})
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **content}


def pod(name: str, **labels: str) -> Manifest:
    port = {"name": "web", "containerPort": 8080}
    spec = {
        "automountServiceAccountToken": False,
        "containers": [{"name": "a", "image": "a", "ports": [port]}],
    }
    return listed("Pod", "v1", name, metadata={"namespace": PAY, "labels": labels}, spec=spec)


PAY, SHOP = "reach-pay", "reach-shop"
CLOSED = listed(
    "NetworkPolicy",
    "networking.k8s.io/v1",
    "web-only",
    metadata={"namespace": PAY},
    spec={"podSelector": {}, "ingress": [{"ports": [{"port": "web"}]}]},
)
DENIED = listed(
    "ClusterNetworkPolicy",
    "policy.networking.k8s.io/v1alpha2",
    "reach-admin",
    spec={
        "tier": "Admin",
        "priority": 7,
        "subject": {"pods": {"podSelector": {"matchLabels": {"app": "vault"}}}},
        "ingress": [{"action": "Deny", "name": "none", "from": [{"namespaces": {}}]}],
    },
)


@pytest.fixture
def policies(calico: Kubectl) -> Iterator[None]:
    """Two namespaces, pods in one of them, and policies of both kinds."""
    places = [listed("Namespace", "v1", name) for name in (SHOP, PAY)]
    account = listed("ServiceAccount", "v1", "default", metadata={"namespace": PAY})
    objects = [*places, account, pod("api", app="api"), pod("vault", app="vault"), CLOSED, DENIED]
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
    calico("apply", "--server-side", "--force-conflicts", "-f", "-", text=text)
    yield
    calico("delete", "--wait=false", "-f", "-", text=text)


@pytest.mark.usefixtures("policies")
def test_policies_of_a_cluster_are_read(
    plane: Plane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def opened(_session: object, name: str) -> Iterator[Api]:
        assert name == "one"
        yield Api(plane.kubeconfig)

    def reach(*asked: str) -> Any:
        done = within("reach", *asked, "--stack", "blue", "--live", "-o", "json")
        found = json.loads(done.out or done.err)
        return done.status, *(found["clusters"] if done.status != 1 else found["problems"])

    monkeypatch.setattr(reach_command, "workload_api", opened)
    monkeypatch.setenv("CAAS_STACKS", str(tmp_path))
    config = {
        "caas:management": {"mode": "existing"},
        "caas:clusters": [{"name": "one", "version": "1.36.3"}],
    }
    (tmp_path / "Pulumi.blue.yaml").write_text(yaml.safe_dump({"config": config}))
    status, found = reach(SHOP, f"{PAY}:8080", "--to-labels", "app=api")
    assert (status, found["pairs"]) == (0, 1)
    assert found["ingress"]["reason"] == f"NetworkPolicy {PAY}/web-only, ingress rule 1"
    assert reach(SHOP, f"{PAY}:8081", "--to-labels", "app=api")[0] == 2  # the port has no name
    status, found = reach(SHOP, f"{PAY}:8080")
    assert (status, found["pairs"], found["openPairs"]) == (2, 2, 1)
    denied = "ClusterNetworkPolicy reach-admin (tier Admin, Deny), ingress rule 1 `none`"
    assert found["ingress"]["reason"] == denied
    status, problem = reach("reach-none", f"{PAY}:8080")
    assert (status, problem["code"]) == (1, NAMESPACE_NOT_FOUND.id)
