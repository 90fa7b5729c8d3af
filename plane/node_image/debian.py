"""File systems of Debian packages, by mmdebstrap; each stays in the cache, as it takes minutes."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from errors import CaasError, Where
from errors.node_image import MMDEBSTRAP_MISSING, ROOT_NEEDED, STEP_FAILED
from plane.binaries.command import run

SUITE = "bookworm"
LIMIT = 3600.0
SHOWN = 5
WITHOUT_DOCUMENTS = tuple(
    f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("doc", "man", "locale", "info")
)


class Steps:
    """Programs that make the image, with a log of each below a folder.

    Args:
        work: a folder that is thrown away.
        kept: the folder of the layers of packages.
        say: takes what happens.
    """

    def __init__(self, work: Path, kept: Path, say: Callable[[str], None]) -> None:
        self.work, self.kept, self.say = work, kept, say

    def run(self, name: str, *argv: str, limit: float = LIMIT) -> str:
        """The output of a program.

        Raises:
            CaasError: CAAS-2163 it failed, or did not end within its limit.
        """
        log = self.work.parent / "log" / f"{name}.log"
        outcome = run(
            argv,
            environment={**os.environ, "LC_ALL": "C.UTF-8"},
            folder=self.work,
            log=log,
            limit=limit,
            on_line=lambda line: self.say(f"{name}: {line}"[:100]),
        )
        if outcome.status != 0:
            lines = [line for line in outcome.errors.splitlines() if line.strip()]
            late = f"it was not ready after {limit / 60:.0f} minutes"
            raise CaasError(
                STEP_FAILED,
                f"The node image can't be built: {Path(argv[0]).name} failed",
                where=Where(file=str(log)),
                why=late if outcome.late else "\n".join(lines[-SHOWN:]),
            )
        return outcome.output

    def debian(
        self,
        name: str,
        packages: Sequence[str],
        *options: str,
        variant: str = "extract",
        inputs: Sequence[Path] = (),
    ) -> Path:
        """A layer of packages: with `extract` their files alone, with `minbase` a whole system.

        Args:
            name: of the layer.
            packages: of Debian.
            options: of mmdebstrap.
            variant: of mmdebstrap.
            inputs: the files that options name, in the folder `work`.
        """
        argv = ["mmdebstrap", "--mode=root", f"--variant={variant}"]
        argv += [f"--include={','.join(packages)}", *WITHOUT_DOCUMENTS, *options]
        # What is left after a power cut is made again.
        argv += ["--dpkgopt=force-unsafe-io", SUITE]
        digest = hashlib.sha256("\n".join(argv).replace(str(self.work), "").encode())
        for each in inputs:
            digest.update(each.read_bytes())
        target = self.kept / f"{name}-{digest.hexdigest()[:8]}.tar"
        if not target.exists():
            draft = self.work / f"{name}.tar"
            self.run(name, *argv, str(draft))
            self.kept.mkdir(parents=True, exist_ok=True)
            draft.replace(target)
        return target


def check_host() -> None:
    """Raises CAAS-2161 without mmdebstrap, CAAS-2162 without the rights of root."""
    if not shutil.which("mmdebstrap"):
        raise CaasError(MMDEBSTRAP_MISSING, "There is no mmdebstrap on the PATH")
    if os.geteuid() != 0:
        raise CaasError(ROOT_NEEDED, "Building a node image needs the rights of root")
