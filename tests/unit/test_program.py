"""The program runs unmodified, its failures are codes, and its objects come in order."""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes
import pulumi_openstack as openstack
import pytest
import yaml
from pulumi.runtime import rpc

from engine.objects import Key
from engine.program import Recording, Resource, run_program
from engine.values import AFTER_CREATION, UnknownValue, filled, is_unknown
from errors import CaasError
from errors.program import PROGRAM_FAILED
from errors.stack_file import UNKNOWN_KEY
from stacks.settings import Stack
from tests.stack_files import stack_files
from tests.unit.planned import cluster

ROOT = Path(__file__).resolve().parents[2]
Compose = Callable[[str, Stack], None]


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Recording]:
    """Records a stack with this configuration."""
    monkeypatch.setenv("CAAS_STACKS", str(tmp_path))

    def run(stack: str = "unit", **config: Any) -> Recording:
        file = tmp_path / f"Pulumi.{stack}.yaml"
        settings = {f"caas:{key}": value for key, value in config.items()}
        file.write_text(yaml.safe_dump({"config": settings}))
        return run_program(stack, file)

    return run


@pytest.fixture
def composed(monkeypatch: pytest.MonkeyPatch) -> Callable[[Compose], str]:
    """Gives a stack a composition for one test, and returns the stack's name."""

    def install(compose: Compose) -> str:
        name = "stacks.composed_by_a_test"
        module = ModuleType(name)
        module.__spec__ = ModuleSpec(name, None)
        module.compose = compose  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, name, module)
        return "composed-by-a-test"

    return install


def kinds(wave: list[dict[str, Any]]) -> set[str]:
    return {manifest["kind"] for manifest in wave}


def test_waves_follow_the_dependencies(record: Callable[..., Recording]) -> None:
    recording = record(clusters=[cluster("one"), cluster("two")])
    namespace, templates, classes, keys, clusters = recording.waves()
    assert kinds(namespace) == {"Namespace"}
    assert all(kind.endswith("Template") for kind in kinds(templates))
    assert kinds(classes) == {"ClusterClass"}
    assert kinds(keys) == {"Secret"}
    assert [manifest["metadata"]["name"] for manifest in clusters] == ["one", "two"]
    assert recording.objects() == [*namespace, *templates, *classes, *keys, *clusters]


def test_every_object_carries_the_label_of_its_stack(record: Callable[..., Recording]) -> None:
    for manifest in record("blue", clusters=[cluster()]).objects():
        assert manifest["metadata"]["labels"]["caas.dev/stack"] == "blue"


def resource(
    urn: str, *dependencies: str, parent: str = "", kind: str | None = "ConfigMap"
) -> Resource:
    manifest = {"apiVersion": "v1", "kind": kind, "metadata": {"name": urn}} if kind else {}
    kubernetes_type = "kubernetes:core/v1:ConfigMap" if kind else "caas:index:Thing"
    return Resource(urn, kubernetes_type, urn, manifest, parent, dependencies, True, False)


@pytest.mark.parametrize(
    ("resources", "waves"),
    [
        ([], []),
        ([resource("b"), resource("a")], [["a", "b"]]),
        ([resource("a"), resource("b", "a"), resource("c", "b"), resource("d", "a")], "a bd c"),
        # A component is no object: it only hands on what it depends on.
        ([resource("a"), resource("p", "a", kind=None), resource("b", parent="p")], "a b"),
        ([resource("p", kind=None), resource("a", parent="p"), resource("b", "p")], "ab"),
        # What is not registered here, a provider or the stack, holds nothing up.
        ([resource("a", "provider", parent="stack")], "a"),
    ],
)
def test_waves(resources: list[Resource], waves: Any) -> None:
    wanted = [list(wave) for wave in (waves.split() if isinstance(waves, str) else waves)]
    found = Recording(resources).waves()
    assert [[manifest["metadata"]["name"] for manifest in wave] for wave in found] == wanted


def test_numbers_stay_whole(record: Callable[..., Recording]) -> None:
    (last,) = record(clusters=[cluster()]).waves()[-1]
    replicas = last["spec"]["topology"]["controlPlane"]["replicas"]
    assert (replicas, type(replicas)) == (1, int)


def test_two_runs_record_the_same(record: Callable[..., Recording]) -> None:
    """Pulumi registers resources that don't depend on each other from several threads."""
    one, other = (
        sorted(record(clusters=[cluster()]).resources, key=lambda each: each.urn) for _ in range(2)
    )
    assert one == other


def test_one_stack_leaves_nothing_in_the_next(record: Callable[..., Recording]) -> None:
    record(clusters=[cluster("old")], management={"namespace": "elsewhere"})
    names = {Key.of(manifest).namespace for manifest in record(clusters=[cluster()]).objects()}
    assert names == {"", "clusters"}


