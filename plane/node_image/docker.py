"""Takes an archive into Docker, by its command, which knows where the user's Docker is."""

from __future__ import annotations

import subprocess
from pathlib import Path

from errors import CaasError
from errors.node_image import IMAGE_NOT_LOADED

LIMIT = 900.0


def load(archive: Path) -> None:
    """Gives the images of an archive to Docker.

    Raises:
        CaasError: CAAS-2164 there is no Docker, or it does not take them.
    """
    command = ["docker", "load", "--input", str(archive)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _refused(archive, str(error)) from error
    if done.returncode != 0:
        raise _refused(archive, done.stderr.strip())


def _refused(archive: Path, why: str) -> CaasError:
    return CaasError(
        IMAGE_NOT_LOADED,
        "Docker does not take the node image",
        why=why,
        fix=f"Start Docker and run the command again, or `docker load -i {archive}` elsewhere.",
    )
