"""Components in a program: every add-on, directly and in a fleet, with plain values and Outputs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from components import (
    backup,
    ingress,
    loadbalancing,
    logging,
    network,
    observability,
    registry,
    security,
    storage,
    store,
    system,
)
from components import cluster as cluster_folder
from components.addon_settings import AddonSettings
from components.delivery.component import AddonComponent
from components.delivery.fleet import area_of
from engine.program import Recording, Resource
from engine.values import AFTER_CREATION, HIDDEN, is_unknown
from errors import CaasError, Code
from errors.addons import ADDON_NEEDS, ADDON_UNSUPPORTED, ADDONS_EXCLUDE
from errors.components import (
    ADDON_TWICE,
    ARGUMENTS_TWICE,
    CLUSTERS_MIXED,
    OUTPUT_DECIDES,
    OUTPUT_NOT_USABLE,
)
from errors.network import ADDRESSES_TAKEN
from errors.stack_file import BAD_CIDR, MISSING_KEY, UNKNOWN_KEY
from stacks.settings.addons import Addons
from tests.unit.own_programs import cluster_class, edge, management, run, workload

FOLDERS = (
    network,
    loadbalancing,
    ingress,
    storage,
    backup,
    registry,
    observability,
    logging,
    security,
    store,
    system,
)
COMPONENTS: dict[str, type[AddonComponent]] = {
    kind.KEY: kind
    for folder in FOLDERS
    for kind in (getattr(folder, name) for name in folder.__all__)
    if isinstance(kind, type) and issubclass(kind, AddonComponent)
}
REFUSED = {"ingressNginx"}
POOLS = [{"name": "public", "addresses": ["10.100.0.0/24"]}]
RELEASE = "kubernetes:helm.sh/v3:Release"
ALL_ROLES = ["certificates", "gateway-api", "snapshots", "metrics"]


def of_kind(recording: Recording, kind: str) -> list[Resource]:
    return [each for each in recording.resources if each.inputs.get("kind") == kind]


def releases(recording: Recording) -> dict[str, dict[str, Any]]:
    return {
        each.inputs["name"]: each.inputs for each in recording.resources if each.type == RELEASE
    }


def code(program: Any, *, preview: bool = True) -> Code:
    with pytest.raises(CaasError) as caught:
        run(program, preview=preview)
    return caught.value.problems[0].code


BEFORE = {
    "gateway": ("envoyGateway",),
    "harbor": ("longhorn", "envoyGateway"),
    "issuers": ("certManager",),
    "logs": ("longhorn",),
    "monitoring": ("longhorn",),
    "networkPolicies": ("calico",),
    "snapshots": ("longhorn",),
    "velero": ("longhorn", "snapshots"),
}
"""The add-ons that an add-on needs in its cluster."""


def example(key: str) -> AddonSettings:
    return COMPONENTS[key].SETTINGS.model_validate(dict(COMPONENTS[key].SETTINGS.EXAMPLE))


def install(key: str, cluster: Any) -> AddonComponent:
    """The component of an add-on after those that it needs."""
    for other in BEFORE.get(key, ()):
        COMPONENTS[other](other, example(other), cluster=cluster)
    return COMPONENTS[key]("own", example(key), cluster=cluster)


def children(recording: Recording, name: str = "own") -> list[Resource]:
    component = next(each for each in recording.resources if each.name == name and not each.custom)
    return [each for each in recording.resources if each.parent == component.urn]


def test_every_add_on_has_a_component() -> None:
    keys = Addons.model_fields_by_alias().keys() - REFUSED
    assert COMPONENTS.keys() == keys
    for key, kind in COMPONENTS.items():
        assert issubclass(kind.SETTINGS, AddonSettings), key
        assert kind.__name__ + "Settings" == kind.SETTINGS.__name__
        assert (kind.__doc__ or "").strip(), key


@pytest.mark.parametrize("key", sorted(COMPONENTS))
def test_directly_in_one_cluster(key: str) -> None:
    facts = {}

    def program() -> None:
        cluster = edge()
        install(key, cluster)
        facts[key] = cluster.facts(cluster.installed.addons)

    recording = run(program)
    found = children(recording)
    addon = example(key).addon(facts[key])
    charts = {each.inputs["name"] for each in found if each.type == RELEASE}
    assert charts == {chart.name for chart in addon.charts}
    objects = [each for each in found if each.type != RELEASE]
    assert len(objects) == len(addon.namespaces) + len(addon.objects)
    kept = {each.name for each in objects if each.inputs["kind"] == "Namespace"}
    assert len(kept) == len(addon.namespaces)
    assert all(each.name.startswith("own-") for each in found)
    others = {each.urn for name in BEFORE.get(key, ()) for each in children(recording, name)}
    for each in found:
        assert others <= set(each.dependencies), "it comes after what it needs"


@pytest.mark.parametrize("key", sorted(COMPONENTS))
def test_in_a_fleet(key: str) -> None:
    def program() -> None:
        where = management()
        cluster_class(where)
        install(key, [workload(where), workload(where, "edge")])

    recording = run(program)
    found = children(recording)
    assert found
    clusters = of_kind(recording, "Cluster")
    chosen: set[str] = set()
    for each in found:
        assert each.inputs["metadata"]["namespace"] == "own"
        assert each.inputs["kind"] in ("HelmChartProxy", "ConfigMap", "ClusterResourceSet")
        if "clusterSelector" in each.inputs.get("spec", {}):
            (by_name,) = each.inputs["spec"]["clusterSelector"]["matchExpressions"]
            assert (by_name["key"], by_name["operator"]) == ("caas.dev/cluster", "In")
            chosen.update(by_name["values"])
        for cluster in clusters:
            assert each.urn in cluster.dependencies, "it comes before, and goes after the cluster"
            assert cluster.urn not in each.dependencies
    labels = {each.inputs["metadata"]["labels"]["caas.dev/cluster"] for each in clusters}
    assert labels == chosen == {"edge", "shop"}


def test_values_that_differ_are_branches_of_one_release() -> None:
    def program() -> None:
        where = management()
        shop = workload(where)
        other = workload(where, "other", network={"pods": ["10.0.0.0/16"]})
        network.Calico("cni", cluster=[shop, other, workload(where, "third")])

    proxy = next(
        each for each in of_kind(run(program), "HelmChartProxy") if "operator" in each.name
    )
    text = proxy.inputs["spec"]["valuesTemplate"]
    head, _, common = text.partition("{{- else }}\n")
    condition, _, own = head.partition("}}\n")
    assert condition == '{{- if has .Cluster.metadata.name (list "other") '
    assert "10.0.0.0/16" in own and "192.168.0.0/16" not in own
    assert "192.168.0.0/16" in common and common.endswith("{{- end }}\n")


class TestOutputs:
    def pool(self, value: Any) -> list[dict[str, Any]]:
        return [{"name": "public", "addresses": [value]}]

    def addresses(self, recording: Recording) -> Any:
        (pool,) = of_kind(recording, "IPAddressPool")
        return pool.inputs["spec"]["addresses"]

    def program(self, value: pulumi.Output[Any]) -> Any:
        def program() -> None:
            loadbalancing.MetalLB("lb", cluster=edge(), pools=self.pool(value))

        return program

    def test_a_known_one_is_the_value(self) -> None:
        recording = run(self.program(pulumi.Output.from_input("10.100.0.0/24")))
        assert self.addresses(recording) == ["10.100.0.0/24"]

    def test_before_creation_only_its_place_is_unknown(self) -> None:
        unknown = pulumi.Output.from_input(pulumi.UNKNOWN)
        recording = run(self.program(unknown))
        assert self.addresses(recording) == [AFTER_CREATION]
        others = [
            each for each in recording.resources if each.inputs.get("kind") != "IPAddressPool"
        ]
        assert not any(is_unknown(each.inputs) for each in others)

    def test_a_secret_one_stays_secret(self) -> None:
        recording = run(self.program(pulumi.Output.secret("10.100.0.0/24")))
        assert self.addresses(recording) == [HIDDEN]
        (pool,) = of_kind(recording, "IPAddressPool")
        assert pool.given and pool.given["spec"]["addresses"] == ["10.100.0.0/24"]
        assert pool.inputs["metadata"]["name"] == "public"

    def test_it_depends_on_its_resource(self) -> None:
        def program() -> None:
            made = pulumi.Output.from_input(Made("made").name)
            registry.Harbor(
                "registry",
                cluster=edge(
                    provides=ALL_ROLES,
                    storage_classes=[{"name": "a", "driver": "d", "default": True}],
                ),
                host=made.apply(lambda name: f"{name}.example.com"),
                size=pulumi.Output.secret("10Gi"),
                replicas=1,
            )

        recording = run(program)
        values = releases(recording)["harbor"]["values"]
        assert values["externalURL"] == "https://made.example.com"
        assert values["persistence"]["persistentVolumeClaim"]["registry"]["size"] == HIDDEN

    @pytest.mark.parametrize(
        ("kind", "arguments", "expected"),
        [
            (network.Calico, {"mtu": 1450}, '"mtu": 1450'),
            (network.Calico, {"wireguard": True}, '"wireguardEnabled": true'),
            (network.Calico, {"encapsulation": "VXLANCrossSubnet"}, "VXLANCrossSubnet"),
            (storage.Nfs, {"classes": [{"server": "nfs.example.com", "share": "/a"}]}, '"/a"'),
            (system.CertManager, {"replicas": 3}, '"replicaCount": 3'),
        ],
    )
    def test_numbers_flags_choices_and_lists(
        self, kind: type[AddonComponent], arguments: dict[str, Any], expected: str
    ) -> None:
        def outputs(value: Any) -> Any:
            if isinstance(value, list):
                return [outputs(each) for each in value]
            if isinstance(value, dict):
                return {key: outputs(each) for key, each in value.items() if each != "/a"} | {
                    key: each for key, each in value.items() if each == "/a"
                }
            return pulumi.Output.from_input(value)

        def program() -> None:
            kind("own", cluster=edge(), **{key: outputs(each) for key, each in arguments.items()})

        assert expected in json.dumps([each.inputs for each in run(program).resources])

    def test_a_wrong_value_is_the_code_of_a_stack_file(self) -> None:
        wrong = pulumi.Output.from_input("10.100.0.0/33")
        assert code(self.program(wrong)) is BAD_CIDR
        taken = pulumi.Output.from_input("192.168.4.0/24")
        assert code(self.program(taken)) is ADDRESSES_TAKEN

    def test_what_decides_the_resources_is_refused(self) -> None:
        def program() -> None:
            pools = pulumi.Output.from_input(POOLS)
            loadbalancing.MetalLB("lb", cluster=edge(), pools=pools)

        assert code(program) is OUTPUT_NOT_USABLE

    def test_a_name_that_is_an_output_is_refused(self) -> None:
        def program() -> None:
            pools = [{"name": pulumi.Output.from_input("a"), "addresses": ["10.100.0.0/24"]}]
            loadbalancing.MetalLB("lb", cluster=edge(), pools=pools)

        assert code(program) is OUTPUT_DECIDES

    def test_a_value_that_changes_more_than_its_place_is_refused(self) -> None:
        """Zero replicas of the samples: with another number of them, objects differ."""

        def program() -> None:
            many = pulumi.Output.from_input(7)
            network.Calico("cni", cluster=edge(), control_plane_replicas=many)

        assert code(program) is not None

    def test_in_a_fleet_they_are_filled_in(self) -> None:
        def program() -> None:
            pools = self.pool(pulumi.Output.from_input("10.100.0.0/24"))
            loadbalancing.MetalLB("lb", cluster=workload(management()), pools=pools)

        recording = run(program)
        (content,) = of_kind(recording, "ConfigMap")
        objects = list(yaml.safe_load_all(content.inputs["data"]["objects.yaml"]))
        (found,) = [each for each in objects if each["kind"] == "IPAddressPool"]
        assert found["spec"]["addresses"] == ["10.100.0.0/24"]
        (cluster,) = of_kind(recording, "Cluster")
        assert content.urn not in cluster.dependencies, "it might wait for itself"

    def test_outputs_of_the_component(self) -> None:
        def program() -> None:
            host = pulumi.Output.from_input("registry.example.com")
            cluster = edge(
                provides=["certificates", "metrics"],
                storage_classes=[{"name": "a", "driver": "d", "default": True}],
            )
            ingress.EnvoyGateway("envoy", cluster=cluster)
            names = [{"hostname": "*.{cluster}.example.com", "certificate": "own"}]
            gateway = ingress.Gateway("gateway", cluster=cluster, listeners=names)
            harbor = registry.Harbor("registry", cluster=cluster, host=host)
            pulumi.export("hostnames", gateway.hostnames)
            pulumi.export("url", harbor.url)

        assert run(program).outputs == {
            "hostnames": ["*.edge.example.com"],
            "url": "https://registry.example.com",
        }


class Made(pulumi.CustomResource):
    name: pulumi.Output[str]

    def __init__(self, name: str) -> None:
        super().__init__("test:index:Made", name, {"name": name})


class TestRefusals:
    @pytest.mark.parametrize(
        ("arguments", "expected"),
        [
            ({"mtoo": 1450}, UNKNOWN_KEY),
            ({"pools": [{"name": "a", "cidr": "10.0.0.0/33"}]}, BAD_CIDR),
            ({"settings": network.CalicoSettings(), "mtu": 1450}, ARGUMENTS_TWICE),
            ({"node_interface": pulumi.Output.from_input("eth0"), "mtu": {}}, None),
        ],
    )
    def test_arguments(self, arguments: dict[str, Any], expected: Code | None) -> None:
        found = code(lambda: network.Calico("cni", cluster=edge(), **arguments))  # type: ignore[arg-type,return-value]
        assert found is expected or expected is None

    def test_facts_are_demanded(self) -> None:
        def program() -> None:
            from components.cluster import ExistingCluster  # noqa: PLC0415 - only here

            ExistingCluster("edge", kubeconfig="text", version="1.36.3", pods=["10.0.0.0/16"])

        assert code(program) is MISSING_KEY

    def test_needs_and_exclusions(self) -> None:
        def lonely() -> None:
            ingress.Gateway("gateway", cluster=edge(), listeners=[{"hostname": "a.example.com"}])

        def two() -> None:
            cluster = edge()
            network.Calico("a", cluster=cluster)
            network.Flannel("b", cluster=cluster)

        def there() -> None:
            network.Calico("a", cluster=edge(provides=["network"]))

        def twice() -> None:
            cluster = edge()
            network.Calico("a", cluster=cluster)
            network.Calico("b", cluster=cluster)

        def old() -> None:
            system.CertManager("a", cluster=edge(version="1.20.0"))

        found = [code(program) for program in (two, there, twice, old)]
        assert found == [ADDONS_EXCLUDE, ADDONS_EXCLUDE, ADDON_TWICE, ADDON_UNSUPPORTED]
        assert code(lonely) is not None

    def test_needs_are_met_by_add_ons_that_were_made_before(self) -> None:
        def alone() -> None:
            system.CertManager("a", cluster=edge())
            registry.Harbor("b", cluster=edge(), host="a.example.com")

        assert code(alone) is ADDON_NEEDS

    def test_clusters_of_one_management_cluster(self) -> None:
        def mixed() -> None:
            network.Calico("cni", cluster=[workload(management()), edge()])  # type: ignore[list-item]

        def two() -> None:
            both = [workload(management()), workload(management("other"), "b")]
            network.Calico("cni", cluster=both)

        def none() -> None:
            network.Calico("cni", cluster=[])

        assert {code(program) for program in (mixed, two, none)} == {CLUSTERS_MIXED}

    def test_a_cluster_is_checked_like_one_of_a_stack_file(self) -> None:
        def program() -> None:
            workload(management(), control_plane={"replicas": 2})

        with pytest.raises(CaasError) as caught:
            run(program)
        (problem,) = caught.value.problems
        assert str(problem.where) == 'WorkloadCluster("shop").controlPlane.replicas'


class TestWorkloadCluster:
    def test_its_kubeconfig_is_known_after_creation_only(self) -> None:
        def program() -> None:
            shop = workload(management())
            pulumi.export("name", shop.cluster_name)
            pulumi.export("kubeconfig", shop.kubeconfig)
            system.MetricsServer("metrics", cluster=edge(), values={"cluster": shop.cluster_name})

        outputs = run(program).outputs
        assert outputs["name"] == "shop"
        assert outputs["kubeconfig"] in (AFTER_CREATION, HIDDEN)

    def test_it_brings_snapshots_and_autoscalers(self) -> None:
        saved = {"etcd": {"snapshots": {"bucket": "backups", "region": "eu-central-1"}}}
        pools = [{"name": "general", "autoscaling": {"min": 1, "max": 3}}]

        def program() -> None:
            where = management()
            for name in ("a", "b"):
                workload(where, name, control_plane=saved, worker_pools=pools)

        recording = run(program)
        names = [each.name for each in recording.resources]
        assert len([name for name in names if name.endswith("-job")]) == 1, "clusters share it"
        assert {"a-autoscaler-deployment", "b-autoscaler-deployment"} <= set(names)
        assert names.count("cluster-autoscaler-account") == 1
        namespaces = {each["metadata"].get("namespace", "own") for each in recording.objects()}
        assert namespaces == {"own"}

    def test_arguments_may_be_outputs(self) -> None:
        def program() -> None:
            replicas = pulumi.Output.from_input(5)
            pool = {"name": "general", "replicas": replicas}
            labels = {"team": pulumi.Output.from_input("orders")}
            workload(management(), worker_pools=[pool], labels=labels)

        (cluster,) = of_kind(run(program), "Cluster")
        pools = cluster.inputs["spec"]["topology"]["workers"]["machineDeployments"]
        assert [each["replicas"] for each in pools] == [5]
        assert cluster.inputs["metadata"]["labels"]["team"] == "orders"


def test_the_guide_lists_every_component() -> None:
    text = (Path(__file__).parents[2] / "docs" / "components.md").read_text()
    exported = {name for name in cluster_folder.__all__ if name != "Cluster"}
    exported |= {kind.__name__ for kind in COMPONENTS.values()}
    exported |= {f"{name}Foundation" for name in ("Aws", "OpenStack")}
    assert not [name for name in sorted(exported) if f"`{name}`" not in text]


def test_areas_are_folders() -> None:
    assert {area_of(kind) for kind in COMPONENTS.values()} == {
        folder.__name__.rpartition(".")[2] for folder in FOLDERS
    }
