"""Tests of this repository's stacks leave out the stacks that a user adds."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.stack_files import stack_files


def test_a_file_that_git_does_not_track_is_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "stacks"
    folder.mkdir()
    tracked, own = folder / "Pulumi.prod.yaml", folder / "Pulumi.mine.yaml"
    tracked.touch()
    own.touch()
    assert stack_files(tmp_path) == [own, tracked], "a copy without git"
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True, timeout=60)
    subprocess.run(["git", "add", tracked], cwd=tmp_path, check=True, timeout=60)
    assert stack_files(tmp_path) == [tracked]
