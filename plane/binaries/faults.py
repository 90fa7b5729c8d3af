"""Turns what the operating system says about the cache into coded errors."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from errors import CaasError, Where
from errors.machine import CACHE_DISK_FULL, CACHE_NOT_WRITABLE

NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Gives an OSError of the block its code: CAAS-2002 no space left, otherwise CAAS-2001."""
    try:
        yield
    except OSError as error:
        where = Where(file=str(error.filename or path))
        if error.errno in NO_SPACE:
            raise disk_full(path, str(error.strerror)) from error
        raise CaasError(
            CACHE_NOT_WRITABLE,
            "The cache can't be written",
            where=where,
            why=error.strerror or str(error),
        ) from error


def disk_full(path: Path, why: str) -> CaasError:
    """CAAS-2002 for the disk that `path` is on."""
    return CaasError(
        CACHE_DISK_FULL, "No space is left for the binaries", where=Where(file=str(path)), why=why
    )
