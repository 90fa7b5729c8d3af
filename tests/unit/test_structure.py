"""The shape of the code: who may import whom, and how large a file may get."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINES = 400
BELOW_COMPONENTS = {"errors", "catalog"}
MAY_IMPORT = {
    "cli": {"embedded", "stacks", "components", "policies", *BELOW_COMPONENTS},
    "embedded": {"stacks", "components", *BELOW_COMPONENTS},
    "stacks": {"components", *BELOW_COMPONENTS},
    "components": BELOW_COMPONENTS,
    "policies": BELOW_COMPONENTS,
    "catalog": {"errors"},
    "errors": set[str](),
}
PACKAGES = [*MAY_IMPORT, "tests", "benchmarks"]
FILES = sorted(
    file.relative_to(ROOT)
    for package in PACKAGES
    for file in (ROOT / package).rglob("*.py")
    if not any(part.startswith(".") for part in file.relative_to(ROOT).parts)
)


def imported(file: Path) -> Iterator[str]:
    """The top-level packages that a file imports, wherever in it."""
    for node in ast.walk(ast.parse((ROOT / file).read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno} imports relatively"
            yield str(node.module).split(".")[0]


def test_there_is_something_to_look_at() -> None:
    assert {file.parts[0] for file in FILES} >= {"cli", "embedded", "errors", "tests"}


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_point_one_way(package: str) -> None:
    allowed = {package, *MAY_IMPORT[package]}
    wrong = [
        f"{file} imports {name}"
        for file in FILES
        if file.parts[0] == package
        for name in imported(file)
        if name in PACKAGES and name not in allowed
    ]
    assert not wrong


def test_files_are_short() -> None:
    lengths = {file: len((ROOT / file).read_text().splitlines()) for file in FILES}
    assert not {str(file): length for file, length in lengths.items() if length >= LINES}


def test_names_of_test_files_are_unique() -> None:
    """pytest imports them by their names alone, and stops at the second of one."""
    names = Counter(file.name for file in FILES if file.name.startswith("test_"))
    assert not [name for name, count in names.items() if count > 1]


def test_module_names_say_what_is_in_them() -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "misc"}
    assert not [str(file) for file in FILES if vague & {file.stem, *file.parts}]


def test_the_program_is_short() -> None:
    assert len((ROOT / "__main__.py").read_text().splitlines()) < 20
