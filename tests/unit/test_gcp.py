"""Google Cloud: who reaches the API, zones, spot machines, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from packaging.version import Version
from pydantic import ValidationError

from components.cluster.settings import Cluster
from components.infrastructure.gcp import Gcp
from errors import Code
from errors.clouds import (
    ARCHITECTURE_DIFFERS,
    DISK_TYPE_UNKNOWN,
    ENDPOINT_NOT_OFFERED,
    MACHINES_RANGE_TAKEN,
    PLACEMENT_NOT_OFFERED,
    PUBLIC_NOT_LIMITED,
    SPOT_NOT_OFFERED,
    ZONES_MISSING,
)
from tests.infrastructure.examples import EXAMPLES

LEAST = EXAMPLES["gcp"].least
PUBLIC = {"endpoint": {"public": True, "allowed": ["198.51.100.0/24"]}}


def gcp(**more: Any) -> Gcp:
    return Gcp.model_validate({"provider": "gcp", **LEAST, **more})


def cluster(
    plane: dict[str, Any] | None = None,
    worker: dict[str, Any] | None = None,
    network: dict[str, Any] | None = None,
) -> Cluster:
    return Cluster.model_validate(
        {
            "name": "one",
            "version": "1.36.3",
            "network": network or {},
            "controlPlane": plane or {},
            "workerPools": [{"name": "a", "machine": worker or {}}],
        }
    )


MACHINE = "workerPools.0.machine"
ENDPOINT = "controlPlane.endpoint"


@pytest.mark.parametrize(
    ("given", "code", "place"),
    [
        ({"plane": PUBLIC}, PUBLIC_NOT_LIMITED, f"{ENDPOINT}.public"),
        ({"plane": {"endpoint": {"port": 443}}}, ENDPOINT_NOT_OFFERED, f"{ENDPOINT}.port"),
        (
            {"plane": {"endpoint": {"host": "192.0.2.1"}}},
            ENDPOINT_NOT_OFFERED,
            f"{ENDPOINT}.host",
        ),
        ({"own": {"zones": ["b"]}}, ZONES_MISSING, "controlPlane.machine.placement"),
        ({"worker": {"type": "t2a-standard-4"}}, ARCHITECTURE_DIFFERS, f"{MACHINE}.type"),
        (
            {"worker": {"dataDisks": [{"name": "a", "type": "gp3"}]}},
            DISK_TYPE_UNKNOWN,
            f"{MACHINE}.dataDisks.0.type",
        ),
        ({"worker": {"placement": "pack"}}, PLACEMENT_NOT_OFFERED, f"{MACHINE}.placement"),
        (
            {"worker": {"spot": True, "spotMaxPrice": "0.1"}},
            SPOT_NOT_OFFERED,
            f"{MACHINE}.spotMaxPrice",
        ),
        ({"network": {"pods": ["10.0.0.0/16"]}}, MACHINES_RANGE_TAKEN, "network"),
    ],
)
def test_what_is_refused(given: dict[str, dict[str, Any]], code: Code, place: str) -> None:
    own = gcp(**given.get("own", {}))
    parts = {key: value for key, value in given.items() if key != "own"}
    found = own.check([(("clusters", 0), cluster(**parts))])
    assert [(each.code, ".".join(map(str, each.path[2:]))) for each in found] == [(code, place)]


def test_one_machine_needs_no_second_zone() -> None:
    one = cluster({"replicas": 1})
    assert not list(gcp(zones=["b"]).check([(("clusters", 0), one)]))
    anywhere = cluster({"machine": {"placement": "any"}})
    assert not list(gcp(zones=["b"]).check([(("clusters", 0), anywhere)]))


def test_a_public_api_has_to_be_wanted() -> None:
    found = gcp(unlimitedPublicApi=True).check([(("clusters", 0), cluster(PUBLIC))])
    assert not list(found)


def test_zones_are_of_the_region() -> None:
    assert gcp().failure_domains() == ("europe-west1-b", "europe-west1-c", "europe-west1-d")
    with pytest.raises(ValidationError):
        gcp(zones=["europe-west1-b"])
    with pytest.raises(ValidationError):
        gcp(zones=[])


def test_machines_are_private_and_start_only_what_is_signed() -> None:
    parts = gcp().class_parts()
    for machine in (parts.control_plane_machine.spec, parts.worker_machine.spec):
        assert machine["publicIP"] is False
        assert machine["shieldedInstanceConfig"]["secureBoot"] == "Enabled"
    plane, worker = parts.control_plane_machine.spec, parts.worker_machine.spec
    assert plane["serviceAccounts"]["email"] != worker["serviceAccounts"]["email"]
    network = parts.cluster.spec["network"]
    assert network["autoCreateSubnetworks"] is False
    assert network["subnets"][0]["enableFlowLogs"] is True
    assert parts.cluster.spec["loadBalancer"]["loadBalancerType"] == "Internal"


def test_an_existing_network_gets_no_range_of_ours() -> None:
    network = {"name": "shared", "subnet": "machines", "hostProject": "network-project"}
    found = gcp(network=network)
    spec = found.class_parts().cluster.spec
    assert spec["network"]["hostProject"] == "network-project"
    assert "cidrBlock" not in spec["network"]["subnets"][0]
    assert found.class_parts().worker_machine.spec["subnet"] == "machines"
    taken = cluster(network={"pods": ["10.0.0.0/16"]})
    assert not list(found.check([(("clusters", 0), taken)]))


def test_a_key_encrypts_every_disk() -> None:
    key = "projects/p/locations/l/keyRings/r/cryptoKeys/k"
    parts = gcp(diskEncryptionKey=key).class_parts()
    root = parts.worker_machine.spec["rootDiskEncryptionKey"]
    assert root == {"keyType": "Managed", "managedKey": {"kmsKeyName": key}}
    (disks,) = (each for each in parts.patches if each["name"] == "dataDisks")
    assert f"kmsKeyName: {key}" in str(disks)


def test_images_of_versions() -> None:
    image = gcp().image(Version("1.36.3"))
    assert image == "projects/my-project/global/images/ubuntu-2404-v1-36-3"
