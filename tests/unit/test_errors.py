"""The registry of codes: each is unique, documented, raised, asserted and never used again."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from cli.documents import INDEX, index, page
from errors import CaasError, Code, Problem, Where
from errors.registry import ROOMS, all_codes, find

ROOT = Path(__file__).resolve().parents[2]
CODES = {
    name: code for room in ROOMS for name, code in vars(room).items() if isinstance(code, Code)
}
SOURCES = ("cli", "embedded", "stacks", "components", "policies", "catalog")
each_code = pytest.mark.parametrize("name", CODES)


def text_of(*folders: str) -> str:
    files = [
        file
        for folder in folders
        for file in sorted((ROOT / folder).rglob("*"))
        if file.suffix in (".py", ".yaml")
    ]
    return "\n".join(file.read_text() for file in files)


@pytest.fixture(scope="module")
def program() -> str:
    """All that raises codes; the example plug-in, because one code is for plug-ins only."""
    plugin = text_of("tests/example_plugin")
    files = ("caas", "__main__.py")
    return text_of(*SOURCES) + plugin + "".join((ROOT / name).read_text() for name in files)


@pytest.fixture(scope="module")
def tests() -> str:
    return text_of("tests")


def test_numbers_and_reasons_are_unique() -> None:
    assert len(CODES) == len(all_codes())
    for what in ("number", "reason"):
        counts = Counter(getattr(code, what) for code in CODES.values())
        assert not [value for value, count in counts.items() if count > 1]


@each_code
def test_form(name: str) -> None:
    code = CODES[name]
    assert re.fullmatch(r"[A-Z][A-Z0-9_]+", name)
    assert re.fullmatch(r"[A-Z][A-Za-z0-9]+", code.reason)
    assert 1000 <= code.number <= 5999
    assert all((code.summary, code.cause, code.fix, code.example))
    assert "\n" not in code.summary


@each_code
def test_number_is_in_its_room(name: str) -> None:
    room = next(room for room in ROOMS if vars(room).get(name) is CODES[name])
    assert str(room.__doc__).startswith(f"Codes {CODES[name].number // 1000}")


@each_code
def test_page_is_up_to_date(name: str) -> None:
    code = CODES[name]
    assert (ROOT / code.page).read_text() == page(code), "run ./caas generate"


def test_index_is_up_to_date() -> None:
    assert (ROOT / INDEX).read_text() == index(), "run ./caas generate"


@each_code
def test_is_raised_somewhere(name: str, program: str) -> None:
    if CODES[name].retired is None:
        assert re.search(rf"\b({name}|{CODES[name].id})\b", program)


@each_code
def test_is_asserted_by_a_test(name: str, tests: str) -> None:
    if CODES[name].retired is None:
        assert re.search(rf"\b({name}|{CODES[name].id})\b", tests)


def test_numbers_are_never_used_again() -> None:
    """Every code that a commit ever listed is still there: retired perhaps, but never renamed."""
    command = ["git", "log", "-p", "--format=", "--", INDEX]
    log = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    listed = re.findall(r"^\+\| \[CAAS-(\d{4})\]\(\S+\) \| (\w+) \|", log.stdout, re.MULTILINE)
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
