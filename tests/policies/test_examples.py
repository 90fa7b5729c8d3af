"""The examples of this project against its policies: each add-on, infrastructure and guide."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.program import run_program
from policies import check
from stacks.settings import load_file
from tests.addons.examples import LEAST, Example, examples, smallest
from tests.infrastructure.examples import EXAMPLES, write_stack

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 11, 28)
WHOLE_FILE = re.compile(r"^( *)```yaml\n(\1config:\n.*?)^ *```", re.MULTILINE | re.DOTALL)
SIGNED: dict[str, Any] = {"kubelet": {"serverTLSBootstrap": True}}
LABELS = {"pool": "general", "node.longhorn.io/create-default-disk": "true"}
SHOP: dict[str, Any] = LEAST | {
    "controlPlane": SIGNED | {"replicas": 3},
    "workerPools": [SIGNED | {"name": "general", "replicas": 3, "labels": LABELS}],
}
"""A cluster with the machines that examples of add-ons name."""
NETWORK = {"calico": smallest("calico")}
STORAGE = {"longhorn": smallest("longhorn")}
BESIDE: dict[str, dict[str, Any]] = {
    "networkPolicies-smallest": NETWORK,
    "networkPolicies-1": NETWORK,
    "snapshots-smallest": STORAGE,
    "velero-smallest": STORAGE,
    "nfs-smallest": STORAGE,
    "localPath-smallest": STORAGE,
}
"""The add-ons that a whole stack needs beside an example."""


def write(folder: Path, config: dict[str, Any]) -> Path:
    file = folder / "Pulumi.unit.yaml"
    file.write_text(yaml.safe_dump({"config": config}))
    return file


def violated(file: Path) -> list[str]:
    """The policies that a stack violates, those of advice as well."""
    found = check(run_program("unit", file).resources, TODAY)
    return [str(each.problem()) for each in found if each.is_checkable]


@pytest.mark.parametrize("example", list(examples()), ids=str)
def test_add_ons_with_the_least_and_with_the_most_violate_nothing(
    tmp_path: Path, example: Example
) -> None:
    addons = BESIDE.get(str(example), {}) | example.addons
    cluster = SHOP | {"addons": addons}
    if "cilium" in addons:  # Gateways and announced addresses need Cilium in its place
        cluster["network"] = {"kubeProxy": False}
    management: dict[str, Any] = {"mode": "existing", "namespace": "prod"}
    if flux := addons.pop("flux", None):  # the only one of a management cluster alone
        management["addons"] = {"flux": flux}
    config = {"caas:management": management, "caas:clusters": [cluster]}
    assert violated(write(tmp_path, config)) == []


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("full", [False, True], ids=["least", "most"])
def test_infrastructures_with_the_least_and_with_the_most_violate_nothing(
    tmp_path: Path, name: str, full: bool
) -> None:
    assert violated(write_stack(tmp_path, name, full=full, namespace="unit")) == []


def guides() -> Iterator[Any]:
    """The whole stack files in the guides."""
    for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]):
        for number, (indent, text) in enumerate(WHOLE_FILE.findall(path.read_text())):
            plain = re.sub(f"^{indent}", "", text, flags=re.MULTILINE)
            yield pytest.param(plain, id=f"{path.stem}-{number}")


@pytest.mark.parametrize("text", list(guides()))
def test_stack_files_of_guides_violate_nothing(tmp_path: Path, text: str) -> None:
    """Guides show the add-ons that they are about, in clusters of one machine as well."""
    file = tmp_path / "Pulumi.unit.yaml"
    file.write_text(text)
    load_file(file)
    assert violated(file) == []
