"""Makes `.venv` from the lock files; run by the launcher, with the standard library only.

One run at a time; what an interrupted run installed stays, and the next one goes on from there.
The stamp, a copy of the lock file, is written last.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # run as a file, with -I

from errors import CaasError, Code, Where  # noqa: E402 - needs the line above
from errors.command_line import (  # noqa: E402 - needs the line above
    CHECKOUT_READ_ONLY,
    NO_PACKAGE_FOR_PLATFORM,
    PACKAGE_HASH_WRONG,
    PACKAGES_UNREACHABLE,
    PYTHON_WITHOUT_VENV,
    SETUP_DISK_FULL,
    SETUP_FAILED,
)

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = VENV / "caas.setup"
LOG = VENV / "caas.log"
PLUGINS = ROOT / "requirements-plugins.txt"
"""The packages of third-party infrastructures. No file of the project."""
LIMIT = 1800.0
"""The time limits of pip and of waiting for another run, in seconds."""
QUIET = 5.0
"""Seconds between two lines of progress where standard error is no terminal."""

NO_SPACE = {errno.ENOSPC, errno.EDQUOT}
NOT_ALLOWED = {errno.EROFS, errno.EACCES, errno.EPERM}

# What pip and venv say, most telling first.
SIGNS: tuple[tuple[str, Code, str], ...] = (
    (r"No space left on device|Disk quota exceeded", SETUP_DISK_FULL, "The disk is full"),
    (r"DO NOT MATCH THE HASHES", PACKAGE_HASH_WRONG, "A package is not the one that is pinned"),
    (r"Read-only file system|Permission denied", CHECKOUT_READ_ONLY, "The checkout is read-only"),
    (
        r"Retrying \(|NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout"
        r"|ProxyError|SSLError|Network is unreachable|HTTP error 5\d\d",
        PACKAGES_UNREACHABLE,
        "The package index can't be reached",
    ),
    (r"No matching distribution", NO_PACKAGE_FOR_PLATFORM, "A package has no build for this host"),
    (r"ensurepip", PYTHON_WITHOUT_VENV, "Python can't make a virtual environment"),
)


class Ticker:
    """Says how far the set-up is: one line that changes on a terminal, else one every 5 s."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._said = 0.0
        self._terminal = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"

    def say(self, text: str) -> None:
        """Shows `text` and the seconds since the start."""
        now = time.monotonic()
        so_far = f"{now - self._started:.0f} s so far"
        line = f"Setting up Python packages (first run only): {text}; {so_far}"
        if self._terminal:
            width = shutil.get_terminal_size().columns - 1
            sys.stderr.write(f"\r\033[K{line[:width]}")
        elif now - self._said >= QUIET:
            self._said = now
            sys.stderr.write(f"{line}\n")
        sys.stderr.flush()

    def clear(self) -> None:
        """Takes the line away."""
        if self._terminal:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()


def main(arguments: list[str]) -> int:
    """Makes the environment and returns the exit status.

    With `--dev` it has the tools of the tests too, with `--docs` those of the documentation, with
    `--with=aws` the packages of that infrastructure.
    """
    names = [("requirements.txt", "caas.lock")]
    extras = [extra for extra in ("dev", "docs") if f"--{extra}" in arguments]
    extras += [each.removeprefix("--with=") for each in arguments if each.startswith("--with=")]
    names += [(f"requirements-{extra}.txt", f"caas-{extra}.lock") for extra in extras]
    if PLUGINS.exists():
        names.append((PLUGINS.name, "caas-plugins.lock"))
    ticker = Ticker()
    try:
        with writing(), alone():
            make_environment(ticker)
            for requirements, stamp in names:
                install(ROOT / requirements, VENV / stamp, ticker)
    except CaasError as error:
        ticker.clear()
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        ticker.clear()
        sys.stderr.write(
            "Stopped while setting up Python packages. Run the same command again to go on.\n"
        )
        return 130
    ticker.clear()
    return 0


@contextmanager
def writing() -> Iterator[None]:
    """Gives an OSError of the block its code."""
    try:
        yield
    except OSError as error:
        code, what = SETUP_FAILED, "The Python environment can't be made"
        if error.errno in NO_SPACE:
            code, what = SETUP_DISK_FULL, "The disk is full"
        elif error.errno in NOT_ALLOWED:
            code, what = CHECKOUT_READ_ONLY, "The checkout can't be written"
        where = Where(file=str(error.filename or VENV))
        raise CaasError(code, what, where=where, why=error.strerror or str(error)) from error


