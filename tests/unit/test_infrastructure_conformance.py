"""Rules that every infrastructure must keep, plug-ins too; a new plug-in adds its example."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.version import Version

from catalog import catalog
from components.chart import rendered
from components.cluster import kubeadm
from components.cluster.cluster_api import OPERATOR
from components.cluster.cluster_class import etcd_disk_patch
from components.cluster.kinds import WORKER_CLASS
from components.cluster.machine import SIZES
from components.cluster.settings import Cluster
from components.cluster.variables import DEFINITIONS, PATCHES
from components.delivery.mirror import Mirror, mirrored
from components.finding import Finding
from components.infrastructure import image_tags
from components.infrastructure.interface import Infrastructure
from components.infrastructure.registry import infrastructure
from errors import CaasError
from errors.addons import ADDON_UNSUPPORTED
from stacks.settings import from_config, load_file
from tests.addons.upstream import misplaced
from tests.infrastructure.examples import EXAMPLES, write_stack
from tests.unit.command_line import ROOT

PLUGIN = ROOT / "tests/example_plugin"
CHARTS = ROOT.parent / "shared/upstream/charts"
PRICES = ROOT.parent / "shared/upstream/prices"
SIMULATED = {"in-memory"}
"""Infrastructures whose machines are simulated: all are the same, whatever their settings."""
TEMPLATE = "/spec/template/spec"
Patch = dict[str, Any]


def lab() -> type[Infrastructure]:
    """The example of a third party, as its entry point would give it."""
    sys.path.insert(0, str(PLUGIN))
    try:
        from caas_lab import Lab  # noqa: PLC0415 - only here it is on the path
    finally:
        sys.path.remove(str(PLUGIN))
    found: type[Infrastructure] = Lab
    return found


def settings(name: str, full: bool) -> Infrastructure:
    if name == "lab":
        return lab().model_validate({"provider": "lab", "bench": "north"})
    example = EXAMPLES[name]
    more = example.most if full else {}
    return infrastructure(name).model_validate({"provider": name, **example.least, **more})


NAMES = [*EXAMPLES, "lab"]


@pytest.fixture(params=[(name, full) for name in NAMES for full in (False, True)], ids=str)
def plugin(request: pytest.FixtureRequest) -> Infrastructure:
    return settings(*request.param)


@pytest.fixture(params=NAMES)
def default(request: pytest.FixtureRequest) -> Infrastructure:
    return settings(request.param, full=False)


def cluster(name: str, **plane: Any) -> dict[str, Any]:
    example = EXAMPLES.get(name)
    host = {"endpoint": example.host} if example and example.host else {}
    return {"name": "one", "version": "1.36.3", "controlPlane": host | plane}


def found(plugin: Infrastructure, content: dict[str, Any]) -> list[Finding]:
    return list(plugin.check([(("clusters", 0), Cluster.model_validate(content))]))


def test_every_size_is_a_known_machine_type_that_is_large_enough(plugin: Infrastructure) -> None:
    names = [plugin.machine_type(size) for size in SIZES]
    assert len(set(names)) == len(SIZES)
    known = plugin.known_machine_types()
    if not known:
        assert plugin.name in SIMULATED or plugin.IN_CONTAINERS
        return
    types = [known[name] for name in names]
    assert [each.cpu for each in types] == [2, 4, 8, 16]
    assert all(each.memory_gib >= 4 * each.cpu for each in types)
    assert all(large.memory_gib > small.memory_gib for small, large in pairwise(types))


def test_an_own_size_is_a_machine_type_too(default: Infrastructure) -> None:
    own = default.model_copy(update={"machine_types": {"huge": "of-mine", "small": "another"}})
    assert own.machine_type("huge") == "of-mine"
    assert own.machine_type("small") == "another"
    assert own.machine_type("a-name") == "a-name"


def test_prices_are_of_known_things(default: Infrastructure) -> None:
    prices = default.price_list()
    if prices is None:
        return
    assert set(prices.machines) <= set(default.known_machine_types())
    assert all(price > 0 for price in prices.machines.values())
    assert prices.source
    assert prices.currency
    for size in SIZES:
        assert not prices.machines or default.machine_type(size) in prices.machines


def test_prices_of_machines_are_those_of_their_source(default: Infrastructure) -> None:
    file = PRICES / f"{default.name}.json"
    if default.DATA is None or not (default.DATA / "prices.yaml").exists():
        return
    if not file.exists():
        pytest.skip("the price lists are not here (../shared/upstream/prices)")
    source = json.loads(file.read_text())
    ours = yaml.safe_load((default.DATA / "prices.yaml").read_text())
    assert str(ours["date"]) == source["date"][:10]
    for region, machines in ({ours["region"]: ours["machines"]} | ours.get("regions", {})).items():
        listed = source["regions"][region]
        known = {name for name in default.known_machine_types() if name in listed}
        assert set(machines) == known, f"{region}: a type too many or too few"
        wrong = {
            name: (price, listed[name])
            for name, price in machines.items()
            if price != pytest.approx(listed[name], abs=1e-6)
        }
        assert not wrong, region


def test_prices_are_those_of_the_region(default: Infrastructure) -> None:
    """A region of the list has its own machines; of others the source says whose they are."""
    prices = default.price_list()
    if prices is None:
        return
    assert prices.source
    elsewhere = prices.of_region("nowhere")
    assert f"no prices of nowhere, so these are those of {prices.region}" in elsewhere.source
    for region, machines in prices.regions.items():
        assert prices.of_region(region).machines == machines
        assert set(machines) <= set(default.known_machine_types())


def test_the_class_is_made_of_plain_values(plugin: Infrastructure) -> None:
    """An output in it would fail here; its name is a hash of it, so twice is the same."""
    first, second = (
        json.dumps(
            [
                parts.cluster.spec,
                parts.control_plane_machine.spec,
                parts.worker_machine.spec,
                parts.variables,
                parts.patches,
                parts.files,
            ]
        )
        for parts in (plugin.class_parts(), plugin.class_parts())
    )
    assert first == second


def test_names_in_the_class_are_unique(plugin: Infrastructure) -> None:
    parts = plugin.class_parts()
    disk = [etcd_disk_patch(parts.etcd_device)] if parts.etcd_device else []
    for standard, own in ((DEFINITIONS, parts.variables), ((*PATCHES, *disk), parts.patches)):
        names = [each["name"] for each in (*standard, *own)]
        assert sorted(names) == sorted(set(names))


def templates(plugin: Infrastructure) -> dict[tuple[str, str], dict[str, Any]]:
    """Every template by its kind and role."""
    parts = plugin.class_parts()
    specs = {
        (parts.cluster.kind, "cluster"): parts.cluster.spec,
        (parts.control_plane_machine.kind, "control-plane"): parts.control_plane_machine.spec,
        (parts.worker_machine.kind, "worker"): parts.worker_machine.spec,
        ("KubeadmControlPlaneTemplate", "control-plane"): kubeadm.control_plane_spec(parts),
        ("KubeadmConfigTemplate", "worker"): kubeadm.worker_spec(parts),
    }
    return {
        key: json.loads(json.dumps({"spec": {"template": {"spec": spec}}}))
        for key, spec in specs.items()
    }


def roles(selector: Patch) -> Iterator[tuple[str, str]]:
    match = selector["matchResources"]
    if match.get("infrastructureCluster"):
        yield selector["kind"], "cluster"
    if match.get("controlPlane"):
        yield selector["kind"], "control-plane"
    if WORKER_CLASS in match.get("machineDeploymentClass", {}).get("names", ()):
        yield selector["kind"], "worker"


def changes(plugin: Infrastructure) -> Iterator[tuple[str, tuple[str, str], Patch]]:
    """Every change of every patch, with the patch's name and the template that it is of."""
    for patch in plugin.class_parts().patches:
        for definition in patch["definitions"]:
            places = list(roles(definition["selector"]))
            assert places, patch["name"]
            for place in places:
                for change in definition["jsonPatches"]:
                    yield patch["name"], place, change


