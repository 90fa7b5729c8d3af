"""`caas bundle`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from typer import Option

from cli import console
from cli.options import Format, Output, Stack
from cli.progress import drawn
from components.delivery.contents import BundleContents, contents
from components.store.objects import bundled
from engine.session import Session
from operations.bundle import BundleFolder, Tools, make_folder, pushable
from plane.binaries.tools import crane, helm
from plane.progress import Progress, Silent
from stacks.settings.addons import addons_of_existing

EXAMPLES = {
    "./caas bundle prod-aws": "lists the charts and images of the stack, and fetches nothing",
    "./caas bundle prod-aws --pack bundle": "all of it in a folder, with digests in bundle.yaml",
    "./caas bundle prod-aws --push bundle": "from the folder into the stack's own mirror",
}
Pack = Annotated[Path | None, Option("--pack", metavar="FOLDER", help="Fetch it into a folder.")]
Push = Annotated[
    Path | None, Option("--push", metavar="FOLDER", help="Bring such a folder to the mirror.")
]


def command(
    stack: Stack = "local", pack: Pack = None, push: Push = None, output: Output = Format.TABLE
) -> None:
    """List the charts and images of a stack, pack them, or push them.

    For clusters that cannot reach the internet: `mirror` of the stack file names a registry and a
    chart repository, and every chart and image is then taken from there. The programs of the
    embedded plane are packed where the stack needs it. Content that cannot be listed is named.
    Packing again fetches what is missing only. Logins are those of `docker login` and
    `helm registry login`.
    """
    session = Session(stack, Silent())
    settings = session.settings
    targets = [settings.target(cluster) for cluster in settings.all_clusters]
    others = addons_of_existing(settings.management.addons, settings.management.facts)
    found = contents(
        settings.all_clusters, targets, settings.infrastructure, others if others.addons else None
    )
    found = bundled(found, settings.apps)
    record: dict[str, Any] = {}
    programs: list[str] = []
    # Before programs are made for it.
    if pack:
        make_folder(pack)
    if push:
        pushable(settings.mirror)
    if pack or push:
        with drawn() as progress:
            tools = _tools(progress)
            if pack:
                folder = BundleFolder(pack, tools)
                record = folder.pack(found, progress)["items"]
                programs = folder.add_programs(session.programs(progress))
            if push:
                BundleFolder(push, tools).push(found, settings.mirror, progress)
    if output is Format.JSON:
        console.document(_as_dict(found, record, programs))
        return
    _show(found)
    if pack:
        console.say(f"{len(record)} charts and images in {pack}", "green")
    for name in programs:
        console.say(f"The plane's programs in {pack}/programs/{name}", "green")
    if push:
        console.say("The mirror has all of them.", "green")


def _tools(progress: Progress) -> Tools:
    return Tools(helm(progress), crane(progress))


def _show(found: BundleContents) -> None:
    rows = [("chart", each.name, each.version, each.repository) for each in found.charts]
    for image in found.images:
        name, _, version = image.reference.partition("@")[0].rpartition(":")
        rows.append(("image", name, version, image.of))
    console.table(("KIND", "NAME", "VERSION", "FROM"), rows)
    for line in found.open:
        console.say(line, "yellow")


def _as_dict(found: BundleContents, record: dict[str, Any], programs: list[str]) -> dict[str, Any]:
    return {
        "charts": [
            {"name": each.name, "version": each.version, "repository": each.repository}
            for each in found.charts
        ],
        "images": [{"reference": each.reference, "of": each.of} for each in found.images],
        "open": list(found.open),
        "packed": record or None,
        "programs": programs,
    }
