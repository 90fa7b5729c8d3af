"""`caas docs`."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import Annotated

from typer import Option

from cli import console
from cli.progress import drawn
from plane.paths import cache_directory

EXAMPLES = {
    "./caas docs": "opens the documentation in a browser",
    "./caas docs --no-open": "only builds it, and prints its path",
    "./caas docs --out public": "writes the site to a folder, for a web server",
}


def command(
    out: Annotated[
        Path | None,
        Option("--out", metavar="DIR", help="Where to write the site, in place of the cache."),
    ] = None,
    opened: Annotated[bool, Option("--open/--no-open", help="Open it in a browser.")] = True,
) -> None:
    """Open the documentation in a browser: guides, references, and a search.

    It is a site of plain files that loads nothing from elsewhere. The first run installs what
    makes it, from requirements-docs.txt; without a change of the documents it is made once.
    """
    from cli.site import ROOT, build  # noqa: PLC0415 - `--help` needs none of it

    own = hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]  # each checkout has its documents
    folder = Path(os.path.abspath(out)) if out else cache_directory() / "docs" / own  # noqa: PTH100 - keeps symlinks
    with drawn() as progress:
        first = build(folder, progress)
    console.say(first.as_uri())
    if opened and out is None and _has_browser():
        import webbrowser  # noqa: PLC0415 - only here

        webbrowser.open(first.as_uri())


def _has_browser() -> bool:
    """True if a graphical browser is available; a text browser would take over the terminal."""
    screen = sys.platform == "darwin" or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    return screen and console.is_terminal(sys.stdout)