class Anything(dict[str, Any]):
    """The value of a patch: any key below it may exist."""

    def __contains__(self, key: object) -> bool:
        return True

    def __getitem__(self, key: str) -> Any:
        return self.setdefault(key, Anything())


def test_patches_fit_the_templates(plugin: Infrastructure) -> None:
    """Cluster API's webhook refuses other places in lists; a missing parent fails much later."""
    made = templates(plugin)
    for name, place, change in changes(plugin):
        assert place in made, (name, place)
        *above, last = change["path"].removeprefix("/").split("/")
        assert change["path"].startswith(f"{TEMPLATE}/"), name
        parent: Any = made[place]
        for step in above:
            if isinstance(parent, list):
                assert step == "0", (name, change["path"])
                assert parent, (name, change["path"])
                parent = parent[0]
            else:
                assert step in parent, (name, change["path"])
                parent = parent[step]
        if isinstance(parent, list):
            assert change["op"] == "add", (name, change["path"])
            assert last in ("0", "-"), (name, change["path"])
        elif change["op"] == "add":
            parent[last] = change.get("value", Anything())
        else:
            assert last in parent, (name, change["path"])


def patched(plugin: Infrastructure, variable: str) -> set[str]:
    """The roles of the templates into which a variable gets."""
    where = set()
    for patch in plugin.class_parts().patches:
        for definition in patch["definitions"]:
            text = json.dumps([patch.get("enabledIf", ""), definition["jsonPatches"]])
            if variable in text:
                where |= {role for _, role in roles(definition["selector"])}
    return where


