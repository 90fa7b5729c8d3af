"""The documentation as a site: Sphinx, configured by docs/conf.py, builds it from Markdown files.

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

from cli.documents import site_pages
from errors import CaasError, Problem, Where
from errors.documentation import DOCS_BUILD_FAILED, DOCS_FOLDER_UNUSABLE, DOCS_TOOLS_MISSING
from plane.progress import Progress, Step

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ("sphinx", "myst_parser", "furo")
LIMIT = 600.0
"""Seconds that Sphinx may take."""
TOP = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")
"""The pages outside docs/."""
FRONT = "README.html"
ROW = re.compile(r"errors/README\.md#caas-(\d{4})")
"""A link to a code in the index, which becomes one to the page that only the site has."""
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
        raise CaasError(DOCS_TOOLS_MISSING, "Sphinx, which builds the site, is not installed")
    first, wanted = out / "index.html", fingerprint()
    if _mark(out) == wanted:
        return first
    with _writing(out):
        if out.exists() and _mark(out) is None and any(out.iterdir()):
            raise CaasError(
                DOCS_FOLDER_UNUSABLE,
                "The folder has files that are not part of a site of caas",
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
    files = [ROOT / name for name in (*TOP, "pyproject.toml", "requirements-docs.txt")]
    files += sorted(path for path in (ROOT / "docs").rglob("*") if path.is_file())
    digest = hashlib.sha256(repr(site_pages()).encode())
    for file in files:
        if "__pycache__" not in file.parts:
            digest.update(f"{file.relative_to(ROOT)}\n".encode() + file.read_bytes())
    return digest.hexdigest()


def _mark(out: Path) -> str | None:
    try:
        return (out / MARK).read_text()
    except OSError:
        return None


def _sources(folder: Path) -> Path:
    """Writes the documents and the pages of the codes to a folder, with links to all else."""
    sources = folder / "sources"
    shutil.copytree(ROOT / "docs", sources / "docs")
    for path in ROOT.iterdir():
        if path.name in TOP:
            shutil.copy(path, sources)
        elif not path.name.startswith(".") and path.name != "docs":
            (sources / path.name).symlink_to(path)
    for name, text in site_pages().items():
        (sources / name).write_text(text)
    for file in [*sources.glob("*.md"), *(sources / "docs").rglob("*.md")]:
        file.write_text(ROW.sub(r"errors/CAAS-\1.md", file.read_text()))
    return sources


def _run(made: Path, folder: Path, step: Step) -> None:
    """Runs Sphinx, and raises what it warns of."""
    sources = _sources(folder)
    warnings = folder / "warnings"
    command = [sys.executable, "-P", "-m", "sphinx", "-b", "html", "--no-color", "-j", "auto"]
    command += ["-c", str(ROOT / "docs"), "-d", str(folder / "doctrees"), "-w", str(warnings)]
    last = ""
    with subprocess.Popen(
        [*command, str(sources), str(made)],
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
    if problems := list(_problems(text, sources)):
        raise CaasError.of(problems)
    if process.returncode:
        raise CaasError(DOCS_BUILD_FAILED, "Sphinx ended early", why=last)


def _problems(text: str, sources: Path) -> Iterator[Problem]:
    for found in WARNING.finditer(text):
        file = Path(found["file"]) if found["file"] else None
        if file and file.is_relative_to(sources):
            file = file.relative_to(sources)
        line = int(found["line"]) if found["line"] else None
        where = Where(file=str(file) if file else None, line=line)
        yield Problem(DOCS_BUILD_FAILED, "The page has errors", where, found["what"])


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
