"""The kubeadm configuration that Cluster API's providers render, as it reaches the machines.

Clusters on the real plane, with the defaults and with everything set; kubeadm of every supported
minor reads what their machines were given.
"""

from __future__ import annotations

import base64
import json
import subprocess
import uuid
from collections.abc import Container, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from control_planes import authority, everything_as_yaml
from stand import Settings, Stand, stand_on

from catalog import catalog
from components.cluster import encryption
from components.cluster.etcd import DATA, LABEL, MOUNT
from components.cluster.etcd_snapshots import cron_job
from components.cluster.settings import ControlPlane
from components.infrastructure.in_memory import InMemory
from components.infrastructure.interface import ClassParts, NodeRegistration
from engine.api import Api
from engine.fleet import CLUSTER_NAME, FleetObjects
from plane.binaries import tools
from plane.plane import Plane
from plane.progress import Silent

pytestmark = [
    pytest.mark.plane,
    pytest.mark.timeout(900),
]

SECONDS = 600.0
CONFIGURATIONS = ("/run/kubeadm/kubeadm.yaml", "/run/kubeadm/kubeadm-join-config.yaml")
HOSTNAME = "{{ ds.meta_data.local_hostname }}"
IMAGE_FILE = {"path": "/etc/image", "content": "x", "owner": "root:root", "permissions": "0644"}
MANIFEST = IMAGE_FILE | {"path": "/etc/kubernetes/manifests/vip.yaml"}
MINORS = tools.minors()
NEWEST = {f"{each.major}.{each.minor}": str(each) for each in catalog().kubernetes_versions}
RELEASES = {minor: NEWEST[minor] for minor in MINORS}
PLAIN, EVERYTHING, OUTSIDE = "plain-1-36", "everything-1-36", "outside-1-36"
ENDPOINTS = [f"https://10.0.0.{last}:2379" for last in (11, 12, 13)]


class Role(NamedTuple):
    """A machine's part in its cluster."""

    is_control_plane: bool
    is_first: bool


INIT, JOIN, WORKER = Role(True, True), Role(True, False), Role(False, False)


@dataclass(frozen=True)
class Given:
    """The bootstrap data of one machine: its cluster, group, and cloud-init as a mapping."""

    cluster: str
    is_control_plane: bool
    data: dict[str, Any]

    @property
    def role(self) -> Role:
        return Role(self.is_control_plane, "ClusterConfiguration" in self.documents)

    @property
    def files(self) -> dict[str, dict[str, Any]]:
        return {each["path"]: each for each in self.data["write_files"]}

    @property
    def configuration(self) -> str:
        """The kubeadm configuration, after cloud-init has put the machine's name in."""
        (path,) = (path for path in CONFIGURATIONS if path in self.files)
        return str(self.files[path]["content"]).replace(HOSTNAME, "machine-1")

    @cached_property
    def documents(self) -> dict[str, dict[str, Any]]:
        found = yaml.load_all(self.configuration, yaml.CSafeLoader)
        return {each["kind"]: each for each in found}


def with_everything(parts: ClassParts) -> ClassParts:
    """In-memory machines, as if they had what other infrastructures bring along."""
    return replace(
        parts,
        etcd_device="/dev/vdb",
        files=(IMAGE_FILE,),
        control_plane_files=(MANIFEST,),
        pre_kubeadm_commands=("echo before",),
        node_registration=NodeRegistration(
            name=HOSTNAME, kubelet_extra_args=({"name": "cloud-provider", "value": "external"},)
        ),
    )


def cluster(name: str, version: str, **control_plane: Any) -> Settings:
    return {
        "name": name,
        "version": version,
        "controlPlane": control_plane,
        "workerPools": [{"name": "workers", "replicas": 1}],
    }


def clusters() -> list[Settings]:
    everything = everything_as_yaml()
    outside = {"replicas": 1, "etcd": {"external": {"endpoints": ENDPOINTS}}}
    both = [
        (
            cluster(f"plain-{dashed(minor)}", version, replicas=1),
            cluster(f"everything-{dashed(minor)}", version, **everything),
        )
        for minor, version in RELEASES.items()
    ]
    return [cluster(OUTSIDE, RELEASES["1.36"], **outside), *chain.from_iterable(both)]