def makes_its_own(plugin: Infrastructure) -> bool:
    """True if the infrastructure has a foundation, which makes host groups and security groups."""
    return type(plugin).foundation is not Infrastructure.foundation


@pytest.mark.parametrize(
    ("variable", "key", "value"),
    [
        ("machineType", "type", "xlarge"),
        ("image", "image", "an-image"),
        ("rootDisk", "disk", {"sizeGiB": 70}),
        ("dataDisks", "dataDisks", [{"name": "more", "sizeGiB": 10}]),
    ],
)
def test_what_machines_are_is_patched_or_refused(
    default: Infrastructure, variable: str, key: str, value: Any
) -> None:
    machine = {key: value}
    pools = [{"name": "a", "machine": machine}]
    content = cluster(default.name, machine=machine) | {"workerPools": pools}
    refused = {each.path[2] for each in found(default, content) if key in each.path}
    here = {"controlPlane": "control-plane", "workerPools": "worker"}
    done = patched(default, variable) | {here[str(part)] for part in refused}
    assert done >= {"control-plane", "worker"} or default.name in SIMULATED


def test_the_etcd_disk_is_patched_where_there_is_a_device(default: Infrastructure) -> None:
    device = default.class_parts().etcd_device
    assert bool(device) == ("control-plane" in patched(default, "etcdDisk"))
    assert not device or device.startswith("/dev/")


@pytest.mark.parametrize("placement", ["strict-spread", "pack"])
@pytest.mark.parametrize("role", ["control-plane", "worker"])
def test_placement_is_patched_or_refused(
    default: Infrastructure, placement: str, role: str
) -> None:
    """`any` and `spread` promise nothing that a cloud could break; these do."""
    machine = {"placement": placement}
    plane = {"replicas": 7} | ({"machine": machine} if role == "control-plane" else {})
    content = cluster(default.name, **plane)
    if role == "worker":
        content["workerPools"] = [{"name": "a", "replicas": 3, "machine": machine}]
    refused = [each for each in found(default, content) if "placement" in each.path]
    done = makes_its_own(default) or role in patched(default, "placement")
    assert refused or done or default.name in SIMULATED


@pytest.mark.parametrize("machine", [{"spot": True}, {"spot": True, "spotMaxPrice": "0.1"}])
def test_spot_is_patched_or_refused(default: Infrastructure, machine: dict[str, Any]) -> None:
    content = cluster(default.name) | {"workerPools": [{"name": "a", "machine": machine}]}
    refused = [each for each in found(default, content) if str(each.path[-1]).startswith("spot")]
    variable = "maxPrice" if "spotMaxPrice" in machine else "spot"
    assert refused or "worker" in patched(default, variable) or default.name in SIMULATED
    assert "control-plane" not in patched(default, ".spot.")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("host", "192.0.2.1"),
        ("port", 8443),
        ("public", True),
        ("allowed", ["198.51.100.0/24"]),
    ],
)
def test_the_endpoint_is_patched_or_refused(
    default: Infrastructure, key: str, value: object
) -> None:
    example = EXAMPLES.get(default.name)
    allowed = {"allowed": ["198.51.100.0/24"]} if key == "public" else {}
    endpoint = (example.host if example else {}) | {key: value} | allowed
    content = cluster(default.name) | {"controlPlane": {"endpoint": endpoint}}
    refused = [each for each in found(default, content) if "endpoint" in each.path]
    done = patched(default, f".endpoint.{key}") | patched(default, f'.endpoint \\"{key}\\"')
    done |= patched(default, f'"endpoint.{key}"')
    assert refused or done or makes_its_own(default) or default.name in SIMULATED


def test_what_it_needs_is_in_the_catalog(default: Infrastructure) -> None:
    provider = default.PROVIDER
    if provider:
        assert provider.name in catalog().providers
        assert provider.namespace
        assert provider.contract in ("v1beta1", "v1beta2")
    for chart in default.charts():
        release = catalog().charts[chart.name]
        # Clusters with a version outside of its range are refused (ADDON_UNSUPPORTED).
        assert any(map(release.supports, catalog().kubernetes_versions)), chart.name
        json.dumps(chart.values)
        file = CHARTS / chart.name / "values.yaml"
        if file.exists():
            assert set(chart.values) <= set(yaml.safe_load(file.read_text())), chart.name


def test_images_stand_where_the_catalog_says(default: Infrastructure) -> None:
    for chart in (*default.charts(), OPERATOR):
        if catalog().charts[chart.name].images:
            assert not misplaced(chart.name, chart.values), chart.name


