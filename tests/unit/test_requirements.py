"""Every import is of a declared package, and every lock file pins what is declared."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from components.infrastructure.registry import BUILT_IN, infrastructure
from errors import CaasError
from tests.unit.command_line import ROOT

CODE = (
    "benchmarks",
    "catalog",
    "cli",
    "components",
    "engine",
    "errors",
    "operations",
    "plane",
    "policies",
    "stacks",
)
UNIMPORTED = {"python-dateutil"}
"""A bound for what others import."""


def declared(name: str) -> set[str]:
    text = (ROOT / name).read_text()
    found = set(re.findall(r"^([A-Za-z][\w.-]*)", text, re.MULTILINE))
    for other in re.findall(r"^-r (\S+)", text, re.MULTILINE):
        found |= declared(other)
    return {normal(each) for each in found}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@lru_cache
def own_modules(folder: str) -> frozenset[str]:
    """The modules that need no package: folders of the checkout, and in tests their files."""
    beside = ROOT.joinpath("tests").rglob("*.py") if folder == "tests" else ()
    return frozenset(path.stem for path in beside) | {path.name for path in ROOT.iterdir()}


def imported(folder: Path) -> Iterator[tuple[str, Path]]:
    own = own_modules(folder.name)
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            for name in names:
                top = name.partition(".")[0]
                if top not in sys.stdlib_module_names and top not in own:
                    yield top, path


@lru_cache
def distributions() -> dict[str, set[str]]:
    return {
        module: {normal(name) for name in names}
        for module, names in packages_distributions().items()
    }


@pytest.mark.parametrize("folder", [*CODE, "tests"])
def test_what_is_imported_is_declared(folder: str) -> None:
    known = declared("requirements.in")
    if folder in ("tests", "benchmarks"):
        known |= declared("requirements-dev.in")
    for module, path in imported(ROOT / folder):
        names = distributions()[module]
        own = {normal(each) for each in BUILT_IN if each in path.parts}
        more = {
            name
            for each in own
            if sdk_file(each).exists()
            for name in declared(sdk_file(each).name)
        }
        assert names & (known | more), f"{path}: `{module}` is of {names}, which is not declared"


def sdk_file(infrastructure: str) -> Path:
    return ROOT / f"requirements-{infrastructure}.in"


@pytest.mark.slow
def test_what_is_declared_is_imported() -> None:
    used = {
        name
        for folder in CODE
        for module, _ in imported(ROOT / folder)
        for name in distributions()[module]
    }
    for name in declared("requirements.in") - UNIMPORTED:
        assert name in used, f"{name} is declared, and nothing imports it"


@pytest.mark.parametrize("file", sorted(path.name for path in ROOT.glob("requirements*.in")))
def test_lock_files_pin_what_is_declared(file: str) -> None:
    pins = (ROOT / file).with_suffix(".txt").read_text()
    pinned = {normal(name) for name in re.findall(r"^(\S+)==", pins, re.MULTILINE)}
    assert declared(file) <= pinned


def test_lock_files_agree() -> None:
    """A package has several versions in one file where they are for several Pythons."""
    files: dict[str, list[set[str]]] = {}
    for path in ROOT.glob("requirements*.txt"):
        found: dict[str, set[str]] = {}
        for name, version in re.findall(r"^(\S+)==(\S+)", path.read_text(), re.MULTILINE):
            found.setdefault(normal(name), set()).add(version)
        for name, versions in found.items():
            files.setdefault(name, []).append(versions)
    assert not {name: found for name, found in files.items() if not set.intersection(*found)}


@pytest.mark.parametrize("name", ["aws", "openstack"])
def test_without_the_sdk_there_is_a_code(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    package = f"pulumi_{name}"
    foundation = f"components.infrastructure.{name}.foundation"
    monkeypatch.delitem(sys.modules, foundation, raising=False)
    for module in [
        each for each in sys.modules if each.startswith(f"components.infrastructure.{name}.")
    ]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, package, None)
    plugin = infrastructure(name).model_construct(provider=name)
    with pytest.raises(CaasError, match=f"CAAS-2058.*requirements-{name}.txt"):
        plugin.foundation("prod", [])
