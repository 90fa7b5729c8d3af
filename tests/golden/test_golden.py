"""What the program registers for every stack of this repository, down to the last value.

`CAAS_GOLDEN=record pytest tests/golden` writes the files anew; read the difference before you
commit it: it is what users of the stack get.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from embedded.program import Resource, run_program
from stacks.settings.source import stack_name

HERE = Path(__file__).parent
FILES = sorted((HERE.parents[1] / "stacks").glob("Pulumi.*.yaml"))


def short(urn: str) -> str:
    """The type and name of a URN; the rest is the same everywhere."""
    return "::".join(urn.split("::")[2:])


def entry(resource: Resource) -> dict[str, object]:
    """A resource as the golden files show it."""
    found: dict[str, object] = {"resource": short(resource.urn)}
    if resource.dependencies:
        found["dependsOn"] = [short(urn) for urn in resource.dependencies]
    if resource.protect:
        found["protect"] = True
    if resource.ignored:
        found["ignoreChanges"] = list(resource.ignored)
    return found | ({"inputs": resource.inputs} if resource.inputs else {})


def golden(file: Path) -> str:
    resources = sorted(run_program(stack_name(file), file).resources, key=lambda each: each.urn)
    header = (
        f"# What stacks/{file.name} registers. Written by CAAS_GOLDEN=record pytest {HERE.name}\n"
    )
    return header + yaml.safe_dump(
        [entry(each) for each in resources], sort_keys=False, width=100, allow_unicode=True
    )


@pytest.mark.parametrize("file", FILES, ids=stack_name)
def test_stack(file: Path) -> None:
    kept = HERE / f"{stack_name(file)}.yaml"
    found = golden(file)
    if os.environ.get("CAAS_GOLDEN") == "record":
        kept.write_text(found)
    assert kept.exists(), f"record it: CAAS_GOLDEN=record pytest tests/golden -k {file.stem}"
    assert found == kept.read_text()


def test_no_golden_file_is_left_behind() -> None:
    assert {path.stem for path in HERE.glob("*.yaml")} == {stack_name(file) for file in FILES}