def test_a_bad_stack_file_keeps_its_code(record: Callable[..., Recording]) -> None:
    with pytest.raises(CaasError) as caught:
        record(clusters=[cluster(versoin="1.36.3")])
    (problem,) = caught.value.problems
    assert problem.code is UNKNOWN_KEY
    assert problem.where.line


def raises_value_error(stack: str, settings: Stack) -> None:
    raise ValueError("the moon is not full")


def raises_run_error(stack: str, settings: Stack) -> None:
    raise pulumi.RunError("the moon is not full")


def fails_in_an_output(stack: str, settings: Stack) -> None:
    def fail(value: int) -> int:
        raise ValueError("the moon is not full")

    pulumi.export("never", pulumi.Output.from_input(1).apply(fail))


def registers_what_fails(stack: str, settings: Stack) -> None:
    def fail(value: str) -> str:
        raise ValueError("the moon is not full")

    name = pulumi.Output.from_input("x").apply(fail)
    kubernetes.core.v1.Namespace("broken", metadata={"name": name})


def exits(stack: str, settings: Stack) -> None:
    sys.exit("the moon is not full")


@pytest.mark.parametrize(
    "compose",
    [raises_value_error, raises_run_error, fails_in_an_output, registers_what_fails, exits],
)
def test_a_program_that_fails(
    record: Callable[..., Recording], composed: Callable[[Compose], str], compose: Compose
) -> None:
    with pytest.raises(CaasError) as caught:
        record(composed(compose), clusters=[])
    (problem,) = caught.value.problems
    assert problem.code is PROGRAM_FAILED
    assert "the moon is not full" in problem.why
    assert problem.where.file
    assert problem.where.line
    assert "Traceback" not in str(caught.value)
    assert record(clusters=[cluster()]).resources, "the next run is not harmed"


@pytest.mark.slow
def test_a_thousand_clusters_cost_four_resources_each(record: Callable[..., Recording]) -> None:
    """The Cluster and its key, and the components that they belong to."""
    few, many = (
        record(clusters=[cluster(f"c{number}") for number in range(count)]).resources
        for count in (10, 1000)
    )
    assert len(many) - len(few) == 990 * 4
    assert sum(resource.is_object for resource in many) == 2000 + sum(
        resource.is_object and resource.inputs["kind"] not in ("Cluster", "Secret")
        for resource in few
    )
    assert max(len(resource.dependencies) for resource in many) == max(
        len(resource.dependencies) for resource in few
    )


def on_clouds(stack: str, settings: Stack) -> None:
    """Resources of two clouds, and objects made of what these tell; a new secret at every run."""
    vpc = aws.ec2.Vpc("net", cidr_block="10.0.0.0/16")
    zones = aws.get_availability_zones_output(state="available")
    aws.ec2.Subnet("a", vpc_id=vpc.id, cidr_block="10.0.0.0/24", availability_zone=zones.names[0])
    outside = openstack.networking.get_network_output(name="public")
    openstack.networking.Router("gate", external_network_id=outside.id)
    old = aws.ec2.Vpc.get("old", "vpc-1")
    kubernetes.apiextensions.CustomResource(
        "shop",
        api_version="example.com/v1",
        kind="Shop",
        metadata={"name": "shop"},
        spec={
            "vpcs": [vpc.id, old.id, {"range": old.cidr_block}],
            "tag": pulumi.Output.concat("net-", vpc.id),
            "key": pulumi.Output.secret("hush"),
            "keys": pulumi.Output.secret({"a": "hush", "b": ["hush"]}),
        },
    )
    kubernetes.core.v1.Secret(
        "password",
        metadata={"name": "password"},
        string_data={"password": secrets.token_hex()},
        opts=pulumi.ResourceOptions(ignore_changes=["string_data"]),
    )
    kubernetes.helm.v3.Release("chart", chart="cilium", values={"vpc": vpc.id})


def inputs(recording: Recording, name: str) -> dict[str, Any]:
    (found,) = (each.inputs for each in recording.resources if each.name == name)
    return found


