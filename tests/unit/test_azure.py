"""Azure: networks, who reaches the API and under which name, and what is refused."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from components.cluster.settings import Cluster
from components.infrastructure.azure import Azure, api_name
from components.infrastructure.azure.network import Ranges
from errors import Code
from errors.clouds import (
    ARCHITECTURE_DIFFERS,
    DISK_TYPE_UNKNOWN,
    ENDPOINT_HOST_MISSING,
    ENDPOINT_NOT_OFFERED,
    IDENTITY_SECRET_MISSING,
    MACHINES_RANGE_TAKEN,
    MACHINES_RANGE_TOO_SMALL,
    PLACEMENT_NOT_OFFERED,
    ZONES_MISSING,
)
from tests.infrastructure.examples import EXAMPLES

LEAST = EXAMPLES["azure"].least
NETWORK = {
    "resourceGroup": "net",
    "name": "hub",
    "controlPlaneSubnet": "planes",
    "workerSubnet": "workers",
}


def azure(**more: Any) -> Azure:
    return Azure.model_validate({"provider": "azure", **LEAST, **more})


def cluster(
    plane: Mapping[str, Any] | None = None,
    worker: Mapping[str, Any] | None = None,
    network: Mapping[str, Any] | None = None,
) -> Cluster:
    return Cluster.model_validate(
        {
            "name": "one",
            "version": "1.36.3",
            "network": dict(network or {}),
            "controlPlane": dict(plane or {}),
            "workerPools": [{"name": "a", "machine": dict(worker or {})}],
        }
    )


PLACEMENT = "controlPlane.machine.placement"
MACHINE = "workerPools.0.machine"


@pytest.mark.parametrize(
    ("given", "code", "place"),
    [
        ({"own": {"network": NETWORK}}, ENDPOINT_HOST_MISSING, "controlPlane"),
        (
            {"plane": {"endpoint": {"port": 443}}},
            ENDPOINT_NOT_OFFERED,
            "controlPlane.endpoint.port",
        ),
        ({"worker": {"type": "Standard_D4ps_v6"}}, ARCHITECTURE_DIFFERS, f"{MACHINE}.type"),
        ({"worker": {"disk": {"type": "gp3"}}}, DISK_TYPE_UNKNOWN, f"{MACHINE}.disk.type"),
        ({"own": {"zones": ["1"]}}, ZONES_MISSING, PLACEMENT),
        (
            {"plane": {"replicas": 5, "machine": {"placement": "strict-spread"}}},
            ZONES_MISSING,
            PLACEMENT,
        ),
        (
            {"worker": {"placement": "strict-spread"}},
            PLACEMENT_NOT_OFFERED,
            f"{MACHINE}.placement",
        ),
        ({"network": {"pods": ["10.0.0.0/16"]}}, MACHINES_RANGE_TAKEN, "network"),
        (
            {"network": {"machines": ["10.1.2.0/25"]}},
            MACHINES_RANGE_TOO_SMALL,
            "network.machines",
        ),
    ],
)
def test_what_is_refused(given: dict[str, dict[str, Any]], code: Code, place: str) -> None:
    own = azure(**given.get("own", {}))
    parts = {key: value for key, value in given.items() if key != "own"}
    found = own.check([(("clusters", 0), cluster(**parts))])
    assert [(each.code, ".".join(map(str, each.path[2:]))) for each in found] == [(code, place)]


def test_a_service_principal_has_its_password_in_a_secret() -> None:
    identity = LEAST["identity"] | {"type": "service-principal"}
    found = azure(identity=identity).check([])
    assert [each.code for each in found] == [IDENTITY_SECRET_MISSING]
    named = azure(identity=identity | {"secret": "password"})
    assert not list(named.check([]))
    (manifest,) = named.objects("prod")
    assert manifest["spec"]["clientSecret"] == {"name": "password", "namespace": "prod"}
    assert manifest["spec"]["allowedNamespaces"] == {"list": ["prod"]}
    (manifest,) = azure().objects("prod")
    assert "clientSecret" not in manifest["spec"]


@pytest.mark.parametrize(
    ("given", "plane", "workers", "api"),
    [
        ("10.1.2.0/24", "10.1.2.0/25", "10.1.2.128/25", "10.1.2.100"),
        ("10.7.0.0/20", "10.7.0.0/24", "10.7.8.0/21", "10.7.0.100"),
        ("10.0.0.0/8", "10.0.0.0/24", "10.128.0.0/9", "10.0.0.100"),
    ],
)
def test_a_range_is_divided(given: str, plane: str, workers: str, api: str) -> None:
    ranges = Ranges.of(cluster(network={"machines": [given]}))
    assert (str(ranges.control_plane), str(ranges.workers), ranges.api) == (plane, workers, api)


def test_a_cluster_without_a_range_sets_no_variable() -> None:
    assert azure().cluster_variables(cluster()) == {}
    machines = cluster(network={"machines": ["10.7.0.0/20"]})
    assert azure().cluster_variables(machines)["azureNetwork"]["api"] == "10.7.0.100"
    assert azure(network=NETWORK).cluster_variables(machines) == {}


def test_nothing_is_open_to_everybody() -> None:
    spec = azure().class_parts().cluster.spec["networkSpec"]
    assert spec["apiServerLB"] == {"type": "Internal"}
    rules = spec["subnets"][0]["securityGroup"]["securityRules"]
    allowed = [rule for rule in rules if rule["action"] == "Allow"]
    assert [rule["source"] for rule in allowed] == ["VirtualNetwork"]
    assert any(rule["destinationPorts"] == "22" and rule["action"] == "Deny" for rule in rules)
    machine = azure().class_parts().worker_machine.spec
    assert machine["allocatePublicIP"] is False
    assert machine["securityProfile"]["encryptionAtHost"] is True


def test_an_existing_network_stays_as_it_is() -> None:
    spec = azure(network=NETWORK).class_parts().cluster.spec["networkSpec"]
    assert spec["subnets"] == [
        {"role": "control-plane", "name": "planes"},
        {"role": "node", "name": "workers"},
    ]


def test_images_of_versions() -> None:
    assert azure().image(Version("1.36.3")) == ""
    own = azure(defaultImage="acme:kubernetes:v{dashed}:latest")
    assert own.image(Version("1.36.3")) == "acme:kubernetes:v1-36-3:latest"


@pytest.mark.parametrize(
    ("when", "joins", "address"),
    [
        ("first", False, "127.0.0.1"),
        ("first", True, "10.0.0.100"),
        ("local", True, "127.0.0.1"),
    ],
)
def test_a_control_plane_machine_reaches_itself(
    when: str, joins: bool, address: str, tmp_path: Path
) -> None:
    """The script that writes /etc/hosts, run for real on copies of the files, twice."""
    hosts, name, join = (tmp_path / each for each in ("hosts", "name", "join"))
    hosts.write_text("127.0.0.1 localhost\n10.0.0.100 apiserver.one.capz.io\n")
    name.write_text("10.0.0.100 apiserver.one.capz.io\n")
    if joins:
        join.touch()
    text = api_name.FILES[0]["content"].replace("/etc/hosts", str(hosts))
    text = text.replace(api_name.NAME, str(name)).replace(api_name.JOINS, str(join))
    for _ in range(2):
        subprocess.run(["sh", "-c", text, "sh", when], check=True, timeout=20)
    lines = hosts.read_text().splitlines()
    assert lines == ["127.0.0.1 localhost", f"{address} apiserver.one.capz.io"]


def test_a_machine_without_the_name_is_left_alone(tmp_path: Path) -> None:
    text = api_name.FILES[0]["content"].replace(api_name.NAME, str(tmp_path / "no"))
    subprocess.run(["sh", "-c", text, "sh", "first"], check=True, timeout=20)
