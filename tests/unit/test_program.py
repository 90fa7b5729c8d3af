"""The program runs unmodified, its failures are codes, and its objects come in order."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import pytest
import yaml

from embedded.objects import Key
from embedded.program import Recording, Resource, run_program
from errors import CaasError
from errors.program import PROGRAM_FAILED
from errors.stack_file import UNKNOWN_KEY
from stacks.settings import Stack
from tests.unit.planned import cluster

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
    """Gives a stack a composition of its own, and returns the stack's name."""

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
    namespace, templates, classes, clusters = recording.waves()
    assert kinds(namespace) == {"Namespace"}
    assert all(kind.endswith("Template") for kind in kinds(templates))
    assert kinds(classes) == {"ClusterClass"}
    assert [manifest["metadata"]["name"] for manifest in clusters] == ["one", "two"]
    assert recording.objects() == [*namespace, *templates, *classes, *clusters]


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
    assert record(clusters=[cluster()]).resources == record(clusters=[cluster()]).resources


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


def test_a_thousand_clusters_cost_two_resources_each(record: Callable[..., Recording]) -> None:
    few, many = (
        record(clusters=[cluster(f"c{number}") for number in range(count)]).resources
        for count in (10, 1000)
    )
    assert len(many) - len(few) == 990 * 2
    assert sum(resource.is_object for resource in many) == 1000 + sum(
        resource.is_object and resource.inputs["kind"] != "Cluster" for resource in few
    )
    assert max(len(resource.dependencies) for resource in many) == max(
        len(resource.dependencies) for resource in few
    )
