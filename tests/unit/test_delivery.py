"""Delivery of add-ons: releases that clusters share, values per cluster, objects, mirrors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog import catalog
from components.addon import Addon, SecurityLevel
from components.addon_settings import AddonSettings, resolved
from components.chart import CLUSTER_NAME, Chart, rendered
from components.cluster.facts_of import facts_of
from components.cluster.settings import Cluster
from components.delivery import plan as planning
from components.delivery.fleet_objects import (
    escaped,
    object_set,
    release_proxy,
    shared_values,
    values_template,
)
from components.delivery.mirror import PUBLIC, Mirror, mirrored
from components.facts import ClusterFacts
from components.infrastructure.in_memory import InMemory
from components.registry.hosts import Registries
from errors import CaasError
from errors.addons import ADDON_TOO_LARGE
from stacks.settings.addons import Addons, ClusterSettings, addons_of
from stacks.settings.stack import Stack
from tests.addons.examples import LEAST

LARGE = "x" * 1_000_000


class Sample(AddonSettings):
    """An add-on of the tests."""

    replicas: int = 1
    size: int = 0

    def addon(self, target: ClusterFacts) -> Addon:
        values = {
            "replicas": self.replicas,
            "name": target.name,
            "note": "{{ braces }}",
            "pods": str(target.network.pods[0]),
        }
        objects = [
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": f"sample-{index}", "namespace": "sample"},
                "data": {"text": "y" * self.size},
            }
            for index in range(3)
        ]
        return Addon(
            "sampleAddon",
            (Chart("metrics-server", "sample", values),),
            {"sample": SecurityLevel.BASELINE},
            tuple(objects),
            secrets=("login",),
        )


def target(name: str, settings: AddonSettings, **more: Any) -> ClusterFacts:
    cluster = Cluster.model_validate(LEAST | {"name": name} | more)
    return facts_of(cluster, InMemory(), {"sampleAddon": settings})


SHARED = Sample()
DESIGNATE = "ghcr.io/inovex/external-dns-openstack-webhook"
OTHER_PODS = {"network": {"pods": ["10.1.0.0/16"]}}


def test_clusters_that_are_alike_share_everything() -> None:
    fleet = planning.plan(target(name, SHARED) for name in ("a", "b", "c"))
    (release,) = fleet.releases
    (found,) = fleet.sets
    assert not release.own
    assert {tuple(carried.labels.items()) for carried in fleet.clusters.values()} == {
        (
            ("addon.caas.dev/sample-addon", "enabled"),
            ("chart.caas.dev/metrics-server", "enabled"),
            ("objects.caas.dev/sample-addon", found.digest),
        )
    }
    assert not any(carried.annotations for carried in fleet.clusters.values())
    assert yaml.safe_load(release.values)["name"] == CLUSTER_NAME


def test_charts_go_where_they_are_wanted_whatever_add_on_brings_them() -> None:
    """An add-on may have a chart more in one cluster than in another, and two have the same."""

    class Other(Sample):
        def addon(self, target: ClusterFacts) -> Addon:
            charts = ("metrics-server", "cert-manager") if target.network.routed else ()
            return Addon("other", tuple(Chart(name, "kube-system") for name in charts))

    other = Other()
    routed = {"routed": True}
    targets = [target("a", other), target("b", other, network=routed), target("c", SHARED)]
    fleet = planning.plan(targets)
    found = {
        release.chart: [name for name in "abc" if release.label in fleet.clusters[name].labels]
        for release in fleet.releases
    }
    assert found == {"metrics-server": ["b", "c"], "cert-manager": ["b"]}


def test_a_cluster_that_differs_carries_its_values() -> None:
    targets = [target("a", SHARED), target("b", SHARED, **OTHER_PODS), target("c", SHARED)]
    fleet = planning.plan(targets)
    (release,) = fleet.releases
    assert release.own
    assert yaml.safe_load(release.values)["pods"] == "192.168.0.0/16"
    carried = fleet.clusters["b"].annotations
    assert list(carried) == ["values.caas.dev/metrics-server"]
    own = yaml.safe_load(carried["values.caas.dev/metrics-server"])
    assert own == {"replicas": 1, "name": "b", "note": "{{ braces }}", "pods": "10.1.0.0/16"}
    assert not fleet.clusters["a"].annotations


def test_values_that_change_keep_label_and_release() -> None:
    """Another label or another name would remove the release and install it anew."""
    before = planning.plan([target("a", SHARED)])
    after = planning.plan([target("a", Sample(replicas=3))])
    assert before.clusters["a"].labels == after.clusters["a"].labels
    first, second = (release_proxy(fleet.releases[0], "clusters") for fleet in (before, after))
    assert first["metadata"] == second["metadata"]
    assert first["spec"]["clusterSelector"] == second["spec"]["clusterSelector"]
    assert first["spec"]["valuesTemplate"] != second["spec"]["valuesTemplate"]


def test_braces_are_text_and_the_name_is_a_template() -> None:
    assert escaped("a {{ x }} b") == "a {{ `{{` }} x }} b"
    assert escaped(f"a {CLUSTER_NAME} b") == f"a {CLUSTER_NAME} b"
    (release,) = planning.plan([target("a", SHARED)]).releases
    assert yaml.safe_load(values_template(release))["note"] == "{{ `{{` }} braces }}"


@pytest.mark.parametrize("own", [False, True])
def test_the_shared_values_are_found_again_in_a_template(own: bool) -> None:
    text = f"a: {CLUSTER_NAME}\nb: '{{{{ x }}}}'\n"
    release = planning.FleetRelease("metrics-server", "sample", "label", text, own)
    assert shared_values(values_template(release), "shop") == "a: shop\nb: '{{ x }}'\n"
    nothing = planning.FleetRelease("metrics-server", "sample", "label", "", own)
    assert shared_values(values_template(nothing), "shop") == "{}\n"


def test_objects_with_the_clusters_name_are_each_clusters_own() -> None:
    class Named(Sample):
        def addon(self, target: ClusterFacts) -> Addon:
            data = {"cluster": target.name}
            manifest = {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": "n", "namespace": "default"},
                "data": data,
            }
            return Addon("named", objects=(manifest,))

    settings = Named()
    fleet = planning.plan(target(name, settings) for name in ("a", "b"))
    texts = {yaml.safe_load(found.texts[0])["data"]["cluster"] for found in fleet.sets}
    assert texts == {"a", "b"}


def test_objects_are_cut_into_pieces_that_fit() -> None:
    (found,) = planning.plan([target("a", Sample(size=500_000))]).sets
    assert len(found.texts) == 3
    assert all(len(text) < planning.LARGEST_OBJECT for text in found.texts)
    texts, resource_set = object_set(found, "clusters")
    named = [(each["kind"], each["name"]) for each in resource_set["spec"]["resources"]]
    maps = [("ConfigMap", text["metadata"]["name"]) for text in texts]
    assert named == [*maps, ("Secret", "login")]
    assert yaml.safe_load(found.texts[0].split("---\n")[0])["kind"] == "Namespace"


def test_what_does_not_fit_is_a_code() -> None:
    with pytest.raises(CaasError) as error:
        planning.plan([target("a", Sample(size=1_000_000))])
    assert error.value.problems[0].code is ADDON_TOO_LARGE
    assert "sample-0" in str(error.value)


def test_values_that_a_cluster_can_not_carry_are_a_code() -> None:
    class Wide(Sample):
        def addon(self, target: ClusterFacts) -> Addon:
            text = LARGE if target.network.routed else ""
            return Addon("wide", (Chart("metrics-server", "kube-system", {"text": text}),))

    settings = Wide()
    with pytest.raises(CaasError) as error:
        planning.plan([target("a", settings), target("b", settings, network={"routed": True})])
    assert error.value.problems[0].code is ADDON_TOO_LARGE
    assert error.value.problems[0].where.cluster == "b"


class TestMirror:
    MIRROR = Mirror(registry="harbor.example.com/m", charts="oci://harbor.example.com/c")

    def test_charts_and_images_come_from_it(self) -> None:
        chart = Chart("metrics-server", "kube-system", {"replicas": 2})
        values = mirrored(chart, self.MIRROR).values
        name = "harbor.example.com/m/registry.k8s.io/metrics-server/metrics-server"
        assert values == {"image": {"repository": name}, "replicas": 2}
        (release,) = planning.plan([target("a", SHARED)], self.MIRROR).releases
        spec = release_proxy(release, "clusters", self.MIRROR)["spec"]
        assert spec["repoURL"] == "oci://harbor.example.com/c"
        assert name in spec["valuesTemplate"]
        assert "credentials" not in spec

    def test_a_login_is_a_reference(self) -> None:
        mirror = self.MIRROR.model_copy(update={"credentials": "login"})
        (release,) = planning.plan([target("a", SHARED)], mirror).releases
        spec = release_proxy(release, "clusters", mirror)["spec"]
        secret = {"name": "login", "namespace": "clusters"}
        assert spec["credentials"] == {"secret": secret, "key": "config.json"}

    def test_machines_ask_it_for_every_other_image(self) -> None:
        stack = Stack(mirror=self.MIRROR)
        cluster = Cluster.model_validate(LEAST)
        files = {each["path"]: each for each in stack.registries_of(cluster).files()}
        text = files["/etc/containerd/certs.d/registry.k8s.io/hosts.toml"]["content"]
        assert 'host."https://harbor.example.com/v2/m/registry.k8s.io"' in text
        assert "https://registry.k8s.io" not in text
        assert not Stack().registries_of(cluster).files()

    def test_a_registry_that_has_the_mirror_leads_nowhere_else(self) -> None:
        mirror = Mirror(registry="ghcr.io/acme", charts="oci://ghcr.io/acme/charts")
        hosts = Stack(mirror=mirror).registries_of(Cluster.model_validate(LEAST)).hosts
        assert {host.name for host in hosts} == set(PUBLIC) - {"ghcr.io"}

    def test_what_the_file_says_of_a_registry_stays(self) -> None:
        own = {"hosts": [{"name": "quay.io", "mirrors": [{"url": "https://own.example.com"}]}]}
        stack = Stack(mirror=self.MIRROR, registries=Registries.model_validate(own))
        hosts = stack.registries_of(Cluster.model_validate(LEAST)).hosts
        found = [host.mirrors[0].url for host in hosts if host.name == "quay.io"]
        assert found == ["https://own.example.com"]

    def test_every_registry_of_the_catalog_is_known(self) -> None:
        images = [image.name for chart in catalog().charts.values() for image in chart.images]
        images += catalog().images.values()
        assert {image.partition("/")[0] for image in images} <= set(PUBLIC)

    def test_an_image_that_the_add_on_names_comes_from_it_too(self) -> None:
        webhook = {"image": {"repository": DESIGNATE, "tag": "1"}}
        chart = Chart("external-dns", "dns", {"provider": {"webhook": webhook}})
        image = mirrored(chart, self.MIRROR).values["provider"]["webhook"]["image"]
        assert image == {"repository": f"harbor.example.com/m/{DESIGNATE}", "tag": "1"}

    def test_a_users_image_wins(self) -> None:
        chart = Chart("metrics-server", "kube-system", {"image": {"repository": "mine"}})
        assert mirrored(chart, self.MIRROR).values == {"image": {"repository": "mine"}}


class TestChoice:
    def cluster(self, **more: Any) -> ClusterSettings:
        return ClusterSettings.model_validate(LEAST | more)

    def names(self, stack: dict[str, Any], **cluster: Any) -> list[str]:
        addons = Addons.model_validate(stack)
        return [*addons_of(addons, self.cluster(**cluster), InMemory()).addons]

    def test_a_clusters_own_settings_win(self) -> None:
        stack = Addons.model_validate({"certManager": {"replicas": 3}})
        cluster = self.cluster(addons={"certManager": {"replicas": 5}})
        found = addons_of(stack, cluster, InMemory()).addons["certManager"]
        assert json.loads(found.model_dump_json(by_alias=True))["replicas"] == 5

    def test_null_means_none(self) -> None:
        assert self.names({"certManager": {}}) == ["certManager"]
        assert self.names({"certManager": {}}, addons={"certManager": None}) == []

    def test_a_selector_asks_for_labels(self) -> None:
        stack = {"certManager": {"selector": {"tier": "gold"}}, "metricsServer": {}}
        assert self.names(stack) == ["metricsServer"]
        assert self.names(stack, labels={"tier": "gold"}) == ["certManager", "metricsServer"]

    def test_what_provides_a_role_comes_before_what_needs_it(self) -> None:
        class Needs(Sample):
            def addon(self, target: ClusterFacts) -> Addon:
                return Addon("first", needs=("a",), provides=("b",))

        class Has(Sample):
            def addon(self, target: ClusterFacts) -> Addon:
                return Addon("second", provides=("a",))

        found = facts_of(self.cluster(), InMemory(), {"first": Needs(), "second": Has()})
        assert [each.name for each in resolved(found)] == ["second", "first"]


def test_the_name_is_filled_in_where_there_is_no_add_on_provider() -> None:
    values = {"a": [f"{CLUSTER_NAME}-x", 1], "b": {"c": True}}
    assert rendered(values, {CLUSTER_NAME: "management"}) == {
        "a": ["management-x", 1],
        "b": {"c": True},
    }


def test_the_stack_file_of_an_add_on_is_checked_like_the_rest(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="replicas"):
        Addons.model_validate({"certManager": {"replicas": 0}})
