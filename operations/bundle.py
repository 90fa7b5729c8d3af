"""A stack's charts and images in one folder, and from there in a mirror.

A folder has `charts/`, `images/` and `bundle.yaml`, which says what is in it, with digests. What is
in it already is not fetched again, so an interrupted run is just run again. `programs/` has those
of the embedded plane, where the stack needs it, as they are in the cache.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from components.delivery.contents import BundleContents, ChartSource, ImageSource
from components.delivery.mirror import Mirror, image_address
from errors import CaasError, Code, Where
from errors.bundle import (
    BUNDLE_FETCH_FAILED,
    BUNDLE_INCOMPLETE,
    BUNDLE_NOT_WRITABLE,
    BUNDLE_PUSH_FAILED,
    NO_MIRROR,
)
from plane.progress import Progress

RECORD = "bundle.yaml"
SECONDS = 1800
"""Seconds that one chart or image may take."""
OCI = "oci://"
Item = ChartSource | ImageSource
Entry = dict[str, str]
"""The entry of an item in the record: its file and its digest."""


@dataclass(frozen=True, slots=True)
class Tools:
    """The programs that know registries.

    Attributes:
        helm: fetches and pushes charts.
        crane: fetches and pushes images.
        plain_http: whether registries are spoken to without TLS, as the tests' own are.
    """

    helm: Path
    crane: Path
    plain_http: bool = False


def pushable(mirror: Mirror | None) -> Mirror:
    """The mirror, where charts can be pushed to it. Raises CAAS-2142 where they cannot."""
    if mirror is None or not mirror.charts.startswith(OCI):
        raise CaasError(NO_MIRROR, "The stack names no mirror that charts can be pushed to")
    return mirror


def make_folder(folder: Path) -> None:
    """Makes the folder of a bundle where it is missing. Raises CAAS-2144 where it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_writable(folder, error) from error


def _not_writable(folder: Path, error: OSError) -> CaasError:
    return CaasError(
        BUNDLE_NOT_WRITABLE,
        "The bundle can't be written",
        where=Where(file=str(folder)),
        why=error.strerror or str(error)[:400],
    )


