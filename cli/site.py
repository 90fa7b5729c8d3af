"""The documentation as a site: Sphinx, configured by docs/conf.py, makes it of the Markdown files.

The site is files only: it opens without a server, and its search runs in the browser.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from embedded.progress import Progress, Step
from errors import CaasError, Problem, Where
from errors.documentation import DOCS_BUILD_FAILED, DOCS_FOLDER_UNUSABLE, DOCS_TOOLS_MISSING

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ("sphinx", "myst_parser", "furo")
LIMIT = 600.0
"""Seconds that Sphinx may take."""
FRONT = "README.html"
MARK = ".caas-docs"
"""In the site, the fingerprint of what it was made from; a folder without it is not replaced."""

AT_WORK = re.compile(r"(reading sources|writing output)\.{3} +\[ *(\d+)%\] (\S+)")
WARNING = re.compile(r"(?:(?P<file>[^:\n]+):)?(?:(?P<line>\d+):)? (?:WARNING|ERROR): (?P<what>.+)")


def build(out: Path, progress: Progress) -> Path:
    """Makes the site, unless it is there already and its sources did not change.

    Args:
        out: the folder; a site that is there is replaced.
        progress: gets one step.

    Returns:
        The first page.

    Raises:
        CaasError: CAAS-2130 without Sphinx; CAAS-2131 for each page that is not in order; CAAS-2132
            the folder has other files, or can't be written.
    """
    if not all(find_spec(tool) for tool in TOOLS):
        raise CaasError(DOCS_TOOLS_MISSING, "There is no Sphinx to make the site with")
    first, wanted = out / "index.html", fingerprint()
    if _mark(out) == wanted:
        return first
    with _writing(out):
        if out.exists() and _mark(out) is None and any(out.iterdir()):
            raise CaasError(
                DOCS_FOLDER_UNUSABLE,
                "The folder has files that are no site of caas",
                where=Where(file=str(out)),
            )
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as folder:
            made = Path(folder, "site")
            _run(made, Path(folder), progress.step("documentation"))
            shutil.copy(made / FRONT, made / first.name)
            (made / MARK).write_text(wanted)
            if out.exists():
                shutil.rmtree(out)
            made.rename(out)
    return first


def fingerprint() -> str:
    """Of everything that the site is made from."""
    files = [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")]
    files += [ROOT / "pyproject.toml", ROOT / "requirements-docs.txt"]
    files += sorted(path for path in (ROOT / "docs").rglob("*") if path.is_file())
    digest = hashlib.sha256()
    for file in files:
        if "__pycache__" not in file.parts:
            digest.update(f"{file.relative_to(ROOT)}\n".encode() + file.read_bytes())
    return digest.hexdigest()


def _mark(out: Path) -> str | None:
    try:
        return (out / MARK).read_text()
    except OSError:
        return None


def _run(made: Path, folder: Path, step: Step) -> None:
    """Runs Sphinx, and raises what it warns of."""
    warnings = folder / "warnings"
    command = [sys.executable, "-P", "-m", "sphinx", "-b", "html", "--no-color", "-j", "auto"]
    command += ["-c", str(ROOT / "docs"), "-d", str(folder / "doctrees"), "-w", str(warnings)]
    last = ""
    with subprocess.Popen(
        [*command, str(ROOT), str(made)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
    ) as process:
        limit = threading.Timer(LIMIT, process.kill)
        limit.start()
        try:
            for line in process.stdout or ():
                last = line.strip() or last
                if found := AT_WORK.match(line):
                    half = 50 if found[1].startswith("writing") else 0
                    step.advance(half + int(found[2]) / 2, 100, found[3])
        except BaseException:  # Ctrl-C above all: no process stays
            process.kill()
            raise
        finally:
            limit.cancel()
    text = warnings.read_text() if warnings.exists() else ""
    if problems := list(_problems(text)):
        raise CaasError.of(problems)
    if process.returncode:
        raise CaasError(DOCS_BUILD_FAILED, "Sphinx ended early", why=last)


def _problems(text: str) -> Iterator[Problem]:
    for found in WARNING.finditer(text):
        file = Path(found["file"]) if found["file"] else None
        if file and file.is_relative_to(ROOT):
            file = file.relative_to(ROOT)
        line = int(found["line"]) if found["line"] else None
        where = Where(file=str(file) if file else None, line=line)
        yield Problem(DOCS_BUILD_FAILED, "The page is not in order", where, found["what"])


@contextmanager
def _writing(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CaasError(
            DOCS_FOLDER_UNUSABLE,
            "The folder can't be written",
            where=Where(file=str(error.filename or out)),
            why=error.strerror or str(error),
        ) from error
