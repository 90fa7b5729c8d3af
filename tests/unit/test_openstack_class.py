"""The ClusterClass parts against the provider's CRDs, and the charts against their defaults."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from packaging.version import Version

from catalog import catalog
from components.infrastructure.interface import Template
from components.infrastructure.openstack import OpenStack
from tests.unit.openstack_stacks import EXISTING, MADE

UPSTREAM = Path(__file__).parents[2].parent / "shared" / "upstream"
CRDS = UPSTREAM / "crds" / "cluster-api-provider-openstack"
CHARTS = UPSTREAM / "charts"
upstream = pytest.mark.skipif(not UPSTREAM.exists(), reason="needs ../shared/upstream")

EVERYTHING = MADE | {
    "externalNetwork": {"name": "public", "tags": ["a", "b"]},
    "zones": ["az1", "az2", "az3"],
    "volumes": {"type": "ssd", "zone": "machine"},
    "loadBalancer": {"provider": "amphora", "flavor": "ha"},
    "sshKey": {"name": "ops"},
    "tags": ["team"],
    "caCert": "-----BEGIN CERTIFICATE-----\nx",
}
UNNAMED_IN_DEFAULTS = {"openstack-cinder-csi": {"secret.name"}}
"""Keys that are only in a comment of the chart's defaults; its templates read them."""


def plugin(**settings: Any) -> OpenStack:
    return OpenStack.model_validate(settings)


@lru_cache
def schema(kind: str) -> dict[str, Any]:
    """The schema of a kind in v1beta2, closed: what it does not know is refused."""
    file = CRDS / f"infrastructure.cluster.x-k8s.io_{kind.lower()}s.yaml"
    versions = yaml.safe_load(file.read_text())["spec"]["versions"]
    (newest,) = (each for each in versions if each["name"] == "v1beta2")
    found = newest["schema"]["openAPIV3Schema"]
    found["properties"]["metadata"] = {"type": "object", "x-open": True}
    return closed(found)


def closed(part: dict[str, Any]) -> dict[str, Any]:
    part = {key: value for key, value in part.items() if not key.startswith("x-k8s")}
    if "properties" in part:
        properties = {name: closed(each) for name, each in part["properties"].items()}
        part |= {"properties": properties, "additionalProperties": False}
    return part | ({"items": closed(part["items"])} if "items" in part else {})


@upstream
@pytest.mark.parametrize("settings", [MADE, EXISTING, EVERYTHING], ids=["made", "existing", "all"])
def test_templates_are_what_the_provider_knows(settings: dict[str, Any]) -> None:
    parts = plugin(**settings).class_parts()
    for template in (parts.cluster, parts.control_plane_machine, parts.worker_machine):
        assert template.api_version == "infrastructure.cluster.x-k8s.io/v1beta2"
        jsonschema.validate(template.manifest("x", "y"), schema(template.kind))


@upstream
def test_a_wrong_template_is_found() -> None:
    wrong = Template(
        "infrastructure.cluster.x-k8s.io/v1beta2", "OpenStackMachineTemplate", {"a": 1}
    )
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong.manifest("x", "y"), schema(wrong.kind))


@upstream
@pytest.mark.parametrize("settings", [MADE, EXISTING, EVERYTHING], ids=["made", "existing", "all"])
def test_patches_change_fields_that_there_are(settings: dict[str, Any]) -> None:
    parts = plugin(**settings).class_parts()
    for patch in parts.patches:
        for definition in patch["definitions"]:
            place = schema(definition["selector"]["kind"])["properties"]
            for change in definition["jsonPatches"]:
                below = {"properties": place}
                for step in change["path"].removeprefix("/").split("/"):
                    below = below["properties"][step]


def test_the_api_is_private_unless_it_is_public() -> None:
    spec = plugin(**MADE).class_parts().cluster.spec
    assert spec["apiServer"]["enableFloatingIP"] is False
    assert spec["apiServer"]["managedLoadBalancer"]["enabled"] is True


def test_without_an_external_network_there_is_no_floating_ip() -> None:
    spec = plugin(**EXISTING).class_parts().cluster.spec
    assert spec["enableExternalNetwork"] is False


def test_nodes_are_called_as_their_machines_are() -> None:
    nodes = plugin(**MADE).class_parts().node_registration
    arguments = {each["name"]: each["value"] for each in nodes.kubelet_extra_args}
    assert nodes.name == "{{ local_hostname }}"
    assert arguments["cloud-provider"] == "external"
    assert arguments["provider-id"].startswith("openstack:///")


def test_sizes_are_four_gib_per_cpu() -> None:
    made = plugin(**MADE)
    known = made.known_machine_types()
    sizes = [known[made.machine_type(size)] for size in ("small", "medium", "large", "xlarge")]
    assert [(each.cpu, each.memory_gib) for each in sizes] == [(2, 8), (4, 16), (8, 32), (16, 64)]


def test_flavors_of_the_cloud_are_known() -> None:
    own = plugin(**MADE, flavors={"gpu.a": {"cpu": 8, "memoryGiB": 64, "gpus": 1}})
    assert own.known_machine_types()["gpu.a"].gpus == 1


def test_images_are_called_after_the_version() -> None:
    assert plugin(**MADE).image(Version("1.36.3")) == "ubuntu-2404-kube-v1.36.3"


def unknown(values: Any, defaults: Any, prefix: str = "") -> set[str]:
    """The keys, `a.b.c`, that a chart's defaults do not have; an empty mapping takes any key."""
    if not (isinstance(values, dict) and isinstance(defaults, dict) and defaults):
        return set()
    missing = {f"{prefix}{key}" for key in values.keys() - defaults.keys()}
    here = values.keys() & defaults.keys()
    return missing.union(*(unknown(values[key], defaults[key], f"{prefix}{key}.") for key in here))


@upstream
@pytest.mark.parametrize("chart", plugin(**MADE).charts(), ids=lambda chart: chart.name)
def test_charts_have_the_values_that_are_set(chart: Any) -> None:
    release = catalog().charts[chart.name]
    folder = CHARTS / chart.name
    defaults = yaml.safe_load((folder / "values.yaml").read_text())
    assert unknown(chart.values, defaults) == UNNAMED_IN_DEFAULTS.get(chart.name, set())
    assert unknown({"nonsense": 1}, defaults) == {"nonsense"}
    assert release.version == str(yaml.safe_load((folder / "Chart.yaml").read_text())["version"])
    for version in catalog().kubernetes_versions:
        assert release.supports(version)


def test_charts_take_credentials_from_a_secret() -> None:
    for chart in plugin(**MADE).charts():
        assert chart.values["secret"]["create"] is False
        assert chart.values["secret"]["name"] == "cloud-config"