class BundleFolder:
    """A folder with charts and images.

    Args:
        path: the folder; made by `pack`.
        tools: the programs.
    """

    def __init__(self, path: Path, tools: Tools) -> None:
        self.path = path
        self._tools = tools

    def pack(self, contents: BundleContents, progress: Progress) -> dict[str, Any]:
        """Fetches what is missing, removes what is not wanted, and gives the record of all.

        Raises:
            CaasError: CAAS-2140 where something can't be fetched, CAAS-2144 about the folder.
        """
        try:
            return self._pack(contents, progress)
        except OSError as error:
            raise _not_writable(self.path, error) from error

    def add_programs(self, folders: Iterable[Path]) -> list[str]:
        """Copies folders of the cache, each with its programs; gives their names.

        Raises:
            CaasError: CAAS-2144 about the folder.
        """
        names = []
        try:
            for folder in folders:
                target = self.path / "programs" / folder.name
                names.append(folder.name)
                if not target.exists():
                    part = target.with_suffix(".part")
                    _remove(part)
                    shutil.copytree(folder, part)
                    part.rename(target)
        except OSError as error:  # of copytree it has a list of files
            raise _not_writable(self.path, error) from error
        return names

    def push(self, contents: BundleContents, mirror: Mirror | None, progress: Progress) -> None:
        """Brings everything to the mirror; what is there with the same digest stays.

        Raises:
            CaasError: CAAS-2141 where the mirror refuses, CAAS-2142 without a mirror, CAAS-2143
                where the folder lacks something.
        """
        mirror = pushable(mirror)
        record = self._record()
        missing = [_title(each) for each in _items(contents) if not self._entry(record, each)]
        if missing:
            raise CaasError(
                BUNDLE_INCOMPLETE,
                f"{len(missing)} of {len(list(_items(contents)))} charts and images are missing",
                where=Where(file=str(self.path)),
                why=f"such as {missing[0]}",
            )
        step = progress.step("push to the mirror")
        for index, item in enumerate(items := list(_items(contents))):
            step.advance(index, len(items), _title(item))
            self._push(item, self.path / record[_title(item)]["file"], mirror)

    def _pack(self, contents: BundleContents, progress: Progress) -> dict[str, Any]:
        for name in ("charts", "images"):
            (self.path / name).mkdir(parents=True, exist_ok=True)
        before = self._record()
        items = list(_items(contents))
        kept: dict[str, Entry] = {}
        step = progress.step("fetch charts and images")
        for index, item in enumerate(items):
            step.advance(index, len(items), _title(item))
            kept[_title(item)] = self._entry(before, item) or self._fetch(item)
            self._write(before | kept, contents)
        self._write(kept, contents)
        wanted = {self.path / entry["file"] for entry in kept.values()}
        for path in (*(self.path / "charts").iterdir(), *(self.path / "images").iterdir()):
            if path not in wanted:
                _remove(path)
        return {"items": kept, "open": list(contents.open)}

    def _record(self) -> dict[str, Entry]:
        try:
            found = yaml.load((self.path / RECORD).read_text(), yaml.CSafeLoader)
            return {str(title): dict(entry) for title, entry in found["items"].items()}
        except (OSError, yaml.YAMLError, TypeError, KeyError, ValueError, AttributeError):
            return {}  # then everything is fetched

    def _write(self, items: dict[str, Entry], contents: BundleContents) -> None:
        text = yaml.safe_dump({"items": items, "open": list(contents.open)}, width=1000)
        new = self.path / f"{RECORD}.new"
        new.write_text(text)
        new.replace(self.path / RECORD)

    def _entry(self, record: dict[str, Entry], item: Item) -> Entry | None:
        """The entry of an item in the record, if its file still matches."""
        entry = record.get(_title(item))
        if entry is None or not (path := self.path / entry.get("file", RECORD)).exists():
            return None
        return entry if _digest(path) == entry.get("digest") else None

    def _fetch(self, item: Item) -> Entry:
        place = Path("charts" if isinstance(item, ChartSource) else "images") / _file(item)
        with tempfile.TemporaryDirectory(dir=self.path) as folder:
            got = Path(folder) / "got"
            if isinstance(item, ChartSource):
                got.mkdir()
                self._helm("pull", *_pulled(item), f"--version={item.version}", f"-d={got}")
                (got,) = got.glob("*.tgz")
            else:
                self._crane("pull", "--format=oci", item.reference, str(got))
            _remove(self.path / place)
            got.rename(self.path / place)
        return {"file": str(place), "digest": _digest(self.path / place)}

    def _push(self, item: Item, path: Path, mirror: Mirror) -> None:
        if isinstance(item, ChartSource):
            plain = ("--plain-http",) if self._tools.plain_http else ()
            self._helm("push", str(path), mirror.charts, *plain, code=BUNDLE_PUSH_FAILED)
            return
        to = image_address(item.reference.partition("@")[0], mirror)
        self._crane("push", str(path), to, code=BUNDLE_PUSH_FAILED)

    def _helm(self, *arguments: str, code: Code = BUNDLE_FETCH_FAILED) -> None:
        _run([str(self._tools.helm), *arguments], code)

    def _crane(self, *arguments: str, code: Code = BUNDLE_FETCH_FAILED) -> None:
        insecure = ("--insecure",) if self._tools.plain_http else ()
        _run([str(self._tools.crane), *insecure, *arguments], code)


def _items(contents: BundleContents) -> Iterator[Item]:
    yield from contents.charts
    yield from contents.images


def _title(item: Item) -> str:
    if isinstance(item, ImageSource):
        return item.reference
    return f"{item.repository.removesuffix('/')}/{item.name} {item.version}"


def _file(item: Item) -> str:
    if isinstance(item, ImageSource):
        return re.sub(r"[^A-Za-z0-9.-]+", "_", item.reference)
    return f"{item.name}-{item.version}.tgz"


def _pulled(chart: ChartSource) -> tuple[str, ...]:
    if chart.repository.startswith(OCI):
        return (f"{chart.repository}/{chart.name}",)
    return chart.name, f"--repo={chart.repository}"


def _digest(path: Path) -> str:
    """The SHA-256 of a chart, or the digest by which a registry knows an image."""
    if path.is_file():
        return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    try:
        index = json.loads((path / "index.json").read_text())
        return str(index["manifests"][0]["digest"])
    except (OSError, ValueError, LookupError, TypeError):
        return ""


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _run(command: list[str], code: Code) -> None:
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise CaasError(code, f"`{_named(command)}` took more than {SECONDS} s") from error
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no output"]
        raise CaasError(code, f"`{_named(command)}` failed", why=last[0][:400])


def _named(command: list[str]) -> str:
    """The command as people know it, without options."""
    words = [Path(command[0]).name, *command[1:]]
    return " ".join(word for word in words if not word.startswith("-"))