def test_what_only_creation_tells(
    record: Callable[..., Recording], composed: Callable[[Compose], str]
) -> None:
    recording = record(composed(on_clouds), clusters=[])
    subnet = inputs(recording, "a")
    assert subnet["cidrBlock"] == "10.0.0.0/24"
    assert isinstance(subnet["vpcId"], UnknownValue)
    assert isinstance(subnet["availabilityZone"], UnknownValue)
    assert isinstance(inputs(recording, "gate")["externalNetworkId"], UnknownValue)
    spec = inputs(recording, "shop")["spec"]
    assert spec["vpcs"] == [AFTER_CREATION, "vpc-1", {"range": AFTER_CREATION}]
    assert spec["tag"] == AFTER_CREATION
    assert is_unknown(spec)
    for written in (yaml.safe_dump(spec), yaml.dump(spec, Dumper=yaml.CSafeDumper)):
        assert "tag: <known after creation>\n" in written
    assert '"tag": "<known after creation>"' in json.dumps(spec)
    assert rpc.UNKNOWN not in str(recording)


def test_secrets_are_shown_to_nobody_but_the_server(
    record: Callable[..., Recording], composed: Callable[[Compose], str]
) -> None:
    one, two = (record(composed(on_clouds), clusters=[]) for _ in range(2))
    assert "hush" not in str(one)
    assert sorted(one.resources, key=by_urn) == sorted(two.resources, key=by_urn)
    assert inputs(one, "shop")["spec"]["key"] == "[secret]"
    assert inputs(one, "shop")["spec"]["keys"] == {"a": "[secret]", "b": "[secret]"}
    assert inputs(one, "password")["stringData"] == {"password": "[secret]"}
    real = {each["kind"]: each for each in one.objects(secrets=True)}
    assert real["Shop"]["spec"]["key"] == "hush"
    assert real["Shop"]["spec"]["keys"] == {"a": "hush", "b": ["hush"]}
    assert len(real["Secret"]["stringData"]["password"]) == 64
    assert one.made_once() == {Key("v1", "Secret", "", "password")}


def by_urn(resource: Resource) -> str:
    return resource.urn


def test_what_is_no_object_is_recorded_and_not_applied(
    record: Callable[..., Recording], composed: Callable[[Compose], str]
) -> None:
    recording = record(composed(on_clouds), clusters=[])
    assert [(each.type, each.name) for each in recording.foreign()] == [
        ("aws:ec2/subnet:Subnet", "a"),
        ("aws:ec2/vpc:Vpc", "net"),
        ("kubernetes:helm.sh/v3:Release", "chart"),
        ("openstack:networking/router:Router", "gate"),
    ]
    assert {manifest["kind"] for manifest in recording.objects()} == {"Shop", "Secret"}


def asks_on_the_spot(stack: str, settings: Stack) -> None:
    aws.get_availability_zones(state="available")


def test_a_question_that_only_a_cloud_can_answer(
    record: Callable[..., Recording], composed: Callable[[Compose], str]
) -> None:
    with pytest.raises(CaasError) as caught:
        record(composed(asks_on_the_spot), clusters=[])
    (problem,) = caught.value.problems
    assert problem.code is PROGRAM_FAILED
    assert "getAvailabilityZones" in problem.what
    assert "_output" in problem.fix


def test_what_is_not_known_stays_what_it_is() -> None:
    wanted = {
        "id": AFTER_CREATION,
        "size": 3,
        "list": [AFTER_CREATION, AFTER_CREATION],
        "variables": [{"name": "b", "value": AFTER_CREATION}, {"name": "c", "value": 1}],
        "new": {"id": AFTER_CREATION},
    }
    live = {
        "id": "vpc-1",
        "size": 2,
        "list": ["one"],
        "variables": [{"name": "a", "value": 7}, {"name": "b", "value": 8}],
    }
    assert filled(wanted, live) == {
        "id": "vpc-1",
        "size": 3,
        "list": ["one", AFTER_CREATION],
        "variables": [{"name": "b", "value": 8}, {"name": "c", "value": 1}],
        "new": {"id": AFTER_CREATION},
    }


@pytest.mark.parametrize("file", stack_files(), ids=lambda f: f.stem)
@pytest.mark.slow
def test_a_stack_of_another_name_is_composed_alike(file: Path, tmp_path: Path) -> None:
    """Whatever module composes it: there is none of the other name."""
    name = file.stem.removeprefix("Pulumi.")

    def parts(stack: str, path: Path) -> list[tuple[str, str]]:
        found = run_program(stack, path).resources
        return sorted((each.type, each.name.replace(stack, "STACK")) for each in found)

    copy = tmp_path / "Pulumi.copied-elsewhere.yaml"
    copy.write_text(file.read_text())
    assert parts("copied-elsewhere", copy) == parts(name, file)


def test_a_module_gives_way_to_another_mode_in_its_stack_file(
    record: Callable[..., Recording],
) -> None:
    """`staging` composes stacks whose management cluster is there, and this one has none."""
    recording = record("staging", management={"mode": "embedded"}, clusters=[cluster()])
    assert not [each for each in recording.resources if each.type.endswith("FleetAddons")]
