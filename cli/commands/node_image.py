"""`caas node-image`."""

from __future__ import annotations

import shutil
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from cli import console
from cli.options import Format, Output
from cli.progress import drawn
from plane.binaries.faults import writing
from plane.node_image import ensure_node_image
from plane.node_image.docker import load

EXAMPLES = {
    "./caas node-image build 1.37.2": "for releases without a published image",
    "./caas node-image build 1.37.2 --archive node.tar": (
        "for a computer without a registry: `docker load -i node.tar` there"
    ),
}


class NodeImageAction(StrEnum):
    """The operations of the command."""

    BUILD = "build"


def command(
    action: Annotated[NodeImageAction, Argument(help="The operation.", show_default=False)],
    version: Annotated[
        str, Argument(metavar="VERSION", help="The Kubernetes release.", show_default=False)
    ],
    *,
    archive: Annotated[
        Path | None,
        Option("--archive", metavar="FILE", help="Write it to a file, and leave Docker alone."),
    ] = None,
    output: Output = Format.TABLE,
) -> None:
    """Build an image of nodes in containers, and give it to Docker.

    It is made of Debian packages and pinned Go modules, and is used like those of kind. It brings
    the images of the control plane, and beside it comes the load balancer's, so no registry is
    needed. The first build takes minutes; its result stays in the cache.
    """
    with drawn() as progress:
        made = ensure_node_image(version, progress)
        if archive:
            with writing(archive):
                shutil.copyfile(made.archive, archive)
        else:
            progress.step("into Docker")
            load(made.archive)
    place = str(archive or "")
    if output is Format.JSON:
        console.document({"image": made.reference, "archive": place or None})
        return
    console.say(f"{made.reference} is in {place or 'Docker'}", "green")
