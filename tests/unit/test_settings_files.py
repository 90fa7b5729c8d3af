"""Every rule of stack files: one file that breaks it, one that keeps it.

The head of a file in `stacks/invalid` lists what is expected: code, line:column, settings path.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path

import pytest
from packaging.version import Version

import catalog
from errors import CaasError, Code, Problem, pools, stack_file, stack_rules
from stacks.settings import as_pulumi_config, from_config, load_file

FILES = Path(__file__).parent / "stacks"
INVALID = sorted((FILES / "invalid").glob("*.yaml"))
VALID = sorted((FILES / "valid").glob("*.yaml"))
EXPECTED = re.compile(r"^# (CAAS-\d{4})(?: (\d+):(\d+))?(?: (\S.*))?$", re.MULTILINE)


@pytest.fixture(scope="module", autouse=True)
def releases() -> Iterator[None]:
    """The catalog as the files expect it, whatever it holds today."""
    versions = (Version(text) for text in ("1.35.4", "1.36.1", "1.36.3", "1.37.2"))
    found = tuple(catalog.Release(version, date.max) for version in versions)
    pinned = dataclasses.replace(catalog.catalog(), releases=found)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalog, "catalog", lambda: pinned)
        yield


def expected(file: Path) -> list[tuple[str, int | None, int | None, str | None]]:
    found = EXPECTED.findall(file.read_text())
    return [
        (code, int(line) if line else None, int(column) if column else None, path or None)
        for code, line, column, path in found
    ]


@lru_cache
def problems(file: Path) -> tuple[Problem, ...]:
    with pytest.raises(CaasError) as caught:
        load_file(file)
    return caught.value.problems


@pytest.mark.parametrize("file", INVALID, ids=lambda file: file.stem)
def test_broken_file_names_every_problem_and_its_place(file: Path) -> None:
    found = problems(file)
    wanted = expected(file)
    if wanted[0][1] is None:  # without a position: the file
        assert [problem.code.id for problem in found] == [code for code, *_ in wanted]
    else:
        assert [(p.code.id, p.where.line, p.where.column, p.where.path) for p in found] == wanted
    assert {problem.where.file for problem in found} == {str(file)}


@pytest.mark.parametrize("file", INVALID, ids=lambda file: file.stem)
def test_messages_are_readable(file: Path) -> None:
    for problem in problems(file):
        for text in (problem.what, problem.remedy):
            assert text == text.strip()
            assert text
            assert len(text) < 400
            assert "\n" not in text
            for inside in ("Traceback", "pydantic", "object at 0x", "Input should", "tag:yaml"):
                assert inside not in text
        assert problem.remedy.endswith((".", "?"))
        assert not problem.what.endswith(".")


@pytest.mark.parametrize("file", VALID, ids=lambda file: file.stem)
def test_the_same_done_right_loads(file: Path) -> None:
    stack = load_file(file)
    assert from_config(as_pulumi_config(file), file) == stack


def test_each_rule_has_both_files() -> None:
    assert [file.name for file in VALID] == [file.name for file in INVALID]


# Codes that no file in the repository can trigger, and the tests that do.
ELSEWHERE = {
    stack_file.FILE_MISSING,  # test_settings_load.py
    stack_file.FILE_UNREADABLE,
    stack_file.NOT_UTF8,
    stack_file.FILE_TOO_LARGE,
    stack_rules.DOWNGRADE,  # test_settings_upgrade.py
    stack_rules.SKIPPED_MINOR,
    stack_rules.NETWORK_CHANGED,  # test_plan_clusters.py
    pools.CAPACITY_UNKNOWN,  # test_worker_pools.py
    pools.NO_GPUS,
    pools.UNKNOWN_FAILURE_DOMAIN,
}


def test_every_code_is_triggered() -> None:
    codes = {
        code
        for room in (stack_file, stack_rules, pools)
        for code in vars(room).values()
        if isinstance(code, Code)
    }
    triggered = {code for file in INVALID for code, *_ in expected(file)}
    assert {code.id for code in codes - ELSEWHERE} <= triggered
