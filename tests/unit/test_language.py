"""The language of code and documents: noun phrases and imperatives, programs as programs."""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "errors",
    "catalog",
    "policies",
    "components",
    "stacks",
    "plane",
    "engine",
    "operations",
    "cli",
    "tests",
    "benchmarks",
    "examples",
)
DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "policies/guide.md",
    "docs",
    "errors/areas",
)
CLAUSE = re.compile(r"(What|Whether|Who|Whose|How|Where|When|Why|Which)\b")
PHRASES = re.compile(
    r"\b(nobody(?!-)|somebody|whoever|(is|are)\s+(told|said)|of\s+(its|their)\s+own"
    r"|there\s+is\s+to\s+be\s+had)\b",
    re.IGNORECASE,
)
"""Not in the name of a policy, `nobody-is-cluster-admin`."""
SPEECH = re.compile(r"\b(says|said|tells|told|asks|asked|knows|someone|anew)\b", re.IGNORECASE)
"""Verbs of persons, which documents do not use of programs."""
HEADING = re.compile(r"^#+ +(?:\d+\. +)?(.+?) *$", re.MULTILINE)
FENCED = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)


def files(place: str) -> list[Path]:
    found = ROOT / place
    return [found] if found.suffix == ".py" else sorted(found.rglob("*.py"))


def docstrings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The docstrings of modules, classes, functions and attributes, with their lines."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        for statement in body if isinstance(body, list) else []:
            value = statement.value if isinstance(statement, ast.Expr) else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value.lineno, " ".join(value.value.split())


def comments(file: Path) -> Iterator[tuple[int, str]]:
    with file.open("rb") as source:
        for token in tokenize.tokenize(source.readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string


def findings(place: str) -> Iterator[str]:
    """`file:line: text` for each docstring and comment that breaks a rule."""
    for file in files(place):
        name = file.relative_to(ROOT)
        documented = list(docstrings(ast.parse(file.read_text())))
        for line, text in documented:
            if CLAUSE.match(text):
                yield f"{name}:{line}: begins with a clause: {text[:70]}"
        for line, text in [*documented, *comments(file)]:
            if found := PHRASES.search(text):
                yield f"{name}:{line}: says '{found[0]}': {text[max(0, found.start() - 40) :][:90]}"


def documents(place: str) -> list[Path]:
    found = ROOT / place
    return (
        [found] if found.suffix == ".md" else sorted([*found.rglob("*.md"), *found.rglob("*.yaml")])
    )


def prose(file: Path) -> str:
    """The text without code blocks, with its lines; of a changelog the first section."""
    text = FENCED.sub(lambda block: "\n" * block[0].count("\n"), file.read_text())
    if file.name == "CHANGELOG.md":
        text = "".join(re.split(r"^(?=## )", text, flags=re.MULTILINE)[:2])
    return text


def findings_in_documents(place: str) -> Iterator[str]:
    """`file:line: text` for each heading and phrase that breaks a rule."""
    for file in documents(place):
        name, text = file.relative_to(ROOT), prose(file)
        headings = HEADING.finditer(text) if file.suffix == ".md" else ()
        for heading in headings:
            if CLAUSE.match(heading[1]) or heading[1].endswith("?"):
                yield f"{name}:{_line(heading)}: is a question or a clause: {heading[1]}"
        for rule in (PHRASES, SPEECH):
            for found in rule.finditer(text):
                around = " ".join(text[max(0, found.start() - 40) :][:90].split())
                yield f"{name}:{_line(found)}: says '{found[0]}': {around}"


def _line(found: re.Match[str]) -> int:
    return found.string.count("\n", 0, found.start()) + 1


@pytest.mark.parametrize("place", PACKAGES)
def test_docstrings_and_comments_are_plain(place: str) -> None:
    assert files(place)
    assert not list(findings(place))


@pytest.mark.parametrize("place", DOCUMENTS)
def test_documents_are_plain(place: str) -> None:
    assert documents(place)
    assert not list(findings_in_documents(place))


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ('"""The flags of the kube-apiserver."""\n', 0),
        ('"""What the API server is."""\n', 1),
        ('class A:\n    x: int = 1\n    """Whether it is one."""\n', 1),
        ('def f() -> None:\n    """How it works."""\n', 1),
        ("x = 1  # nobody reads it\n", 1),
        ('"""Is told which one."""\n', 1),
        ('x = "What nobody reads"\n', 0),
    ],
)
def test_rules_find_what_they_are_for(
    source: str, count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "place.py").write_text(source)
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    assert len(list(findings("place.py"))) == count


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("# The API server\n\nThe server rejects it.\n", 0),
        ("# 3. How it works\n", 1),
        ("## Is it safe?\n", 1),
        ("A plan of its\nown.\n", 1),
        ("The message says so.\n", 1),
        ("```console\n# What it says\n```\n", 0),
        ("The rule `nobody-is-cluster-admin`.\n", 0),
    ],
)
def test_rules_find_what_documents_must_not_have(
    source: str, count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "place.md").write_text(source)
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    assert len(list(findings_in_documents("place.md"))) == count


if __name__ == "__main__":  # the list for a place: python tests/unit/test_language.py cli docs
    import sys

    for each in sys.argv[1:] or (*PACKAGES, *DOCUMENTS):
        print(*findings(each), *findings_in_documents(each), sep="\n")  # noqa: T201 - a list for people