def test_a_mirror_is_where_their_images_come_from(default: Infrastructure) -> None:
    mirror = Mirror(registry="harbor.example.com/mirror", charts="oci://harbor.example.com/charts")
    for chart in (*default.charts(), OPERATOR):
        values = mirrored(chart, mirror).values
        for image in catalog().charts[chart.name].images:
            if not image.at:  # machines are configured to pull it from the mirror
                continue
            found: Any = values
            for key in image.at.split("."):
                found = found[key]
            assert found["repository"] == f"harbor.example.com/mirror/{image.name}", image.at


def test_charts_of_a_management_cluster_hold_no_templates(plugin: Infrastructure) -> None:
    """There is no add-on provider yet that would fill them in."""
    for version in catalog().kubernetes_versions:
        own = Cluster.model_validate(cluster(plugin.name) | {"version": str(version)})
        known = plugin.filled_in("prod", own.name, own.version, own.network.pods)
        for chart in plugin.charts():
            assert "{{" not in json.dumps(rendered(chart.values, known)), chart.name


RELEASES = [str(version) for version in catalog().kubernetes_versions]


@pytest.mark.parametrize("version", RELEASES)
def test_charts_have_an_image_for_each_release_or_refuse_it(
    default: Infrastructure, version: str
) -> None:
    """Every text with a template has a value for the release, so no image lacks its tag."""
    content = {"provider": default.name, **settings_of(default.name)}
    here = cluster(default.name) | {"version": version}
    unsupported = [
        chart.name
        for chart in default.charts()
        if not catalog().charts[chart.name].supports(Version(version))
    ]
    config = {"caas:infrastructure": content, "caas:clusters": [here]}
    if unsupported:
        with pytest.raises(CaasError) as caught:
            from_config(config)
        assert ADDON_UNSUPPORTED in [problem.code for problem in caught.value.problems]
        return
    if default.name in EXAMPLES:  # the plug-in of the tests is not registered here
        from_config(config)
    own = Cluster.model_validate(here)
    known = default.filled_in("prod", own.name, own.version, own.network.pods)
    for chart in default.charts():
        assert list(without_value(chart.values, rendered(chart.values, known))) == [], chart.name


def settings_of(name: str) -> dict[str, Any]:
    return dict(EXAMPLES[name].least) if name in EXAMPLES else {"bench": "north"}


def without_value(values: Any, filled: Any, path: str = "") -> Iterator[str]:
    """The places where a template became nothing."""
    if isinstance(values, dict):
        for key, value in values.items():
            yield from without_value(value, filled[key], f"{path}.{key}")
    elif isinstance(values, list | tuple):
        for index, value in enumerate(values):
            yield from without_value(value, filled[index], f"{path}.{index}")
    elif isinstance(values, str) and "{{" in values and not str(filled).strip():
        yield path


@pytest.mark.parametrize("release", RELEASES)
def test_tags_of_images_by_minor_cover_what_the_chart_supports(release: str) -> None:
    """Charts whose images follow the cluster's minor have a tag for each that they support."""
    version = Version(release)
    for name, chart in catalog().charts.items():
        versions = [image.name for image in chart.images or ()]
        by_minor = len(versions) != len(set(versions))
        if by_minor and chart.supports(version):
            assert image_tags.tag_of(name, version), f"{name} has no image for {release}"


def test_objects_are_whole_and_hold_no_secrets(plugin: Infrastructure) -> None:
    for manifest in plugin.objects("clusters"):
        assert set(manifest) >= {"apiVersion", "kind", "metadata"}
        assert manifest["kind"] != "Secret"
        assert manifest["metadata"].get("namespace", "clusters") == "clusters"
    assert plugin.objects("clusters") == plugin.objects("clusters")


def test_its_settings_are_documented(default: Infrastructure) -> None:
    schema = type(default).model_json_schema(by_alias=True)
    for name, definition in [(default.name, schema), *schema.get("$defs", {}).items()]:
        assert definition["description"], name
    for key, field in schema["properties"].items():
        assert field.get("description") or "$ref" in field or key == "provider", key
    page = ROOT / f"docs/infrastructure/{default.name}.md"
    if default.name in ("lab", *SIMULATED):
        return
    text = page.read_text()
    shared = Infrastructure.model_fields_by_alias()
    missing = [key for key in schema["properties"] if key not in shared and key not in text]
    assert not missing


def test_the_examples_are_valid(tmp_path: Path) -> None:
    for name in EXAMPLES:
        for full in (False, True):
            load_file(write_stack(tmp_path, name, full=full, namespace=f"{name}-{full}".lower()))