@contextmanager
def alone() -> Iterator[None]:
    """Holds the lock of `.venv`; waits, with a word about it, for a run that has it."""
    VENV.mkdir(exist_ok=True)
    with LOCK.open("a+") as file:
        deadline = time.monotonic() + LIMIT
        is_waiting = False
        while not _locked(file.fileno()):
            if not is_waiting:
                sys.stderr.write(f"Another run{_holder()} is setting up .venv; waiting for it.\n")
                is_waiting = True
            if time.monotonic() > deadline:
                raise CaasError(SETUP_FAILED, f"Another run{_holder()} has not set up .venv yet")
            time.sleep(0.2)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder() -> str:
    number = LOCK.read_text().strip()
    return f" (process {number})" if number else ""


def make_environment(ticker: Ticker) -> None:
    """Makes `.venv` with pip in it, unless a usable one is there."""
    if _is_usable():
        return
    for path in VENV.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path != LOCK:
            path.unlink()
    run([sys.executable, "-I", "-m", "venv", str(VENV)], ticker, "making .venv")


def _is_usable() -> bool:
    check = "import pip, sys; sys.exit(sys.version_info < (3, 11))"
    try:
        subprocess.run([PYTHON, "-I", "-c", check], check=True, timeout=60, capture_output=True)
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def install(requirements: Path, stamp: Path, ticker: Ticker) -> None:
    """Installs what a lock file pins, then leaves the copy of it that says so.

    Plug-ins need neither hashes nor wheels; but like everything they come without what they depend
    on, so that nothing of the project changes its version.
    """
    pins = requirements.read_bytes()
    if stamp.exists() and stamp.read_bytes() == pins:
        return
    pip = [str(PYTHON), "-I", "-m", "pip", "--disable-pip-version-check", "install", "--no-input"]
    pip += ["--no-deps", "--progress-bar", "off"]
    if requirements != PLUGINS:
        pip += ["--require-hashes", "--only-binary", ":all:"]
    total = len(re.findall(rb"^\S+==", pins, re.MULTILINE))
    run([*pip, "-r", str(requirements)], ticker, "asking the package index", total)
    unfinished = stamp.with_suffix(".new")
    unfinished.write_bytes(pins)
    unfinished.replace(stamp)


def run(command: list[str], ticker: Ticker, phase: str, total: int = 0) -> None:
    """Runs pip or venv with its words in the log; raises what the words mean when it fails."""
    deadline = time.monotonic() + LIMIT
    done = 0
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        cwd=ROOT,
        env={**os.environ, "PIP_USER": "0"},
    ) as process:
        try:
            for line in _lines(process, deadline):
                if line.startswith(("Collecting ", "Requirement already satisfied: ")):
                    done += 1
                    name = re.sub(r"^(Collecting|.*satisfied:) (\S+?)==.*", r"\2", line)
                    phase = f"{done} of {total}, {name}"
                elif line.startswith("Ignoring "):
                    total -= 1
                elif line.startswith("Installing collected packages"):
                    phase = f"installing {line.count(',') + 1} packages"
                ticker.say(phase)
        finally:
            if process.poll() is None:
                process.terminate()
    if process.returncode:
        raise _failure(LOG.read_text(errors="replace"))


def _lines(process: subprocess.Popen[bytes], deadline: float) -> Iterator[str]:
    """The output of a process line by line, also written to the log; an empty line once a second
    meanwhile."""
    assert process.stdout  # noqa: S101 - it was opened with a pipe
    rest = b""
    with LOG.open("wb") as log:
        while time.monotonic() < deadline:
            if not select.select([process.stdout], [], [], 1.0)[0]:
                yield ""
                continue
            data = os.read(process.stdout.fileno(), 65536)
            if not data:
                process.wait(timeout=60)
                return
            log.write(data)
            *lines, rest = (rest + data).split(b"\n")
            yield from (line.decode(errors="replace").strip() for line in lines)
    raise CaasError(
        SETUP_FAILED, f"pip did not end within {LIMIT / 60:.0f} minutes", where=Where(file=str(LOG))
    )


def _failure(log: str) -> CaasError:
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    where = Where(file=str(LOG))
    for pattern, code, what in SIGNS:
        for line in reversed(lines):
            if re.search(pattern, line):
                why = re.sub(r"https?://\S+", "the index", line)[:300]
                return CaasError(code, what, where=where, why=why)
    why = " ".join(lines[-1:])[:300]
    return CaasError(SETUP_FAILED, "The Python packages can't be installed", where=where, why=why)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
