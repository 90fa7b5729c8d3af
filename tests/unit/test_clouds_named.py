"""The names of clouds: only the folder of an infrastructure knows its cloud."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("components", "stacks", "engine", "operations", "plane", "cli")
NAMES = ("aws", "openstack", "vsphere", "azure", "gcp")
NAMED = re.compile(
    r"^(aws|openstack|vsphere|azure|gcp)$|^(AWS|OpenStack|VSphere|Azure|GCP)(Machine|Cluster)"
)
"""A text that is the name of an infrastructure, or begins with a kind of its provider."""
REASONS = {
    "components/infrastructure/__init__.py": "what the folder exports",
    "components/infrastructure/registry.py": "the list of the built-in infrastructures",
    "components/system/dns_providers.py": "DNS services of clouds, used from any infrastructure",
    "components/system/external_dns.py": "the keys of those DNS services",
    "components/ingress/dns01.py": "the same for certificates",
    "components/backup/locations.py": "object stores of clouds, used from any infrastructure",
    "components/observability/rules_of_settings.py": "SNS of AWS, used from any infrastructure",
    "components/logging/rules.py": "S3 of AWS, used from any infrastructure",
    "components/registry/harbor.py": "S3 of AWS, used from any infrastructure",
    "components/cluster/rules/control_plane.py": "S3 of AWS, used from any infrastructure",
}
"""Files outside that name a cloud, and why; each has to name one."""


def texts(file: Path) -> Iterator[str]:
    """The texts of a file's code, without its docstrings."""
    tree = ast.parse((ROOT / file).read_text())
    prose = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.value


def naming() -> set[str]:
    files = (
        path.relative_to(ROOT) for package in PACKAGES for path in (ROOT / package).rglob("*.py")
    )
    return {
        file.as_posix()
        for file in files
        if not file.as_posix().startswith(tuple(f"components/infrastructure/{n}" for n in NAMES))
        and any(map(NAMED.search, texts(file)))
    }


@pytest.mark.slow
def test_only_an_infrastructure_names_its_cloud() -> None:
    assert naming() == set(REASONS)


@pytest.mark.parametrize("cloud", NAMES)
def test_an_infrastructure_names_no_other_cloud(cloud: str) -> None:
    folder = ROOT / "components" / "infrastructure" / cloud
    others = [name for name in NAMES if name != cloud]
    for path in folder.rglob("*.py"):
        assert not set(texts(path.relative_to(ROOT))) & set(others), path
