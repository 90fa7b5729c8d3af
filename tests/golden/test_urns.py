"""No resource of an existing stack is replaced because the tree of resources has changed.

`urns/` holds the URN of every resource that an earlier version registered for the stacks of this
repository, with the types of all ancestors. Each of them is the URN or an alias of a resource that
the program registers now; Pulumi's engine then changes its state and not the resource.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.program import run_program
from tests.stack_files import stack_files

HERE = Path(__file__).parent
STACKS = HERE.parents[1] / "stacks"
KEPT = sorted((HERE / "urns").glob("*.txt"))


@pytest.mark.parametrize("kept", KEPT, ids=lambda file: file.stem)
def test_every_earlier_urn_is_known(kept: Path) -> None:
    stack = kept.stem
    resources = run_program(stack, STACKS / f"Pulumi.{stack}.yaml").resources
    owners: dict[str, str] = {}
    for resource in resources:
        for urn in (resource.urn, *resource.aliases):
            assert owners.setdefault(urn, resource.urn) == resource.urn, f"{urn} has two owners"
    assert not [urn for urn in kept.read_text().splitlines() if urn not in owners]


def test_every_stack_is_looked_at() -> None:
    files = {file.stem.removeprefix("Pulumi.") for file in stack_files()}
    assert {file.stem for file in KEPT} == files
