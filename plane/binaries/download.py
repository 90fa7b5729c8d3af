"""Downloads an official release and checks it against its published SHA-256."""

from __future__ import annotations

import hashlib
import re
import shutil
import tarfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import requests

from errors import CaasError
from errors.machine import DOWNLOAD_BROKEN, DOWNLOAD_CHECKSUM_WRONG
from plane.binaries.faults import writing
from plane.binaries.mirrors import CONNECT
from plane.binaries.recipe import ReleasedFile
from plane.binaries.report import StepReport

SILENCE = 30.0
LIMIT = 1800.0
BLOCK = 1 << 18
MEGABYTE = 1e6
NOT_FOUND = 404
SHA256 = re.compile(r"[0-9a-f]{64}")


def download(release: ReleasedFile, address: str, target: Path, report: StepReport) -> bool:
    """Brings the released program to `target`; False where no checksum of it is published.

    Raises CAAS-2010 where the checksum is wrong, CAAS-2011 where the download does not work,
    CAAS-2002 where it does not fit on the disk. Nothing is at `target` then.
    """
    wanted = _published(release, address)
    if wanted is None:
        return False
    url = f"{address}/{release.file}"
    file = target.with_name(f"{target.name}.download") if release.member else target
    try:
        actual = _stream(url, file, report)
        if actual != wanted:
            file.unlink()
            why = f"SHA-256 {actual}, published {wanted}"
            raise CaasError(DOWNLOAD_CHECKSUM_WRONG, f"{url} is not what was released", why=why)
        if release.member:
            _extract(file, release.member, target, url)
    finally:
        if file != target:
            file.unlink(missing_ok=True)
    return True


def _published(release: ReleasedFile, address: str) -> str | None:
    """The SHA-256 of the release: alone in its file, or on the line with the file's name."""
    url = f"{address}/{release.checksums}"
    try:
        response = requests.get(url, timeout=(CONNECT, SILENCE))
        if response.status_code == NOT_FOUND:
            return None
        response.raise_for_status()
    except requests.RequestException as error:
        raise broken(url, error) from error
    lines = [line.split() for line in response.text.splitlines() if line.strip()]
    name = release.file.rpartition("/")[2]
    for words in lines:
        alone = len(lines) == len(words) == 1
        if SHA256.fullmatch(words[0]) and (alone or words[-1].lstrip("*").endswith(name)):
            return words[0]
    raise broken(url, f"it holds no SHA-256 of {name}")


def _stream(url: str, file: Path, report: StepReport) -> str:
    """Writes what `url` serves to `file`, and returns its SHA-256."""
    digest, done, deadline = hashlib.sha256(), 0, time.monotonic() + LIMIT
    headers = {"Accept-Encoding": "identity"}
    try:
        with requests.get(url, stream=True, timeout=(CONNECT, SILENCE), headers=headers) as answer:
            answer.raise_for_status()
            total = float(answer.headers.get("Content-Length", 0)) / MEGABYTE or None
            with writing(file), file.open("wb") as output:
                for block in _blocks(answer, url):
                    output.write(block)
                    digest.update(block)
                    done += len(block)
                    report(done / MEGABYTE, total, "MB downloaded")
                    if time.monotonic() > deadline:
                        raise broken(url, f"not ended after {LIMIT / 60:.0f} minutes")
    except requests.RequestException as error:
        raise broken(url, error) from error
    return digest.hexdigest()


def _blocks(answer: requests.Response, url: str) -> Iterator[bytes]:
    """Downloads; their errors get codes here, because they are also OSErrors."""
    try:
        yield from answer.iter_content(BLOCK)
    except requests.RequestException as error:
        raise broken(url, error) from error


def _extract(archive: Path, member: str, target: Path, url: str) -> None:
    def copy(source: IO[bytes]) -> None:
        with writing(target), target.open("wb") as output:
            shutil.copyfileobj(source, output)

    try:
        if url.endswith(".zip"):
            with zipfile.ZipFile(archive) as packed, packed.open(member) as source:
                copy(source)
        else:
            with tarfile.open(archive) as tape:
                found = tape.extractfile(member)
                if not found:
                    raise KeyError(member)
                copy(found)
    except (tarfile.TarError, zipfile.BadZipFile, KeyError) as error:
        raise broken(url, error) from error


def broken(url: str, why: object) -> CaasError:
    """CAAS-2011 for `url`."""
    return CaasError(DOWNLOAD_BROKEN, f"{url} can't be downloaded", why=str(why)[:300])
