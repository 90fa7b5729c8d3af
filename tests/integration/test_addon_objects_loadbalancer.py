"""A real API server accepts the objects of load balancers."""

from __future__ import annotations

from typing import Any

import pytest
from accepted import define, refused
from kubectl import Kubectl

from plane.binaries import Binaries
from plane.plane import Plane
from tests.addons.examples import addon

pytestmark = pytest.mark.plane

POOL = {
    "name": "public",
    "addresses": ["10.100.0.0/28", "10.100.1.1-10.100.1.9"],
    "autoAssign": False,
    "avoidBuggyIPs": True,
    "serviceAllocation": {
        "priority": 50,
        "namespaces": ["web"],
        "namespaceSelectors": [{"matchLabels": {"tenant": "shop"}}],
        "serviceSelectors": [
            {"matchExpressions": [{"key": "tier", "operator": "In", "values": ["a", "b"]}]}
        ],
    },
}
SELECTORS = [{"matchLabels": {"rack": "one"}}]
PEER = {"name": "tor", "myASN": 4200000000, "peerASN": 64513, "peerAddress": "10.0.0.1"}
EVERYTHING = {
    "pools": [POOL],
    "l2Advertisements": [
        {
            "name": "lan",
            "ipAddressPools": ["public"],
            "interfaces": ["eth1"],
            "nodeSelectors": SELECTORS,
            "serviceSelectors": SELECTORS,
        }
    ],
    "peers": [
        PEER
        | {
            "localASN": 64514,
            "peerPort": 1179,
            "sourceAddress": "10.0.0.2",
            "routerID": "10.0.0.3",
            "holdTime": "1m30s",
            "keepaliveTime": "30s",
            "connectTime": "10s",
            "nodeSelectors": SELECTORS,
            "passwordSecret": "tor",
            "bfdProfile": "fast",
            "ebgpMultiHop": True,
            "enableGracefulRestart": True,
            "vrf": "red",
            "dualStackAddressFamily": True,
        },
        {"name": "spine", "myASN": 1, "dynamicASN": "external", "interface": "eth1"},
    ],
    "bfdProfiles": [{"name": "fast", "detectMultiplier": 5, "minimumTtl": 1, "echoMode": True}],
    "communities": {"near": "64512:1", "far": "large:64512:1:2"},
    "bgpAdvertisements": [
        {
            "name": "near",
            "ipAddressPools": ["public"],
            "peers": ["tor"],
            "aggregationLength": 32,
            "localPref": 100,
            "communities": ["near", "65535:65282"],
            "nodeSelectors": SELECTORS,
            "serviceSelectors": SELECTORS,
        },
        {"name": "whole", "aggregationLength": 28, "aggregationLengthV6": 64},
    ],
}


@pytest.fixture(scope="module")
def metallb(plane: Plane, binaries: Binaries) -> Kubectl:
    kubectl = Kubectl(binaries.kubectl, plane.kubeconfig)
    define(kubectl, "metallb")
    return kubectl


@pytest.mark.parametrize(
    "settings", [{"pools": [POOL]}, {"pools": [POOL], "peers": [PEER]}, EVERYTHING]
)
def test_metallb(metallb: Kubectl, settings: dict[str, Any]) -> None:
    assert not refused(metallb, addon("metallb", settings).objects)


def test_what_is_wrong_would_be_refused(metallb: Kubectl) -> None:
    pool, *_ = addon("metallb", EVERYTHING).objects[2:]
    assert 'unknown field "colour"' in refused(
        metallb, [pool | {"spec": pool["spec"] | {"colour": "red"}}]
    )
