"""Examples of codes for stack files: each is put into a stack, and raises its code and no other."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.session import Session
from errors import CaasError, Code
from errors.registry import by_name
from plane.progress import Silent
from stacks.settings import load_file
from tests.infrastructure.examples import EXAMPLES

STACK_CODES = {name: code for name, code in by_name().items() if code.number < 2000}
EXECUTED = {
    name: code for name, code in STACK_CODES.items() if code.texts.at not in ("", "command")
}
CHANGES = {name: code for name, code in EXECUTED.items() if code.texts.before}
ALONE = {name: code for name, code in EXECUTED.items() if name not in CHANGES}
LEAST = {
    "metallb": {"pools": [{"name": "a", "addresses": ["10.9.0.0/28"]}]},
    "harbor": {"host": "registry.example.com"},
    "velero": {
        "locations": [
            {"name": "main", "bucket": "backups", "region": "eu-central-1", "secret": "s"}
        ]
    },
    "gateway": {"listeners": [{"hostname": "a.example.com", "certificate": "a"}]},
}
"""Required settings of add-ons, which the examples leave out."""
REMARK = re.compile(r",? (?:with|and|in|on|for|beside|of|without|whose|where|alone)\b.*", re.DOTALL)


def fragments(example: str) -> Iterator[dict[str, Any]]:
    """The YAML of an example: all of it, or what precedes a remark such as `on AWS`."""
    for text in (example, REMARK.split(example)[0].strip()):
        for form in (text, f"{{{text}}}"):
            try:
                found = yaml.load(form, yaml.CSafeLoader)
            except yaml.YAMLError:
                continue
            if isinstance(found, dict):
                yield {str(key).removeprefix("caas:"): value for key, value in found.items()}


def stack(provider: str) -> dict[str, Any]:
    """A small stack that is good without the example."""
    example = EXAMPLES[provider]
    cluster: dict[str, Any] = {
        "name": "shop",
        "version": "1.36.3",
        "controlPlane": {"replicas": 3},
        "workerPools": [{"name": "general", "replicas": 3}],
    }
    if example.host:
        cluster["controlPlane"]["endpoint"] = dict(example.host)
    mode = "embedded" if provider in ("docker", "in-memory") else "existing"
    return {
        "management": {"mode": mode},
        "infrastructure": {"provider": provider, **copy.deepcopy(example.least)},
        "clusters": [cluster],
    }


def merge(into: dict[str, Any], more: dict[str, Any]) -> None:
    """Merges mappings; entries of clusters and pools continue those that are there."""
    if "autoscaling" in more:
        into.pop("replicas", None)
    for key, value in more.items():
        there = into.get(key)
        if isinstance(value, dict) and isinstance(there, dict):
            merge(there, value)
        elif key in ("clusters", "workerPools") and there and isinstance(value, list):
            into[key] = list(entries(there, value))
        else:
            into[key] = value


def entries(there: list[dict[str, Any]], more: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for number, entry in enumerate(more):
        made = copy.deepcopy(there[min(number, len(there) - 1)])
        if number >= len(there):
            made["name"] = f"{made['name']}-{number}"
        merge(made, entry)
        yield made


def put(config: dict[str, Any], at: str, fragment: dict[str, Any]) -> None:
    """Merges a fragment into the place `at`, which is made where it is missing.

    `stack` replaces what the stack has at its top.
    """
    if at == "stack":
        config.update(copy.deepcopy(fragment))
        return
    spot: Any = config
    steps = [step for step in at.split(".") if step != "config"]
    for step, after in zip(steps, [*steps[1:], ""], strict=False):
        if step.isdigit():
            spot.extend({} for _ in range(len(spot), int(step) + 1))
            spot = spot[int(step)]
        else:
            empty = [] if after.isdigit() else copy.deepcopy(LEAST.get(step, {}))
            spot = spot.setdefault(step, empty)
    merge(spot, copy.deepcopy(fragment))


def written(config: dict[str, Any]) -> str:
    """The stack file with this configuration."""
    keyed = {f"caas:{key}": value for key, value in config.items()}
    return yaml.dump({"config": keyed}, Dumper=yaml.CSafeDumper, sort_keys=False)


def raised(config: dict[str, Any], file: Path) -> set[str]:
    return refused(written(config), file)


def refused(text: str, file: Path) -> set[str]:
    """The codes that a stack file of this text raises."""
    file.write_text(text)
    try:
        load_file(file)
    except CaasError as error:
        return {problem.code.id for problem in error.problems}
    return set()


@pytest.mark.parametrize("provider", EXAMPLES)
def test_the_stacks_are_good(provider: str, tmp_path: Path) -> None:
    assert not raised(stack(provider), tmp_path / "Pulumi.good.yaml")


@pytest.mark.parametrize("code", ALONE.values(), ids=ALONE)
def test_the_example_raises_its_code_and_no_other(code: Code, tmp_path: Path) -> None:
    if code.texts.at == "file":
        assert refused(code.texts.example, tmp_path / "Pulumi.example.yaml") == {code.id}
        return
    found = []
    for fragment in fragments(code.texts.example):
        config = stack(code.texts.provider)
        put(config, code.texts.at, fragment)
        found.append(raised(config, tmp_path / "Pulumi.example.yaml"))
    assert {code.id} in found


@pytest.mark.parametrize("code", CHANGES.values(), ids=CHANGES)
def test_the_change_of_a_running_cluster_raises_its_code(
    code: Code, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAAS_STACKS", str(tmp_path))
    monkeypatch.setenv("CAAS_STATE", str(tmp_path / "state"))

    def session(text: str) -> Session:
        config = stack(code.texts.provider)
        put(config, code.texts.at, list(fragments(text))[-1])
        (tmp_path / "Pulumi.example.yaml").write_text(written(config))
        return Session("example", Silent())

    before = list(session(code.texts.before).record().objects())
    after = session(code.texts.example)
    with pytest.raises(CaasError) as caught:
        after.plan_from(before, after.record())
    assert {problem.code for problem in caught.value.problems} == {code}
