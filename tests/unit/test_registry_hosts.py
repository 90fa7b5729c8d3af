"""Registry settings of machines: the files, the machines that get them, and what they replace."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.registry.hosts import Registries
from errors import CaasError, Code, registries
from stacks.settings import load_file
from tests.unit.planned import Settings, change_of, cluster, objects

PEM = "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n"
HUB = {"name": "docker.io", "mirrors": [{"url": "https://harbor.example.com/v2/hub", "ca": PEM}]}
OWN = {"name": "registry.example.com:5000", "ca": PEM}
FOLDER = "/etc/containerd/certs.d"


def files(*hosts: Settings, **more: Any) -> dict[str, Settings]:
    made = Registries.model_validate({"hosts": list(hosts), **more}).files()
    return {file["path"]: file for file in made}


def toml(*hosts: Settings, folder: str) -> dict[str, Any]:
    return tomllib.loads(files(*hosts)[f"{FOLDER}/{folder}/hosts.toml"]["content"])


def test_a_cache_of_harbor() -> None:
    assert toml(HUB, folder="docker.io") == {
        "server": "https://registry-1.docker.io",
        "host": {
            "https://harbor.example.com/v2/hub": {
                "capabilities": ["pull", "resolve"],
                "override_path": True,
                "ca": f"{FOLDER}/docker.io/mirror-0.crt",
            }
        },
    }
    assert files(HUB)[f"{FOLDER}/docker.io/mirror-0.crt"]["content"] == PEM


def test_mirrors_keep_their_order() -> None:
    mirrors = [{"url": f"https://{name}.example.com", "push": True} for name in ("b", "a")]
    made = toml({"name": "quay.io", "mirrors": mirrors}, folder="quay.io")
    assert made["server"] == "https://quay.io"
    assert list(made["host"]) == ["https://b.example.com", "https://a.example.com"]
    assert made["host"]["https://b.example.com"] == {"capabilities": ["pull", "resolve", "push"]}


def test_the_certificate_of_a_registry_of_ones_own() -> None:
    made = files(OWN)
    folder = f"{FOLDER}/registry.example.com:5000"
    assert set(made) == {f"{folder}/hosts.toml", f"{folder}/ca.crt"}
    assert toml(OWN, folder="registry.example.com:5000") == {
        "server": "https://registry.example.com:5000",
        "ca": f"{folder}/ca.crt",
    }


def test_every_other_registry() -> None:
    every = {"name": "*", "mirrors": [{"url": "https://mirror.example.com"}]}
    assert "server" not in toml(every, folder="_default")


def test_without_fallback_only_mirrors_are_asked() -> None:
    closed = toml(HUB | {"fallback": False}, folder="docker.io")
    assert closed["server"] == "https://harbor.example.com/v2/hub"
    assert closed["override_path"]
    assert closed["ca"] == f"{FOLDER}/docker.io/mirror-0.crt"


def test_credentials_stay_in_their_secret() -> None:
    (file,) = files(credentials="pull").values()
    assert file["contentFrom"] == {"secret": {"name": "pull", "key": ".dockerconfigjson"}}
    assert (file["permissions"], "content" in file) == ("0600", False)


@pytest.mark.parametrize(
    ("hosts", "code", "place"),
    [
        ([HUB, HUB], registries.DUPLICATE_REGISTRY_HOST, "hosts[1].name"),
        ([{"name": "docker.io"}], registries.EMPTY_REGISTRY_HOST, "hosts[0]"),
        ([{"name": "*", "ca": PEM}], registries.EMPTY_REGISTRY_HOST, "hosts[0]"),
        ([OWN | {"fallback": False}], registries.EMPTY_REGISTRY_HOST, "hosts[0]"),
    ],
)
@pytest.mark.parametrize("where", ["stack", "cluster"])
def test_rules(tmp_path: Path, hosts: list[Settings], code: Code, place: str, where: str) -> None:
    settings = {"hosts": hosts}
    own = {"registries": settings} if where == "cluster" else {}
    config: Settings = {"caas:clusters": [cluster(**own)]}
    if where == "stack":
        config["caas:registries"] = settings
    file = tmp_path / "Pulumi.unit.yaml"
    file.write_text(yaml.safe_dump({"config": config}))
    with pytest.raises(CaasError) as caught:
        load_file(file)
    (problem,) = caught.value.problems
    assert problem.code is code
    assert str(problem.where.path).endswith(f"registries.{place}")


def test_a_good_file(tmp_path: Path) -> None:
    config = {"caas:registries": {"hosts": [HUB, OWN]}, "caas:clusters": [cluster()]}
    file = tmp_path / "Pulumi.unit.yaml"
    file.write_text(yaml.safe_dump({"config": config}))
    assert load_file(file).registries.files()


def variables(made: Any, name: str = "shop") -> dict[str, Any]:
    (found,) = (each for key, each in made.items() if key.kind == "Cluster" and key.name == name)
    return {each["name"]: each["value"] for each in found["spec"]["topology"].get("variables", ())}


def test_all_machines_of_all_clusters_get_the_files(tmp_path: Path) -> None:
    clusters = [
        cluster("a"),
        cluster("b", registries={"hosts": [OWN]}),
        cluster("c", registries={}),
    ]
    made = objects(tmp_path, *clusters, registries={"hosts": [HUB]})
    for name, folder in (("a", "docker.io"), ("b", "registry.example.com:5000")):
        found = variables(made, name)
        for variable in ("controlPlaneFiles", "workerFiles"):
            paths = [file["path"] for file in found[variable]]
            assert f"{FOLDER}/{folder}/hosts.toml" in paths
            assert "/etc/sysctl.d/90-kubelet.conf" in paths  # what the class has is still there
            assert len(set(paths)) == len(paths)
    assert "workerFiles" not in variables(made, "c")


def test_the_class_puts_them_where_they_belong(tmp_path: Path) -> None:
    made = objects(tmp_path, cluster())
    (spec,) = (each["spec"] for key, each in made.items() if key.kind == "ClusterClass")
    (patch,) = (each for each in spec["patches"] if each["name"] == "workerFiles")
    (definition,) = patch["definitions"]
    assert definition["selector"]["kind"] == "KubeadmConfigTemplate"
    assert definition["jsonPatches"][0]["path"] == "/spec/template/spec/files"
    assert "workerFiles" in {each["name"] for each in spec["variables"]}


def test_the_preview_says_that_all_machines_are_replaced(tmp_path: Path) -> None:
    change = change_of(tmp_path, cluster(), cluster(registries={"hosts": [HUB]}))
    assert [(each.name, each.replaced) for each in change.machines] == [
        ("controlPlane", 1),
        ("general", 2),
    ]
    same = change_of(
        tmp_path, cluster(registries={"hosts": [HUB]}), cluster(registries={"hosts": [HUB]})
    )
    assert not any(each.replaced for each in same.machines)