def bring_etcd_certificates(api: Api, namespace: str) -> None:
    """The Secrets without which Cluster API makes no machine of a cluster with an external etcd."""
    pem = base64.b64encode(authority().encode()).decode()
    for kind in ("etcd", "apiserver-etcd-client"):
        metadata = {
            "name": f"{OUTSIDE}-{kind}",
            "namespace": namespace,
            "labels": {CLUSTER_NAME: OUTSIDE},
        }
        api.apply(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": metadata,
                "type": "cluster.x-k8s.io/secret",
                "data": {"tls.crt": pem, "tls.key": pem},
            }
        )


def dashed(minor: str) -> str:
    return minor.replace(".", "-")


@pytest.fixture(scope="module")
def stand(plane: Plane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    own = InMemory.class_parts
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(InMemory, "class_parts", lambda self: with_everything(own(self)))
        name = f"test-{uuid.uuid4().hex[:8]}"
        with stand_on(plane, tmp_path_factory.mktemp("kubeadm"), name) as found:
            found.write(clusters=clusters())
            found.apply()
            bring_etcd_certificates(found.api, name)
            yield found


@pytest.fixture(scope="module")
def given(stand: Stand) -> list[Given]:
    """One machine of each role: first control plane, worker, further control plane.

    Machines that only repeat a role are not awaited, nor is any cluster's availability.
    """
    found: dict[str, Given] = {}

    def is_complete(_fleet: FleetObjects) -> bool:
        found.update(machines(stand, found))
        return {(each.cluster, each.role) for each in found.values()} >= wanted

    wanted = {(OUTSIDE, INIT)}
    for minor in MINORS:
        wanted |= {(f"plain-{dashed(minor)}", role) for role in (INIT, WORKER)}
        wanted |= {(f"everything-{dashed(minor)}", role) for role in (INIT, WORKER, JOIN)}
    stand.wait(is_complete, SECONDS)
    return list(found.values())


def machines(stand: Stand, known: Container[str]) -> Iterator[tuple[str, Given]]:
    """The configuration of each machine that has one, by the name of its Secret.

    Args:
        stand: the stack.
        known: Secrets that were read before; they do not change.
    """
    for machine in chain.from_iterable(stand.session().fleet().machines.values()):
        name = machine["spec"]["bootstrap"].get("dataSecretName")
        if name is None or name in known:
            continue
        secret = stand.api.get(f"/api/v1/namespaces/{stand.name}/secrets/{name}")
        if secret is None:  # the machine went meanwhile
            continue
        text = base64.b64decode(secret["data"]["value"]).decode()
        labels = machine["metadata"]["labels"]
        is_control_plane = "cluster.x-k8s.io/control-plane" in labels
        data = yaml.load(text, yaml.CSafeLoader)
        yield name, Given(labels[CLUSTER_NAME], is_control_plane, data)


def of(given: list[Given], cluster: str, kind: str, *, control_plane: bool = True) -> Given:
    """One machine of a cluster whose configuration has a document of this kind."""
    return next(
        each
        for each in given
        if each.cluster == cluster
        and kind in each.documents
        and each.is_control_plane is control_plane
    )


def arguments(component: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["value"] for each in component["extraArgs"]}


@pytest.mark.parametrize("minor", MINORS)
def test_kubeadm_accepts_every_machine(
    given: list[Given], minor: str, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    """Each configuration is read by kubeadm of its minor version, on which it depends."""
    kubeadm = tools.kubeadm(minor, Silent())
    mine = [each for each in given if each.cluster.endswith(dashed(minor))]
    for index, each in enumerate(mine):
        kinds = sorted(each.documents)
        with subtests.test(cluster=each.cluster, kinds=kinds):
            file = tmp_path / f"{index}.yaml"
            file.write_text(each.configuration)
            result = subprocess.run(
                [kubeadm, "config", "validate", f"--config={file}"],
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            assert result.returncode == 0, result.stderr
            assert result.stdout.strip() == "ok"
            assert "unknown field" not in result.stderr


def test_both_ways_into_a_cluster_are_there(given: list[Given]) -> None:
    kinds = {(each.is_control_plane, *sorted(each.documents)) for each in given}
    assert kinds == {
        (True, "ClusterConfiguration", "InitConfiguration"),
        (True, "JoinConfiguration"),
        (False, "JoinConfiguration"),
    }


@pytest.mark.parametrize("name", [PLAIN, EVERYTHING])
def test_the_api_server_finds_all_files_that_it_is_told_of(given: list[Given], name: str) -> None:
    machine = of(given, name, "ClusterConfiguration")
    server = machine.documents["ClusterConfiguration"]["apiServer"]
    told = [
        value for value in arguments(server).values() if value.startswith("/etc/kubernetes/caas")
    ]
    assert len(told) == 4
    assert set(told) <= set(machine.files)
    mounted = [volume["hostPath"] for volume in server["extraVolumes"]]
    assert all(any(path.startswith(f"{folder}/") for folder in mounted) for path in told)
    assert all(machine.files[path]["permissions"] == "0600" for path in told)


def test_machines_of_a_cluster_share_the_key_and_clusters_do_not(
    stand: Stand, given: list[Given]
) -> None:
    path = f"/etc/kubernetes/caas/{encryption.FILE}"
    keys: dict[str, set[str]] = {}
    for each in given:
        if each.is_control_plane:
            keys.setdefault(each.cluster, set()).add(each.files[path]["content"])
        else:
            assert path not in each.files
    assert all(len(found) == 1 for found in keys.values())
    assert len({content for found in keys.values() for content in found}) == len(keys)
    secret = stand.api.get(f"/api/v1/namespaces/{stand.name}/secrets/{EVERYTHING}-encryption")
    assert secret
    assert secret["immutable"] is True
    stored = base64.b64decode(secret["data"][encryption.FILE]).decode()
    assert json.loads(stored) == json.loads(keys[EVERYTHING].pop())


def test_another_run_leaves_the_key_alone(stand: Stand) -> None:
    path = f"/api/v1/namespaces/{stand.name}/secrets/{EVERYTHING}-encryption"
    before = stand.api.get(path)
    plan = stand.apply()
    assert not plan.objects.changes
    assert stand.api.get(path) == before


def test_etcd_has_a_disk_of_its_own(given: list[Given]) -> None:
    machine = of(given, PLAIN, "ClusterConfiguration")
    etcd = machine.documents["ClusterConfiguration"]["etcd"]["local"]
    assert etcd["dataDir"] == DATA
    assert arguments(etcd) == {"quota-backend-bytes": str(4 * 1024**3)}
    assert machine.data["mounts"] == [[f"LABEL={LABEL}", MOUNT]]
    (filesystem,) = machine.data["fs_setup"]
    assert (filesystem["device"], filesystem["label"]) == ("/dev/vdb", LABEL)
    assert "/dev/vdb" in machine.data["disk_setup"]
    worker = of(given, PLAIN, "JoinConfiguration", control_plane=False)
    assert "mounts" not in worker.data


@pytest.mark.parametrize("control_plane", [True, False])
def test_what_the_infrastructure_brings_along_is_woven_in(
    given: list[Given], control_plane: bool
) -> None:
    machine = of(given, EVERYTHING, "JoinConfiguration", control_plane=control_plane)
    node = machine.documents["JoinConfiguration"]["nodeRegistration"]
    assert node["name"] == "machine-1"
    flags = {each["name"]: each["value"] for each in node["kubeletExtraArgs"]}
    assert flags["cloud-provider"] == "external"
    assert (flags.get("max-pods") == "200") is control_plane
    assert "echo before" in machine.data["runcmd"]
    assert IMAGE_FILE["path"] in machine.files
    assert (MANIFEST["path"] in machine.files) is control_plane


@pytest.mark.parametrize("control_plane", [True, False])
def test_kubeadm_patches_the_kubelet(given: list[Given], control_plane: bool) -> None:
    machine = of(given, EVERYTHING, "JoinConfiguration", control_plane=control_plane)
    folder = machine.documents["JoinConfiguration"]["patches"]["directory"]
    (patch,) = (
        yaml.safe_load(each["content"])
        for path, each in machine.files.items()
        if path.startswith(f"{folder}/kubeletconfiguration")
    )
    assert patch["readOnlyPort"] == 0
    assert patch["protectKernelDefaults"] is True
    assert "sysctl --load=/etc/sysctl.d/90-kubelet.conf" in machine.data["runcmd"]
    assert "/etc/sysctl.d/90-kubelet.conf" in machine.files


def test_the_users_arguments_stand_beside_the_safe_ones(given: list[Given]) -> None:
    machine = of(given, EVERYTHING, "ClusterConfiguration")
    configuration = machine.documents["ClusterConfiguration"]
    server = arguments(configuration["apiServer"])
    assert server["event-ttl"] == "2h"
    assert server["profiling"] == "false"
    enabled = server["enable-admission-plugins"].split(",")
    assert enabled == [
        "NodeRestriction",
        "DenyServiceExternalIPs",
        "AlwaysPullImages",
        "EventRateLimit",
    ]
    assert "api.example.com" in configuration["apiServer"]["certSANs"]
    for component in ("controllerManager", "scheduler"):
        assert arguments(configuration[component])["v"] == "3"
        assert arguments(configuration[component])["profiling"] == "false"


def test_certificates_remediation_and_rollout_reach_the_control_plane(stand: Stand) -> None:
    planes = stand.session().fleet().control_planes
    plain, everything = planes[PLAIN]["spec"], planes[EVERYTHING]["spec"]
    assert plain["rollout"]["before"] == {"certificatesExpiryDays": 30}
    assert plain["remediation"]["maxRetry"] == 5
    assert everything["rollout"] == {
        "before": {"certificatesExpiryDays": 60},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0}},
    }
    assert everything["remediation"] == {
        "maxRetry": 3,
        "retryPeriodSeconds": 600,
        "minHealthyPeriodSeconds": 7200,
    }


def test_snapshots_are_delivered_to_the_cluster_that_wants_them(stand: Stand) -> None:
    """As far as the simulated API server goes: it knows no CronJobs, and says so in the binding."""
    root = f"/apis/addons.cluster.x-k8s.io/v1beta2/namespaces/{stand.name}"
    (resource_set,) = stand.api.list(f"{root}/clusterresourcesets")
    assert resource_set["spec"]["strategy"] == "Reconcile"
    wanted = resource_set["spec"]["clusterSelector"]["matchLabels"]
    matching = [
        each["metadata"]["name"]
        for each in stand.session().fleet().clusters
        if wanted.items() <= each["metadata"]["labels"].items()
    ]
    assert matching == [f"everything-{dashed(minor)}" for minor in MINORS]
    assert [each["kind"] for each in resource_set["spec"]["resources"]] == ["ConfigMap", "Secret"]


def test_a_real_api_server_takes_the_snapshot_job(stand: Stand) -> None:
    """The management cluster's knows CronJobs; nothing is stored."""
    settings = ControlPlane.model_validate(everything_as_yaml()).etcd.snapshots
    job = stand.api.apply(cron_job(settings), dry_run=True)
    assert job["spec"]["schedule"] == settings.schedule


def test_an_etcd_elsewhere(given: list[Given]) -> None:
    machine = of(given, OUTSIDE, "ClusterConfiguration")
    etcd = machine.documents["ClusterConfiguration"]["etcd"]
    assert etcd["external"]["endpoints"] == ENDPOINTS
    assert {etcd["external"][key] for key in ("caFile", "certFile")} <= set(machine.files)
    assert "mounts" not in machine.data
