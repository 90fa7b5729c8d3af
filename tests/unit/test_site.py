"""The documentation as a site: complete, searchable, and without anything from elsewhere."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from cli import site
from errors import CaasError, documentation
from errors.registry import all_codes
from plane.progress import Silent
from tests.unit.command_line import Outcome, copy_of_checkout, piped

pytestmark = pytest.mark.slow  # builds the site

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    file.relative_to(ROOT)
    for pattern in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/**/*.md")
    for file in ROOT.glob(pattern)
]
LOADING = {"link": "href", "script": "src", "img": "src", "iframe": "src", "source": "src"}
"""Elements that a browser loads by itself; links that a reader clicks are not among them."""


class Page(HTMLParser):
    """The files that a page loads, its links, and its anchors."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(file.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given["id"]} if "id" in given else set()
        if tag in LOADING and LOADING[tag] in given:
            self.loads.append(given[LOADING[tag]])
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])


def earlier_site(folder: Path) -> Path:
    """A site of other sources in `folder`."""
    out = folder / "site"
    out.mkdir()
    (out / "index.html").write_text("earlier")
    (out / site.MARK).write_text("earlier")
    return out


def docs(out: Path, checkout: Path) -> Outcome:
    """Runs the command in a checkout."""
    return piped("docs", "--out", str(out), program=[sys.executable, "-m", "cli"], cwd=checkout)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of this checkout, made by the command in place of an earlier one."""
    folder = tmp_path_factory.mktemp("docs")
    out = earlier_site(folder)
    done = docs(out, ROOT)
    assert done.status == 0, done.err
    assert done.out == f"{(out / 'index.html').as_uri()}\n"
    assert "documentation: done in" in done.err
    assert list(folder.iterdir()) == [out]
    return out


@pytest.fixture(scope="module")
def pages(built: Path) -> dict[Path, Page]:
    return {file.relative_to(built): Page(file) for file in sorted(built.rglob("*.html"))}


def test_every_document_is_a_page(pages: dict[Path, Page]) -> None:
    assert not {path.with_suffix(".html") for path in PAGES} - set(pages)
    assert {Path("index.html"), Path("search.html")} <= set(pages)


def test_the_front_page_leads_to_every_guide_and_reference(pages: dict[Path, Page]) -> None:
    guides = {f"docs/{file.stem}.html" for file in (ROOT / "docs").glob("*.md")}
    assert not guides - set(pages[Path("index.html")].links)


def own_links(pages: dict[Path, Page]) -> Iterator[tuple[Path, str, str]]:
    for path, page in pages.items():
        for link in page.links:
            if "://" not in link:
                target, _, anchor = link.partition("#")
                yield path, unquote(target), unquote(anchor)


def test_links_resolve(built: Path, pages: dict[Path, Page]) -> None:
    wrong, seen = [], 0
    for path, target, anchor in own_links(pages):
        file = (built / path.parent / target).resolve() if target else built / path
        page = pages.get(file.relative_to(built.resolve()) if target else path)
        seen += 1
        if not file.exists() or (anchor and page and anchor not in page.anchors):
            wrong.append((str(path), target, anchor))
    assert seen > 1000
    assert not wrong


def test_nothing_is_loaded_from_elsewhere(built: Path, pages: dict[Path, Page]) -> None:
    assert not {
        load for page in pages.values() for load in page.loads if re.match(r"(\w+:)?//", load)
    }
    for style in built.rglob("*.css"):
        assert not re.findall(r"url\([\"']?(?:https?:)?//|@import\s", style.read_text())
    for page in pages:
        scripts = re.findall(r"<script>(.*?)</script>", (built / page).read_text(), re.DOTALL)
        assert not [script for script in scripts if "://" in script]


def index_of(built: Path, name: str) -> str:
    """A part of the index that the search in the browser reads."""
    text = (built / "searchindex.js").read_text()
    return text.split(f'"{name}":', 1)[-1] if f'"{name}":' in text else text.split(f"{name}:", 1)[1]


def test_the_search_knows_every_code_by_its_number(built: Path) -> None:
    entries = index_of(built, "indexentries")
    for code in all_codes():
        assert f'"{code.id.lower()}":[[' in entries
        assert f'"{code.id.removeprefix("CAAS-")}":[[' in entries


def test_the_search_knows_words_of_the_pages(built: Path) -> None:
    terms = index_of(built, "terms")
    for word in ("insufficientinstancecapac", "maxsurg", "poddisruptionbudget"):  # stems
        assert re.search(rf'\b{word}"?:', terms)


def test_a_site_is_made_again_only_when_its_sources_changed(built: Path) -> None:
    made = (built / "index.html").stat().st_mtime_ns
    site.build(built, Silent())
    assert (built / "index.html").stat().st_mtime_ns == made


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    keep = tmp_path / "thesis.txt"
    keep.write_text("mine")
    with pytest.raises(CaasError) as raised:
        site.build(tmp_path, Silent())
    assert raised.value.problems[0].code is documentation.DOCS_FOLDER_UNUSABLE
    assert keep.read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_folder_that_can_t_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CaasError) as raised:
        site.build(tmp_path / "file" / "site", Silent())
    assert raised.value.problems[0].code is documentation.DOCS_FOLDER_UNUSABLE


def test_without_the_tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site, "TOOLS", ("sphinx_that_is_not_there",))
    with pytest.raises(CaasError) as raised:
        site.build(tmp_path / "site", Silent())
    assert raised.value.problems[0].code is documentation.DOCS_TOOLS_MISSING


def test_a_broken_link_leaves_the_earlier_site(tmp_path: Path) -> None:
    folder = copy_of_checkout(tmp_path / "checkout").parent
    for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / name)
    out = earlier_site(tmp_path)
    with (folder / "docs/day-two.md").open("a") as file:
        file.write("\nAnd [more](no-such-guide.md).\n")
    lines = (folder / "docs/day-two.md").read_text().splitlines()
    done = docs(out, folder)
    assert done.status == 1
    (problem,) = [line for line in done.err.splitlines() if ": CAAS-" in line]
    assert problem.startswith(f"docs/day-two.md:{len(lines)}: CAAS-2131 ")
    assert "no-such-guide" in problem
    assert (out / "index.html").read_text() == "earlier"
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".site")]
