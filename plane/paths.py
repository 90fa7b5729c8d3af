"""The folder that the stacks' planes share."""

from __future__ import annotations

import os
from pathlib import Path

from errors import CaasError
from errors.machine import CACHE_NOT_WRITABLE


def cache_directory() -> Path:
    """The folder for what can be made again: $CAAS_CACHE, $XDG_CACHE_HOME/caas or ~/.cache/caas.

    It is not created. Raises CAAS-2001 where this machine has no home folder to put it in.
    """
    own = os.environ.get("CAAS_CACHE")
    if own:
        return Path(os.path.abspath(Path(own).expanduser()))  # noqa: PTH100 - keeps symlinks
    shared = os.environ.get("XDG_CACHE_HOME", "")
    if Path(shared).is_absolute():  # a relative one is to be ignored, says the specification
        return Path(shared) / "caas"
    try:
        return Path.home() / ".cache" / "caas"
    except RuntimeError as error:
        raise CaasError(
            CACHE_NOT_WRITABLE,
            "There is no home folder to keep the cache in",
            why=str(error),
            fix="Set CAAS_CACHE to a folder that can be written.",
        ) from error
