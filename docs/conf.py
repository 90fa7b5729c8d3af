"""The configuration of Sphinx, with which `./caas docs` builds the site.

The pages are the Markdown files as they are, and one for each code. The order of the pages is
added here while they are read. Nothing is loaded from other servers: fonts are those of the
reader's system, and the search runs in the browser.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
REFERENCES = ("commands", "settings", "addons", "policies")

project = "caas"
version = release = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
copyright = "the caas authors, Apache-2.0"

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
root_doc = "README"
include_patterns = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/**"]
exclude_patterns = [
    ".*",
    "tests",
    "benchmarks",
    "components",
    "plane",
    "engine",
    "operations",
    "stacks",
    "catalog",
]
myst_heading_anchors = 4  # links to headings, as on GitHub
suppress_warnings = ["misc.highlighting_failure"]  # a comment with an apostrophe

html_theme = "furo"
html_title = f"caas {release}"
html_copy_source = False
html_show_sourcelink = False
html_last_updated_fmt = None


def setup(app: Any) -> dict[str, bool]:
    """Connect the functions below; Sphinx calls this before it reads the pages."""
    app.connect("source-read", add_contents)
    app.connect("doctree-read", links_to_folders_as_text)
    return {"parallel_read_safe": True}


def add_contents(app: Any, name: str, source: list[str]) -> None:
    """Adds to a page the list of those below it, which the sidebar shows.

    The pages of codes are too many for it: their index, links and the search lead to them.
    """
    for caption, pages in contents(name).items():
        title = f":caption: {caption}\n" if caption else ""
        listing = "\n".join(pages)
        source[0] += f"\n\n```{{toctree}}\n:hidden:\n{title}\n{listing}\n```\n"


def contents(name: str) -> dict[str, list[str]]:
    """The pages below a page, by their caption in the sidebar."""
    if name == "README":
        found = [*(ROOT / "docs").glob("*.md"), *(ROOT / "docs/runbooks").glob("*.md")]
        guides = sorted(str(file.relative_to(ROOT).with_suffix("")) for file in found)
        references = [f"docs/{page}" for page in REFERENCES]
        return {
            "Guides": [page for page in guides if page not in references],
            "References": [*references, "docs/errors/README"],
            "Project": ["CHANGELOG", "CONTRIBUTING", "docs/adr/README"],
        }
    folder = (ROOT / name).parent if name.endswith("adr/README") else ROOT / name
    if not folder.is_dir():
        return {}
    below = sorted(file.stem for file in folder.glob("*.md") if file.stem != "README")
    return {"": [f"/{folder.relative_to(ROOT)}/{stem}" for stem in below]}


def links_to_folders_as_text(app: Any, page: Any) -> None:
    """A link to a folder of the sources, which the site does not have, becomes its text."""
    from sphinx.addnodes import pending_xref  # noqa: PLC0415 - Sphinx is there when it calls this

    for link in list(page.findall(pending_xref)):
        folder = Path(app.env.doc2path(link["refdoc"])).parent / link["reftarget"]
        if not link["refdomain"] and folder.is_dir():
            link.replace_self(link[0])
