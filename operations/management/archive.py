"""The file of a backup: one archive, with the checksum of every member, written in one move.

It holds Secrets as they are: the keys of every cluster. So it is readable by its owner alone.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from errors import CaasError, Where
from errors.management import (
    BACKUP_DAMAGED,
    BACKUP_NOT_WRITABLE,
    BACKUP_OF_OTHER_STACK,
    BACKUP_TOO_NEW,
)

FORMAT = 1
SUFFIX = ".caas-backup"
HEADER = "backup.json"
OBJECTS = "objects.json"
SNAPSHOT = "etcd.db"
CHUNK = 2**20


@dataclass(frozen=True, slots=True)
class Header:
    """The description of a backup.

    Attributes:
        format: of the archive; a newer caas may write another.
        caas: the release that wrote it.
        stack: whose it is.
        namespace: of the clusters.
        created: when, in UTC.
        id: its own, to know a half-done restore again.
        clusters: names.
        machines: how many.
        sha256: of every other member, by name.
    """

    format: int
    caas: str
    stack: str
    namespace: str
    created: str
    id: str
    clusters: tuple[str, ...]
    machines: int
    sha256: Mapping[str, str]

    @property
    def has_snapshot(self) -> bool:
        """True if the archive contains the etcd of the embedded plane."""
        return SNAPSHOT in self.sha256


@contextmanager
def file_faults(path: Path) -> Iterator[None]:
    """Turns what the file system refuses into CAAS-3054."""
    try:
        yield
    except OSError as error:
        raise CaasError(
            BACKUP_NOT_WRITABLE,
            "The backup can't be written or read",
            where=Where(file=str(error.filename or path)),
            why=error.strerror or str(error),
        ) from error


@contextmanager
def made_private(path: Path) -> Iterator[Path]:
    """A file beside `path`, for its owner alone, that takes its name when the body ends well.

    It is on the disk then; when the body fails or is interrupted nothing is left.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with file_faults(path):
        os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        try:
            yield temporary
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write(path: Path, header: Header, members: Mapping[str, Path]) -> None:
    """Writes the archive; the header comes first."""
    with made_private(path) as temporary, tarfile.open(temporary, "w:gz", compresslevel=6) as tar:
        content = json.dumps(asdict(header), indent=1).encode()
        entry = tarfile.TarInfo(HEADER)
        entry.size, entry.mode = len(content), 0o600
        tar.addfile(entry, io.BytesIO(content))
        for name, file in members.items():
            tar.add(file, name)


def read_header(path: Path, stack: str) -> Header:
    """The description in an archive.

    Raises:
        CaasError: CAAS-3050 it is no backup; CAAS-3051 it is of another stack; CAAS-3052 it is of
            a newer format; CAAS-3054 it can't be read.
    """
    with _reading(path) as tar:
        entry = tar.next()
        file = tar.extractfile(entry) if entry and entry.name == HEADER else None
        if file is None:
            raise _damaged(path, "it does not begin with its description")
        content: dict[str, Any] = json.loads(file.read())
        if int(content["format"]) > FORMAT:
            raise CaasError(
                BACKUP_TOO_NEW,
                f"The backup has format {content['format']}, and this caas reads up to {FORMAT}",
                where=Where(file=str(path)),
                why=f"it was written by caas {content.get('caas', 'of unknown release')}",
            )
        header = Header(**{**content, "clusters": tuple(content["clusters"])})
    if header.stack != stack:
        raise CaasError(
            BACKUP_OF_OTHER_STACK,
            f"The backup is of the stack `{header.stack}`, and this is `{stack}`",
            where=Where(file=str(path)),
        )
    return header


def extract(path: Path, header: Header, folder: Path) -> None:
    """Writes the members into a private folder, and checks each against the header.

    Raises:
        CaasError: CAAS-3050 one is missing or not what was saved.
    """
    with _reading(path) as tar:
        for entry in tar:
            if entry.name in header.sha256 and (source := tar.extractfile(entry)):
                with (folder / entry.name).open("wb") as target:
                    while chunk := source.read(CHUNK):
                        target.write(chunk)
    for name, wanted in header.sha256.items():
        file = folder / name
        if not file.exists() or digest(file) != wanted:
            raise _damaged(path, f"{name} is not what was saved")


@contextmanager
def _reading(path: Path) -> Iterator[tarfile.TarFile]:
    with file_faults(path):
        try:
            with tarfile.open(path, "r:gz") as tar:
                yield tar
        except (tarfile.TarError, EOFError, ValueError, KeyError, TypeError) as error:
            raise _damaged(path, str(error)) from error
        except OSError as error:
            if error.errno is None:  # gzip's own, of content that is not gzip's
                raise _damaged(path, str(error)) from error
            raise


def _damaged(path: Path, why: str) -> CaasError:
    return CaasError(BACKUP_DAMAGED, "The backup is damaged", where=Where(file=str(path)), why=why)
