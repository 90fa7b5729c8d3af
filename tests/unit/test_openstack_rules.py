"""The findings of the rules of OpenStack in a stack file, by code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from errors import CaasError, Code
from errors.openstack import (
    IMAGE_WITHOUT_VERSION,
    NEITHER_OR_BOTH,
    NO_ACCESS_LIST,
    NO_EXTERNAL_NETWORK,
    ONE_NOVA_ZONE,
    OPENSTACK_API_OPEN,
    OPENSTACK_CREDENTIALS_MISSING,
    OPENSTACK_HAS_NO_SPOT,
    PROJECT_NETWORK_OVERLAPS,
    PROJECT_NETWORK_TOO_SMALL,
)
from errors.pools import UNKNOWN_FAILURE_DOMAIN
from stacks.settings import load_file
from tests.unit.openstack_stacks import EXISTING, HIGHLY_AVAILABLE, MADE, stack_file
from tests.unit.planned import cluster, pool

Settings = dict[str, Any]
OPEN = {"public": True, "allowed": ["198.51.100.0/24"]}
UUID = "0e3c1a52-6d2a-4d43-9b0c-2f4f3b1d9a01"


def without(settings: Settings, key: str) -> Settings:
    return {name: value for name, value in settings.items() if name != key}


def endpoint(**settings: Any) -> Settings:
    return cluster(controlPlane={"replicas": 1, "endpoint": settings})


def existing(**settings: Any) -> Settings:
    network = {"network": {"name": "machines"}, "subnets": [{"name": "v4"}]} | settings
    return EXISTING | {"network": {"existing": network}}


CASES: list[tuple[Code, str, Settings, Settings]] = [
    (NO_EXTERNAL_NETWORK, "infrastructure", without(MADE, "externalNetwork"), cluster()),
    (NO_EXTERNAL_NETWORK, "infrastructure", EXISTING, endpoint(**OPEN)),
    (
        PROJECT_NETWORK_TOO_SMALL,
        "infrastructure.network.cidr",
        MADE | {"network": {"cidr": "10.6.0.0/29"}},
        cluster(),
    ),
    (
        PROJECT_NETWORK_OVERLAPS,
        "clusters[0].network.pods[0]",
        MADE | {"network": {"cidr": "192.168.0.0/20"}},
        cluster(),
    ),
    (
        PROJECT_NETWORK_OVERLAPS,
        "clusters[0].network.services[0]",
        MADE | {"network": {"cidr": "10.128.0.0/20"}},
        cluster(),
    ),
    (
        ONE_NOVA_ZONE,
        "clusters[0].controlPlane.replicas",
        MADE | {"zones": ["nova"]},
        HIGHLY_AVAILABLE,
    ),
    (OPENSTACK_CREDENTIALS_MISSING, "infrastructure", without(MADE, "authUrl"), cluster()),
    (
        OPENSTACK_CREDENTIALS_MISSING,
        "infrastructure.credentials",
        EXISTING | {"credentials": {"secret": "clouds"}},
        cluster(),
    ),
    (
        OPENSTACK_CREDENTIALS_MISSING,
        "infrastructure.credentials",
        EXISTING | {"credentials": {"cloudConfig": "clouds"}},
        cluster(),
    ),
    (
        OPENSTACK_HAS_NO_SPOT,
        "clusters[0].workerPools[0].machine.spot",
        MADE,
        cluster(workerPools=[pool(machine={"spot": True})]),
    ),
    (OPENSTACK_API_OPEN, "clusters[0].controlPlane.endpoint", MADE, endpoint(public=True)),
    (
        OPENSTACK_API_OPEN,
        "clusters[0].controlPlane.endpoint.allowed[0]",
        MADE,
        endpoint(public=True, allowed=["0.0.0.0/0"]),
    ),
    (
        NO_ACCESS_LIST,
        "clusters[0].controlPlane.endpoint",
        MADE | {"loadBalancer": {"provider": "ovn"}},
        endpoint(**OPEN),
    ),
    (
        NEITHER_OR_BOTH,
        "infrastructure.externalNetwork",
        MADE | {"externalNetwork": {"id": UUID, "name": "public"}},
        cluster(),
    ),
    (NEITHER_OR_BOTH, "infrastructure.externalNetwork", MADE | {"externalNetwork": {}}, cluster()),
    (
        NEITHER_OR_BOTH,
        "infrastructure.network.existing.subnets[1]",
        existing(subnets=[{"id": UUID}, {}]),
        cluster(),
    ),
    (NEITHER_OR_BOTH, "infrastructure.network.existing.router", existing(router={}), cluster()),
    (
        NEITHER_OR_BOTH,
        "infrastructure.network.existing",
        EXISTING | {"network": EXISTING["network"] | {"cidr": "10.7.0.0/24"}},
        cluster(),
    ),
    (NEITHER_OR_BOTH, "infrastructure.sshKey", MADE | {"sshKey": {}}, cluster()),
    (IMAGE_WITHOUT_VERSION, "infrastructure.images", MADE | {"images": "ubuntu"}, cluster()),
    (
        UNKNOWN_FAILURE_DOMAIN,
        "clusters[0].workerPools[0].failureDomain",
        MADE | {"zones": ["az1", "az2", "az3"]},
        cluster(workerPools=[pool(failureDomain="az4")]),
    ),
]


@pytest.mark.parametrize(("code", "path", "infrastructure", "of"), CASES)
def test_refused(
    tmp_path: Path, code: Code, path: str, infrastructure: Settings, of: Settings
) -> None:
    with pytest.raises(CaasError) as caught:
        load_file(stack_file(tmp_path, infrastructure, of))
    assert [problem.code for problem in caught.value.problems] == [code]
    (problem,) = caught.value.problems
    assert problem.where.path == path
    assert problem.where.line


@pytest.mark.parametrize(
    ("infrastructure", "of"),
    [
        (MADE, HIGHLY_AVAILABLE),
        (EXISTING, HIGHLY_AVAILABLE),
        (MADE, endpoint(**OPEN)),
        (MADE | {"zones": ["nova"]}, cluster()),
        (MADE | {"loadBalancer": {"provider": "ovn"}}, cluster()),
        (existing(network={"id": UUID}, router={"name": "edge", "tags": ["a"]}), cluster()),
    ],
)
def test_accepted(tmp_path: Path, infrastructure: Settings, of: Settings) -> None:
    load_file(stack_file(tmp_path, infrastructure, of))
