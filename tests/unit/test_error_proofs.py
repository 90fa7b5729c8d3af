"""Every code can be raised: its example is executed, or a test that is named here raises it."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
import yaml

from errors.registry import by_name
from tests.unit.reported import reports

TESTS = Path(__file__).resolve().parents[1]
PROOFS: dict[str, dict[str, list[str]]] = yaml.safe_load(
    (TESTS / "unit/error_proofs.yaml").read_text()
)
"""Names of codes by the test that raises them, by the file of the test."""
NAMED = [
    (file, test, name) for file, tests in PROOFS.items() for test in tests for name in tests[test]
]
WORD = re.compile(r"CAAS-\d{4}\b|\b[A-Za-z_]\w+\b")
Words = dict[str, set[str]]


def test_every_code_has_one_proof() -> None:
    told = {report.code for report in reports()}
    counts = Counter(name for *_, name in NAMED)
    for name, code in by_name().items():
        counts[name] += bool(code.texts.at) + (code.id in told) + (code.retired is not None)
    assert not [name for name, count in counts.items() if count != 1]
    assert counts.keys() == by_name().keys()


@cache
def definitions(file: str) -> Words:
    """The words of each function, class and constant of a module, and of each method."""
    text = (TESTS / file).read_text()
    lines = text.splitlines()
    found: Words = {}

    def add(name: str, node: ast.stmt) -> None:
        above = [each.lineno for each in getattr(node, "decorator_list", [])]
        first = min([node.lineno, *above])
        found[name] = set(WORD.findall("\n".join(lines[first - 1 : node.end_lineno])))

    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            add(node.name, node)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            add(ast.unparse(targets[0]), node)
        if isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, ast.FunctionDef):
                    add(f"{node.name}::{method.name}", method)
    return found


def mentioned(found: Words, test: str) -> set[str]:
    """The words of a test and of everything in its module that it uses."""
    words, left, seen = set(), [test], {test}
    while left:
        more = found[left.pop()]
        words |= more
        used = {word for word in more if word in found and not word.startswith("test_")} - seen
        seen |= used
        left += used
    return words


@pytest.mark.parametrize(("file", "test", "name"), NAMED, ids=[name for *_, name in NAMED])
def test_the_named_test_is_there_and_names_the_code(file: str, test: str, name: str) -> None:
    found = definitions(file)
    assert test in found
    assert {name, by_name()[name].id} & mentioned(found, test)
