"""The registry of codes: each is unique, documented, raised, asserted and never used again."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from cli.documents import differing
from errors import CaasError, Problem, Where
from errors.model import INDEX
from errors.registry import all_codes, by_name, find, modules
from errors.texts import FOLDER, area, areas

ROOT = Path(__file__).resolve().parents[2]
CODES = by_name()
SOURCES = ("cli", "plane", "engine", "operations", "stacks", "components", "policies", "catalog")
LIVE = {name: code for name, code in CODES.items() if code.retired is None}


def text_of(*folders: str) -> str:
    files = [
        file
        for folder in folders
        for file in sorted((ROOT / folder).rglob("*"))
        if file.suffix in (".py", ".yaml")
    ]
    return "\n".join(file.read_text() for file in files)


@pytest.fixture(scope="module")
def program() -> set[str]:
    """All that raises codes; the example plug-in, because one code is for plug-ins only."""
    plugin = text_of("tests/example_plugin")
    files = ("caas", "__main__.py")
    texts = (text_of(*SOURCES), plugin, *((ROOT / name).read_text() for name in files))
    return words("\n".join(texts))


@pytest.fixture(scope="module")
def tests() -> set[str]:
    return words(text_of("tests"))


def words(text: str) -> set[str]:
    """The names and numbers of codes that a text has."""
    return set(re.findall(r"CAAS-\d{4}\b|\b[A-Z][A-Z0-9_]+\b", text))


def test_constants_are_those_of_the_areas() -> None:
    assert not differing(wanted=modules()), "run ./caas generate"
    others = {"__init__", "__main__", "model", "registry", "texts"}
    assert {file.stem for file in (ROOT / "errors").glob("*.py")} == {*areas(), *others}
    assert len(CODES) == sum(len(area(name).codes) for name in areas())


def test_numbers_and_reasons_are_unique() -> None:
    for what in ("number", "reason"):
        counts = Counter(getattr(code, what) for code in CODES.values())
        assert not [value for value, count in counts.items() if count > 1]


@pytest.mark.parametrize("name", areas())
def test_keys_of_an_area_are_unique(name: str) -> None:
    """YAML keeps the last of two entries of one name."""
    keys = re.findall(r"^  ([A-Z]\w+):$", (FOLDER / f"{name}.yaml").read_text(), re.MULTILINE)
    assert keys == list(area(name).codes)


def test_form() -> None:
    for name, code in CODES.items():
        assert re.fullmatch(r"[A-Z][A-Z0-9_]+", name)
        assert re.fullmatch(r"[A-Z][A-Za-z0-9]+", code.reason), name
        assert 1000 <= code.number <= 5999, name
        assert all((code.summary, code.cause, code.fix, code.texts.example)), name
        assert "\n" not in code.summary, name
        assert code.texts == area(code.area).codes[name], name


def test_number_is_of_its_area() -> None:
    for name, code in CODES.items():
        assert area(code.area).title.startswith(f"Codes {code.number // 1000}"), name


def test_a_code_loads_its_area_only_when_a_text_is_needed() -> None:
    script = (
        "import sys, errors.registry as r; code = r.all_codes()[0]; print('yaml' in sys.modules);"
        "code.fix; print(r.area.cache_info().currsize)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, timeout=60, check=True
    )
    assert done.stdout.split() == [b"False", b"1"]


def test_is_raised_somewhere(program: set[str]) -> None:
    assert [name for name, code in LIVE.items() if not {name, code.id} & program] == []


def test_is_asserted_by_a_test(tests: set[str]) -> None:
    assert [name for name, code in LIVE.items() if not {name, code.id} & tests] == []


def test_numbers_are_never_used_again() -> None:
    """Every code that a commit ever listed is still there: retired perhaps, but never renamed."""
    command = ["git", "log", "-p", "--format=", "--", INDEX]
    log = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    row = r"^\+\| (?:\[CAAS-(?=\d+\])|<a id=\S+></a>CAAS-)(\d{4})\S* \| (\w+) \|"
    listed = re.findall(row, log.stdout, re.MULTILINE)
    assert len(listed) > len(CODES)
    now = {f"{code.number:04d}": code.reason for code in all_codes()}
    assert {number: now.get(number) for number, _ in listed} == dict(listed)


@pytest.mark.parametrize("text", ["CAAS-2103", "caas-2103", "2103", "PortUnavailable", " 2103 "])
def test_find(text: str) -> None:
    code = find(text)
    assert code is not None
    assert code.id == "CAAS-2103"


def test_find_nothing() -> None:
    assert find("CAAS-9999") is None


def test_problem_says_where_why_and_what_to_do() -> None:
    code = all_codes()[0]
    where = Where(file="stacks/Pulumi.local.yaml", line=7, column=3, path="caas:clusters[0]")
    problem = Problem(code, "It is wrong", where, why="it is not right")
    assert str(problem) == (
        f"stacks/Pulumi.local.yaml:7:3 caas:clusters[0]: {code.id} It is wrong (it is not right). "
        f"Fix: {code.fix}"
    )
    assert problem.as_dict()["where"] == {
        "file": "stacks/Pulumi.local.yaml",
        "line": 7,
        "column": 3,
        "path": "caas:clusters[0]",
    }


def test_one_error_of_several_problems() -> None:
    first, second, *_ = all_codes()
    error = CaasError.of([Problem(first, "one"), Problem(second, "two", fix="do it")])
    assert [problem.code for problem in error.problems] == [first, second]
    assert str(error).splitlines()[1] == f"{second.id} two. Fix: do it"
