"""The stacks and the program as they are at a commit, in a folder that goes away."""

from __future__ import annotations

import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from errors import CaasError, Where
from errors.check import BASE_NOT_FOUND
from stacks.paths import CHECKOUT

LIMIT = 120.0
"""Seconds that git may take."""


@dataclass(frozen=True, slots=True)
class Base:
    """What stacks are compared with.

    Attributes:
        commit: its abbreviated hash.
        stacks: where its stack files are.
        program: the checkout whose program they belong to.
    """

    commit: str
    stacks: Path
    program: Path


def repository(folder: Path) -> Path | None:
    """The top of the git repository around a folder; None where there is none, or no git."""
    try:
        return Path(_git(folder, "rev-parse", "--show-toplevel").strip())
    except CaasError:
        return None


@contextmanager
def checked_out(reference: str, stacks: Path) -> Iterator[Base]:
    """The repository of the stack files at the commit where HEAD and `reference` parted.

    Args:
        reference: a branch, a tag or a commit.
        stacks: the folder of the stack files.

    Raises:
        CaasError: CAAS-3061 when git can't tell.
    """
    top = Path(_git(stacks, "rev-parse", "--show-toplevel").strip())
    tip = _git(top, "rev-parse", "--verify", "--end-of-options", f"{reference}^{{commit}}").strip()
    commit = _parted(top, tip)
    with tempfile.TemporaryDirectory(prefix="caas-base-") as name:
        tree = Path(name).resolve()
        archive = tree / ".archive.tar"
        _git(top, "archive", "--format=tar", f"--output={archive}", commit)
        with tarfile.open(archive) as file:
            file.extractall(tree, filter="data")
        archive.unlink()
        own = CHECKOUT.resolve()
        program = tree / own.relative_to(top) if own.is_relative_to(top) else own
        yield Base(commit[:10], tree / stacks.resolve().relative_to(top), program)


def _parted(top: Path, tip: str) -> str:
    """The last commit that both have; the tip itself in a clone too shallow to tell."""
    try:
        return _git(top, "merge-base", tip, "HEAD").strip()
    except CaasError:
        return tip


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _not_found(folder, str(error)) from error
    if done.returncode:
        raise _not_found(folder, (done.stderr.strip() or "git says nothing").splitlines()[-1])
    return done.stdout


def _not_found(folder: Path, why: str) -> CaasError:
    return CaasError(
        BASE_NOT_FOUND,
        "What the stacks shall be compared with can't be read from git",
        where=Where(file=str(folder)),
        why=why,
    )
