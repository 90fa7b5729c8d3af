"""The same stack through the pulumi CLI, where it is on the PATH."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.test_as_a_user import STACK, processes, run, write

pytestmark = [
    pytest.mark.plane,
    pytest.mark.pulumi,
    pytest.mark.skipif(not shutil.which("pulumi"), reason="the pulumi CLI is not on the PATH"),
]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A stack of its own; the user's backend is not used."""
    for name in ("PULUMI_BACKEND_URL", "PULUMI_ACCESS_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "stacks").mkdir()
    write(tmp_path, STACK)
    yield tmp_path
    run(tmp_path, "destroy", "--yes")


def test_both_engines_work_on_the_same_stack(home: Path) -> None:
    made = run(home, "up", "--engine", "pulumi")
    assert made.status == 0, made.err
    assert (home / "state" / "local" / "pulumi").is_dir()
    unchanged = run(home, "preview", "--output", "json")
    assert json.loads(unchanged.out)["changes"] is False

    bigger = json.loads(json.dumps(STACK))
    bigger["caas:clusters"][0]["workerPools"][0]["replicas"] = 2
    write(home, bigger)
    grown = run(home, "up", "--engine", "in-process")
    assert grown.status == 0, grown.err
    again = run(home, "up", "--engine", "pulumi")
    assert again.status == 0, again.err
    assert "Nothing to change" in again.out

    assert run(home, "destroy", "--yes").status == 0
    assert not processes(home)


def test_the_cli_takes_over_what_was_made_without_it(home: Path) -> None:
    made = run(home, "up", "--engine", "in-process")
    assert made.status == 0, made.err
    taken = run(home, "up", "--engine", "pulumi")
    assert taken.status == 0, taken.err
    assert "imported" in taken.err, "the keys of encryption, which nobody may make anew"
    again = run(home, "up", "--engine", "pulumi")
    assert again.status == 0, again.err
    assert "unchanged" in again.err
