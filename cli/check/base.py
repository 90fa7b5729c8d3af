"""The stacks and the program as they are at a commit, in a folder that goes away."""

from __future__ import annotations

import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from errors import CaasError, Where
from errors.check import BASE_NOT_FOUND
from stacks.paths import CHECKOUT

LIMIT = 120.0
"""Seconds that git may take."""


@dataclass(frozen=True, slots=True)
class Base:
    """The base of a comparison of stacks.

    Attributes:
        commit: its abbreviated hash.
        top: the repository.
        tree: the folder that has the repository as it was.
        changed: the files that are not as they were, committed or not.
    """

    commit: str
    top: Path
    tree: Path
    changed: frozenset[Path]

    def path(self, now: Path) -> Path:
        """The path of a repository file in the base's checkout; the path itself outside of the
        repository."""
        now = now.resolve()
        return self.tree / now.relative_to(self.top) if now.is_relative_to(self.top) else now

    def concerns(self, file: Path) -> bool:
        """True if a stack may differ from the base: its file changed, or a shared file did."""
        file = file.resolve()
        inside = file.is_relative_to(self.top) and CHECKOUT.resolve().is_relative_to(self.top)
        return not inside or any(each == file or _matters(each) for each in self.changed)

    @property
    def program(self) -> Path:
        """The checkout whose program the stack files belong to."""
        return self.path(CHECKOUT)


def repository(folder: Path) -> Path | None:
    """The top of the git repository around a folder; None where there is none, or no git."""
    try:
        return Path(_git(folder, "rev-parse", "--show-toplevel").strip())
    except CaasError:
        return None


@contextmanager
def checked_out(reference: str, folder: Path) -> Iterator[Base]:
    """The repository around a folder at the commit where HEAD and `reference` parted.

    Args:
        reference: a branch, a tag or a commit.
        folder: the one with the stack files.

    Raises:
        CaasError: CAAS-3061 when git can't tell.
    """
    top = Path(_git(folder, "rev-parse", "--show-toplevel").strip())
    tip = _git(top, "rev-parse", "--verify", "--end-of-options", f"{reference}^{{commit}}").strip()
    commit = _parted(top, tip)
    with tempfile.TemporaryDirectory(prefix="caas-base-") as name:
        tree = Path(name).resolve()
        archive = tree / ".archive.tar"
        _git(top, "archive", "--format=tar", f"--output={archive}", commit)
        try:
            with tarfile.open(archive) as file:
                file.extractall(tree, filter="data")
        except tarfile.TarError as error:  # a link that leads out of the repository
            raise _not_found(top, str(error)) from error
        archive.unlink()
        yield Base(commit[:10], top.resolve(), tree, _changed(top.resolve(), commit))


def _changed(top: Path, commit: str) -> frozenset[Path]:
    new = ("ls-files", "--others", "--exclude-standard", "-z")
    listed = _git(top, "diff", "--name-only", "--no-renames", "-z", commit) + _git(top, *new)
    return frozenset(top / name for name in listed.split("\0") if name)


def _matters(file: Path) -> bool:
    """True if a shared file may change what the program registers."""
    others = fnmatch(file.name, "Pulumi.*.yaml") or file.suffix == ".md"
    return not others and not file.is_relative_to(CHECKOUT.resolve() / "tests")


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
        raise _not_found(folder, (done.stderr.strip() or "git printed no message").splitlines()[-1])
    return done.stdout


def _not_found(folder: Path, why: str) -> CaasError:
    return CaasError(
        BASE_NOT_FOUND,
        "The stacks to compare with can't be read from git",
        where=Where(file=str(folder)),
        why=why,
    )
