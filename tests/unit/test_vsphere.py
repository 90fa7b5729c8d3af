"""vSphere: machine types that are descriptions, kube-vip, failure domains, and what is refused."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.version import Version

from catalog import catalog
from components.cluster.settings import Cluster
from components.infrastructure.vsphere import VSphere, kube_vip, machine_of
from errors import Code
from errors.clouds import (
    DISK_TYPE_UNKNOWN,
    ENDPOINT_HOST_MISSING,
    ENDPOINT_NOT_OFFERED,
    MACHINE_TYPE_UNREADABLE,
    PLACEMENT_NOT_OFFERED,
    SPOT_NOT_OFFERED,
)
from tests.infrastructure.examples import EXAMPLES

LEAST = EXAMPLES["vsphere"].least
MOST = EXAMPLES["vsphere"].most
HOST = {"host": "192.0.2.10"}
ENDPOINT = "controlPlane.endpoint"


def vsphere(**more: Any) -> VSphere:
    return VSphere.model_validate({"provider": "vsphere", **LEAST, **more})


def findings(
    plane: Mapping[str, Any] | None = None, worker: Mapping[str, Any] | None = None
) -> list[tuple[Code, str]]:
    content = {
        "name": "one",
        "version": "1.36.3",
        "controlPlane": {"endpoint": HOST} | dict(plane or {}),
        "workerPools": [{"name": "a", "machine": dict(worker or {})}],
    }
    found = vsphere().check([(("clusters", 0), Cluster.model_validate(content))])
    return [(each.code, ".".join(map(str, each.path[2:]))) for each in found]


@pytest.mark.parametrize(
    ("plane", "worker", "code", "place"),
    [
        ({"endpoint": {}}, {}, ENDPOINT_HOST_MISSING, "controlPlane"),
        (
            {"endpoint": HOST | {"port": 443}},
            {},
            ENDPOINT_NOT_OFFERED,
            "controlPlane.endpoint.port",
        ),
        (
            {"endpoint": HOST | {"allowed": ["10.0.0.0/8"]}},
            {},
            ENDPOINT_NOT_OFFERED,
            f"{ENDPOINT}.allowed",
        ),
        (
            {"machine": {"type": "m1.small"}},
            {},
            MACHINE_TYPE_UNREADABLE,
            "controlPlane.machine.type",
        ),
        ({}, {"placement": "pack"}, PLACEMENT_NOT_OFFERED, "workerPools.0.machine.placement"),
        ({}, {"spot": True}, SPOT_NOT_OFFERED, "workerPools.0.machine.spot"),
        (
            {},
            {"dataDisks": [{"name": "a", "type": "ssd"}]},
            DISK_TYPE_UNKNOWN,
            "workerPools.0.machine.dataDisks.0.type",
        ),
    ],
)
def test_what_is_refused(
    plane: dict[str, Any], worker: dict[str, Any], code: Code, place: str
) -> None:
    assert findings(plane, worker) == [(code, place)]


def test_nothing_is_wrong_with_the_rest() -> None:
    machine = {"type": "xlarge", "disk": {"sizeGiB": 60, "type": "encrypted"}, "placement": "any"}
    assert not findings({"machine": machine}, machine | {"placement": "spread"})


def test_a_machine_type_says_what_it_is() -> None:
    found = machine_of("6cpu-24gib")
    assert found
    assert (found.cpu, found.memory_gib) == (6, 24)
    assert machine_of("0cpu-1gib") is None
    own = vsphere(machineTypes={"medium": "3cpu-5gib"})
    assert own.known_machine_types()["3cpu-5gib"].cpu == 3
    spec = own.class_parts().worker_machine.spec
    assert (spec["numCPUs"], spec["memoryMiB"]) == (3, 5120)


def test_a_version_has_its_template() -> None:
    assert vsphere().image(Version("1.36.3")) == "ubuntu-2404-kube-v1.36.3"
    assert vsphere(template="kube-{dashed}").image(Version("1.36.3")) == "kube-1-36-3"


def test_the_static_pod_refers_to_nothing_in_the_cluster() -> None:
    """Kubernetes 1.37 refuses static pods that refer to a ConfigMap, Secret or service account."""
    file = yaml.safe_load(kube_vip.manifest_template("eth0"))
    assert file["path"] == "/etc/kubernetes/manifests/kube-vip.yaml"
    pod = yaml.safe_load(file["content"])
    (container,) = pod["spec"]["containers"]
    settings = {each["name"]: each["value"] for each in container["env"]}
    assert settings["address"] == "{{ .endpoint.host }}"
    assert settings["vip_interface"] == "eth0"
    assert container["image"] == catalog().images["kube-vip"]
    assert not {"configMap", "secret", "serviceAccountName", "valueFrom"} & keys_of(pod)
    assert all("hostPath" in volume for volume in pod["spec"]["volumes"])


def keys_of(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(keys_of, value.values()))
    return set().union(*map(keys_of, value)) if isinstance(value, list) else set()


@pytest.mark.parametrize("first", [True, False])
def test_the_first_machine_uses_super_admin(first: bool, tmp_path: Path) -> None:
    """The script that runs before kubeadm, run for real on a copy of the machine's files."""
    manifest = tmp_path / "kube-vip.yaml"
    manifest.write_text(yaml.safe_load(kube_vip.manifest_template(""))["content"])
    config = tmp_path / "kubeadm.yaml"
    if first:
        config.touch()
    (script,) = (each for each in kube_vip.FILES if each["path"] == kube_vip.PREPARE)
    text = script["content"].replace(kube_vip.MANIFEST, str(manifest))
    text = text.replace("/run/kubeadm/kubeadm.yaml", str(config))
    subprocess.run(["sh", "-c", text], check=True, timeout=20)
    (kubeconfig, _) = yaml.safe_load(manifest.read_text())["spec"]["volumes"]
    assert kubeconfig["hostPath"]["path"] == (
        "/etc/kubernetes/super-admin.conf" if first else "/etc/kubernetes/admin.conf"
    )


def test_failure_domains_belong_to_the_namespace() -> None:
    identity, *zones = vsphere(**MOST).objects("prod")
    assert identity["metadata"]["name"] == "prod-vsphere"
    assert identity["spec"]["secretName"] == "vcenter"
    kinds = [each["kind"] for each in zones]
    assert kinds == ["VSphereFailureDomain", "VSphereDeploymentZone"] * 3
    assert all(each["metadata"]["labels"] == {"caas.dev/zones": "prod"} for each in zones[1::2])
    assert zones[0]["spec"]["topology"]["hosts"] == {
        "hostGroupName": "hosts-a",
        "vmGroupName": "vms-a",
    }
    assert vsphere(**MOST).failure_domains() == ("zone-a", "zone-b", "zone-c")
