"""The folder of one cache key: finished files, and a record of what they must be.

A file is made under a temporary name in the same folder, then moved to its place in one step,
then recorded. Whatever is not recorded, or not as long as recorded, is missing.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from plane.binaries.faults import writing

RECORD = "record.json"
TEMPORARY = ".making-"
MANIFESTS = "manifests"


@dataclass(frozen=True, slots=True)
class Entry:
    """The record of one file: its SHA-256, its size in bytes, and its origin."""

    sha256: str
    size: int
    origin: str


class CacheStore:
    """The files of one cache key. Writing needs the lock of the cache."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def record(self) -> dict[str, Entry]:
        """The records by path below the folder; empty if the file cannot be read."""
        try:
            data = json.loads((self.directory / RECORD).read_text())
            return {name: Entry(**entry) for name, entry in data.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def missing(self, programs: Iterable[str], manifests: Iterable[str]) -> list[str]:
        """Those of the programs and manifest sets that are not there in full length."""
        record = self.record()
        lost = {name for name, entry in record.items() if not self._is_there(name, entry)}
        programs = [name for name in programs if name not in record or name in lost]
        sets = []
        for name in manifests:
            folder = f"{MANIFESTS}/{name}/"
            if f"{folder}webhooks.yaml" not in record or any(
                item.startswith(folder) for item in lost
            ):
                sets.append(f"{MANIFESTS}/{name}")
        return [*programs, *sets]

    def _is_there(self, name: str, entry: Entry) -> bool:
        try:
            return (self.directory / name).stat().st_size == entry.size
        except OSError:
            return False

    def damaged(self) -> list[str]:
        """Recorded files that are missing, or whose SHA-256 is not the recorded one."""
        record = self.record()

        def is_wrong(name: str) -> bool:
            try:
                return checksum(self.directory / name) != record[name].sha256
            except OSError:
                return True

        with ThreadPoolExecutor() as pool:
            verdicts = pool.map(is_wrong, record)
            return [name for name, wrong in zip(record, verdicts, strict=True) if wrong]

    @contextmanager
    def making(self) -> Iterator[Path]:
        """An unused path in the folder to make something at; nothing is left there afterwards."""
        path = self.directory / f"{TEMPORARY}{uuid.uuid4().hex[:8]}"
        try:
            with writing(self.directory):
                self.directory.mkdir(parents=True, exist_ok=True)
            yield path
        finally:
            _remove(path)

    def install(self, made: Path, name: str, origin: str) -> None:
        """Moves a finished program to its place and records it."""
        with writing(made):
            made.chmod(0o755)
            _flush(made)
            entry = Entry(checksum(made), made.stat().st_size, origin)
            made.replace(self.directory / name)
        self._write({**self.record(), name: entry})

    def install_folder(self, made: Path, name: str, origin: str) -> None:
        """Moves a finished folder to its place and records each file in it."""
        with writing(made):
            entries = {}
            for path in sorted(made.rglob("*")):
                if path.is_file():
                    _flush(path)
                    entry = Entry(checksum(path), path.stat().st_size, origin)
                    entries[f"{name}/{path.relative_to(made)}"] = entry
            place = self.directory / name
            _remove(place)
            place.parent.mkdir(exist_ok=True)
            made.replace(place)
        others = {
            item: entry for item, entry in self.record().items() if not item.startswith(f"{name}/")
        }
        self._write({**others, **entries})

    def _write(self, record: dict[str, Entry]) -> None:
        text = json.dumps({name: asdict(entry) for name, entry in sorted(record.items())}, indent=1)
        with self.making() as path, writing(path):
            path.write_text(text + "\n")
            _flush(path)
            path.replace(self.directory / RECORD)

    def clean(self) -> None:
        """Removes what a killed run left half made."""
        for path in self.directory.glob(f"{TEMPORARY}*"):
            _remove(path)


def checksum(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
