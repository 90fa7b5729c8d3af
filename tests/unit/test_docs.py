"""The documents: links resolve, and what they name exists."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from cli.commands import COMMANDS
from errors.registry import find
from stacks.settings import load_file

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    file.relative_to(ROOT) for pattern in ("*.md", "docs/**/*.md") for file in ROOT.glob(pattern)
)
SOURCES = (
    "cli",
    "plane",
    "engine",
    "operations",
    "stacks",
    "components",
    "policies",
    "catalog",
    "errors",
)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"\./caas ([a-z]+(?:-[a-z]+)*)")
VARIABLE = re.compile(r"\bCAAS_[A-Z_]+\b")
CODE = re.compile(r"\bCAAS-\d{4}\b")
YAML = re.compile(r"^( *)```yaml\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
each_document = pytest.mark.parametrize("path", DOCUMENTS, ids=str)


def text(path: Path) -> str:
    return (ROOT / path).read_text()


def anchors(path: Path) -> set[str]:
    """The anchors of a document: its own, and those that GitHub makes of headings."""
    own = re.findall(r'<a id="([^"]+)"></a>', text(path))
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", text(path)), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading).strip().lower() for heading in headings)
    return {*own, *(heading.replace(" ", "-") for heading in plain)}


def code_text() -> str:
    files = [file for folder in SOURCES for file in (ROOT / folder).rglob("*.py")]
    files += (ROOT / "tests/golden").glob("*.py")  # how they are recorded
    return "\n".join(file.read_text() for file in [*files, ROOT / "caas"])


def test_there_is_something_to_look_at() -> None:
    assert {Path("README.md"), Path("docs/stack-file.md")} <= set(DOCUMENTS)


def resolves(path: Path, link: str) -> bool:
    """True if the target of a link in a document exists, its heading included."""
    target, _, anchor = link.partition("#")
    file = ((ROOT / path).parent / target).resolve() if target else ROOT / path
    if not file.exists():
        return False
    return not anchor or file.suffix != ".md" or anchor in anchors(file.relative_to(ROOT))


@each_document
def test_links_resolve(path: Path) -> None:
    links = LINK.findall(FENCE.sub("", text(path)))
    own = [link for link in links if not link.startswith("https://")]
    assert not [link for link in own if not resolves(path, link)]
    # The site has no other pages, and takes a link to one for a mistake.
    pages = {
        (ROOT / path.parent / link.partition("#")[0]).resolve() for link in own if ".md" in link
    }
    assert not pages - {(ROOT / each).resolve() for each in DOCUMENTS}


@each_document
def test_named_commands_exist(path: Path) -> None:
    known = {entry.name for entries in COMMANDS.values() for entry in entries}
    assert not set(COMMAND.findall(text(path))) - known


def test_the_list_of_documents_has_every_command() -> None:
    listed = re.findall(r"^\| `\./caas ([a-z-]+)", text(Path("docs/README.md")), re.MULTILINE)
    assert listed == [entry.name for entries in COMMANDS.values() for entry in entries]


@pytest.mark.parametrize("entry", [entry for found in COMMANDS.values() for entry in found])
def test_listed_commands_have_a_module(entry: object) -> None:
    name = str(getattr(entry, "name", "")).replace("-", "_")
    assert (ROOT / f"cli/commands/{name}.py").is_file()


@each_document
def test_named_codes_exist(path: Path) -> None:
    assert not [code for code in CODE.findall(text(path)) if find(code) is None]


def test_named_variables_exist() -> None:
    named = {name for path in DOCUMENTS for name in VARIABLE.findall(text(path))}
    named -= {name for name in named if name.endswith("_")}
    assert not named - set(VARIABLE.findall(code_text()))


def test_stack_files_of_the_guides_are_good(tmp_path: Path) -> None:
    checked = 0
    for path in DOCUMENTS:
        for indent, block in YAML.findall(text(path)):
            if not block.startswith(f"{indent}config:\n"):
                continue
            file = tmp_path / f"Pulumi.{checked}.yaml"
            file.write_text(re.sub(f"^{indent}", "", block, flags=re.MULTILINE))
            assert load_file(file).all_clusters
            checked += 1
    assert checked >= 2


def test_each_decision_has_a_number_and_is_listed() -> None:
    names = sorted(file.name for file in (ROOT / "docs/adr").glob("*.md"))
    names.remove("README.md")
    assert [name[:4] for name in names] == [f"{n:04d}" for n in range(1, len(names) + 1)]
    listing = text(Path("docs/adr/README.md"))
    for number, name in enumerate(names, start=1):
        title = text(Path("docs/adr") / name).splitlines()[0]
        assert title.startswith(f"# {number}. ")
        assert f"[{title.removeprefix('# ')}]({name})" in listing


def test_images_are_shown() -> None:
    shown = {link for path in DOCUMENTS for link in LINK.findall(text(path))}
    assert not [
        str(file)
        for file in (ROOT / "docs/images").iterdir()
        if f"docs/images/{file.name}" not in shown
    ]


def test_images_load_nothing() -> None:
    for file in (ROOT / "docs/images").glob("*.svg"):
        assert not re.findall(r"(?:url\(|href=)[\"']?https?:", file.read_text())


def test_license_is_the_one_of_the_project() -> None:
    assert 'license = "Apache-2.0"' in (ROOT / "pyproject.toml").read_text()
    assert (
        "Apache License\n                           Version 2.0" in (ROOT / "LICENSE").read_text()
    )


def test_changelog_has_this_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert f"\n## {project['version']}" in text(Path("CHANGELOG.md"))
