"""The shape of the code: who may import whom, and how large a file may get."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINES = 600
BELOW_COMPONENTS = {"errors", "catalog"}
MAY_IMPORT = {
    "cli": {
        "operations",
        "engine",
        "plane",
        "stacks",
        "components",
        "policies",
        *BELOW_COMPONENTS,
    },
    "operations": {"engine", "plane", "stacks", "components", *BELOW_COMPONENTS},
    "engine": {"plane", "stacks", "components", *BELOW_COMPONENTS},
    "plane": {"components", *BELOW_COMPONENTS},
    "stacks": {"components", *BELOW_COMPONENTS},
    "components": BELOW_COMPONENTS,
    "policies": {"components", *BELOW_COMPONENTS},
    "catalog": {"errors"},
    "errors": set[str](),
}
READERS = {"components.cluster_object", "components.mappings"}
"""The modules of components that the policy pack may import; they import nothing else."""
PACKAGES = [*MAY_IMPORT, "tests", "benchmarks"]
FILES = sorted(
    file.relative_to(ROOT)
    for package in PACKAGES
    for file in (ROOT / package).rglob("*.py")
    if not any(part.startswith(".") for part in file.relative_to(ROOT).parts)
)


def imported(file: Path) -> Iterator[str]:
    """The modules that a file imports, wherever in it; those for types only are among them."""
    for node in ast.walk(ast.parse((ROOT / file).read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno} imports relatively"
            yield str(node.module)


def test_there_is_something_to_look_at() -> None:
    assert {file.parts[0] for file in FILES} >= {"cli", "engine", "errors", "tests"}


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_point_one_way(package: str) -> None:
    allowed = {package, *MAY_IMPORT[package]}
    wrong = [
        f"{file} imports {name}"
        for file in FILES
        if file.parts[0] == package
        for name in imported(file)
        if name.split(".")[0] in PACKAGES and name.split(".")[0] not in allowed
    ]
    assert not wrong


def test_policies_stay_light() -> None:
    """The policy pack reads clusters as the program does, and loads no Pulumi component for it."""
    for file in FILES:
        if file.parts[0] == "policies":
            components = {name for name in imported(file) if name.startswith("components")}
            assert components <= READERS, file
    for reader in READERS:
        own = imported(Path(*reader.split(".")).with_suffix(".py"))
        assert {name for name in own if name.split(".")[0] in PACKAGES} <= READERS, reader


def module(file: Path) -> str:
    return ".".join(file.with_suffix("").parts).removesuffix(".__init__")


MODULES = {module(file): file for file in FILES if file.parts[0] in MAY_IMPORT}


def files_imported(file: Path) -> set[Path]:
    """The files of this project that a file imports, wherever in it, also for types only."""
    found: set[Path] = set()
    for node in ast.walk(ast.parse((ROOT / file).read_text())):
        if isinstance(node, ast.Import):
            found |= {MODULES[alias.name] for alias in node.names if alias.name in MODULES}
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                target = MODULES.get(name) or MODULES.get(str(node.module))
                found |= {target} if target else set()
    return found - {file}


def test_no_imports_go_in_a_circle() -> None:
    """A file can be read, and tested, after those that it imports; imports for types count too."""
    graph = {file: files_imported(file) for file in MODULES.values()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" is imported by ".join(str(file) for file in error.args[1]))


def test_classes_have_names_of_their_own() -> None:
    """A name that means two things makes a reader look twice."""
    homes: dict[str, list[str]] = defaultdict(list)
    for file in MODULES.values():
        for node in ast.parse((ROOT / file).read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(str(file))
    assert not {name: files for name, files in homes.items() if len(files) > 1}


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
