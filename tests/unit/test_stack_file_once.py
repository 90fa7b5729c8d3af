"""A stack file is read and validated once in a run, however many parts of it ask."""

from __future__ import annotations

from typing import Any

import pytest

from engine.session import Session
from plane.progress import Silent
from stacks.settings import load, source


@pytest.mark.parametrize("stack", ["local", "prod-aws"])
def test_a_stack_file_is_read_and_validated_once(
    stack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def counted(module: Any, name: str) -> None:
        original = getattr(module, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            calls.append(name)
            return original(*args, **kwargs)

        monkeypatch.setattr(module, name, call)

    counted(source, "_bytes")
    counted(load, "_validated")
    run = Session(stack, Silent())
    plan = run.plan(run.record(), offline="the test has no plane")
    assert plan.clusters
    assert [each.name for each in run.settings.clusters]
    assert sorted(calls) == ["_bytes", "_validated"]
