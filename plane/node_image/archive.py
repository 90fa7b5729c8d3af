"""Container images, written as the archives that `docker load` and containerd read."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import shutil
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

EPOCH = "1970-01-01T00:00:00Z"
LEVEL = 1
"""Compression of layers: the least, as nodes unpack them at every start."""


@dataclass(frozen=True, slots=True)
class ArchiveImage:
    """An image of one layer or more.

    Attributes:
        reference: its name with its tag.
        layers: tar files, the lowest first.
        config: what its containers start with, as Docker's `config`.
    """

    reference: str
    layers: tuple[Path, ...]
    config: Mapping[str, Any] = field(default_factory=dict)


class Layer:
    """A tar file of files that belong to root, without times, so that it is the same each time."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self._folders: set[str] = set()

    def add(self, path: str, content: bytes | Path, mode: int = 0o644) -> None:
        """A file at `path`, which is absolute; a content on disk is copied."""
        member = self._member(path, mode)
        if isinstance(content, Path):
            member.size = content.stat().st_size
            with content.open("rb") as file:
                self._tar.addfile(member, file)
        else:
            member.size = len(content)
            self._tar.addfile(member, io.BytesIO(content))

    def link(self, path: str, target: str) -> None:
        """A symbolic link at `path`."""
        member = self._member(path, 0o777)
        member.type, member.linkname = tarfile.SYMTYPE, target
        self._tar.addfile(member)

    def folder(self, path: str, mode: int = 0o755) -> None:
        """A folder, with those above it."""
        name = path.strip("/")
        if not name or name in self._folders:
            return
        self.folder(str(Path(path).parent))
        self._folders.add(name)
        member = tarfile.TarInfo(name)
        member.type, member.mode = tarfile.DIRTYPE, mode
        self._tar.addfile(member)

    def tree(self, source: Path, path: str) -> None:
        """Everything in a folder; a file that its owner may execute can be executed by all."""
        for each in sorted(source.rglob("*")):
            place = f"{path}/{each.relative_to(source)}"
            if each.is_dir():
                self.folder(place)
            else:
                self.add(place, each, 0o755 if each.stat().st_mode & 0o100 else 0o644)

    def _member(self, path: str, mode: int) -> tarfile.TarInfo:
        self.folder(str(Path(path).parent))
        member = tarfile.TarInfo(path.strip("/"))
        member.mode = mode
        return member


@contextmanager
def layer(target: Path) -> Iterator[Layer]:
    """A new layer in the file `target`."""
    with tarfile.open(target, "w") as tar:
        yield Layer(tar)


def write(
    images: Iterable[ArchiveImage], target: Path, architecture: str, *, compress: bool
) -> None:
    """An archive of images in Docker's format.

    Args:
        images: what goes in; layers that several share are stored once.
        target: the file.
        architecture: that of Go, `amd64`.
        compress: also compress the layers, as images in registries are.
    """
    stored: dict[Path, tuple[str, str]] = {}
    listed = []
    with tarfile.open(target, "w") as tar:
        for image in images:
            for each in image.layers:
                if each not in stored:
                    stored[each] = _store(tar, each, compress=compress)
            found = [stored[each] for each in image.layers]
            text = _configuration(image, [digest for digest, _ in found], architecture)
            name = f"{hashlib.sha256(text).hexdigest()}.json"
            _add(tar, name, text)
            layers = [layer for _, layer in found]
            listed.append({"Config": name, "RepoTags": [image.reference], "Layers": layers})
        _add(tar, "manifest.json", json.dumps(listed).encode())


def _configuration(image: ArchiveImage, digests: Sequence[str], architecture: str) -> bytes:
    return json.dumps(
        {
            "architecture": architecture,
            "os": "linux",
            "created": EPOCH,
            "config": dict(image.config),
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{each}" for each in digests]},
            "history": [{"created": EPOCH, "created_by": "caas node-image"} for _ in digests],
        },
        sort_keys=True,
    ).encode()


def _store(tar: tarfile.TarFile, path: Path, *, compress: bool) -> tuple[str, str]:
    """Adds a layer; gives the digest of its content, and its name in the archive."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    name = f"{digest}.tar"
    if not compress:
        tar.add(path, arcname=name, filter=_plain)
        return digest, name
    packed = path.with_name(f"{path.name}.gz")
    with path.open("rb") as file, gzip.GzipFile(packed, "wb", LEVEL, mtime=0) as out:
        shutil.copyfileobj(file, out, 1024 * 1024)
    tar.add(packed, arcname=f"{name}.gz", filter=_plain)
    packed.unlink()
    return digest, f"{name}.gz"


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = 0
    return member


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), 0o644
    tar.addfile(member, io.BytesIO(content))
