"""The resources that the program registers for every stack of this repository.

One stack is kept whole, `dev`. For the others there is a list: a line for each resource with a
digest of its inputs, and below it a digest of each part, so that a reviewer sees which part of
which resource changed. `CAAS_GOLDEN=record pytest tests/golden` writes the files anew. With
`CAAS_GOLDEN=/tmp/after` every stack is also written whole into that folder: do so on two branches,
and compare the folders with `diff -r` to see the values.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.program import Resource, run_program
from stacks.settings.source import stack_name
from tests.stack_files import stack_files

HERE = Path(__file__).parent
FILES = stack_files()
WHOLE = ("dev",)
HOW = os.environ.get("CAAS_GOLDEN", "")


def short(urn: str) -> str:
    """The type and name of a URN; the rest is the same everywhere."""
    return "::".join(urn.split("::")[2:])


def entry(resource: Resource) -> dict[str, Any]:
    """A resource as the golden files show it."""
    found: dict[str, Any] = {"resource": short(resource.urn)}
    if resource.dependencies:
        found["dependsOn"] = [short(urn) for urn in resource.dependencies]
    if resource.protect:
        found["protect"] = True
    if resource.ignored:
        found["ignoreChanges"] = list(resource.ignored)
    return found | ({"inputs": resource.inputs} if resource.inputs else {})


def whole(entries: Sequence[dict[str, Any]]) -> str:
    return yaml.safe_dump(list(entries), sort_keys=False, width=100, allow_unicode=True)


def listed(entries: Sequence[dict[str, Any]]) -> str:
    return "".join(f"{line}\n" for each in entries for line in lines(each))


def lines(found: dict[str, Any]) -> Iterator[str]:
    inputs = found.get("inputs", {})
    yield f"- {found['resource']}: {digest(found)}"
    for key in ("dependsOn", "ignoreChanges"):
        if key in found:
            yield f"    {key}: {len(found[key])}, {digest(found[key])}"
    if found.get("protect"):
        yield "    protect: true"
    for key in sorted(inputs):
        value = inputs[key]
        parts = value if isinstance(value, dict) else {}
        yield f"    {key}: {digest(value)}"
        for part in sorted(parts):
            if isinstance(parts[part], dict | list):
                yield f"      {part}: {digest(parts[part])}"


def digest(value: object) -> str:
    """Eight digits for a value; a short text or number is its own digest."""
    text = json.dumps(value, sort_keys=True)
    if not isinstance(value, dict | list) and len(text) <= 60:
        return text
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def golden(file: Path) -> str:
    name = stack_name(file)
    resources = sorted(run_program(name, file).resources, key=lambda each: each.urn)
    entries = [entry(each) for each in resources]
    if HOW not in ("", "record"):
        Path(HOW).mkdir(parents=True, exist_ok=True)
        (Path(HOW) / f"{name}.yaml").write_text(whole(entries))
    header = (
        f"# Resources of stacks/{file.name}. Written by CAAS_GOLDEN=record pytest tests/golden\n"
    )
    return header + (whole if name in WHOLE else listed)(entries)


@pytest.mark.parametrize("file", FILES, ids=stack_name)
def test_stack(file: Path) -> None:
    suffix = "yaml" if stack_name(file) in WHOLE else "list"
    kept = HERE / f"{stack_name(file)}.{suffix}"
    found = golden(file)
    if HOW == "record":
        kept.write_text(found)
    assert kept.exists(), f"record it: CAAS_GOLDEN=record pytest tests/golden -k {file.stem}"
    assert found == kept.read_text()


def test_no_golden_file_is_left_behind() -> None:
    kept = {path.stem for path in HERE.iterdir() if path.suffix in (".yaml", ".list")}
    assert kept == {stack_name(file) for file in FILES}
