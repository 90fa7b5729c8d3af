"""The stack files of this repository, without those that a user has added to the checkout."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PATTERN = "stacks/Pulumi.*.yaml"


def stack_files(root: Path = ROOT) -> list[Path]:
    """The stack files that git tracks; every one where git does not answer, as in a bare copy."""
    try:
        found = subprocess.run(
            ["git", "ls-files", "-z", "--", PATTERN],
            cwd=root,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return sorted(root.glob(PATTERN))
    return sorted(root / name for name in found.stdout.split("\0") if name)
