"""The generated documents: written, verified, and up to date in this checkout."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cli.commands import COMMANDS
from cli.documents import ROOT, commands, differing, documents, index, page
from cli.settings_page import settings_page, title
from errors import command_line
from errors.registry import all_codes
from errors.texts import area
from tests.unit.command_line import Outcome, copy_of_checkout, piped

pytestmark = pytest.mark.slow  # generates every document


@pytest.fixture
def caas(tmp_path: Path) -> Path:
    """The launcher of a checkout whose documents were just generated."""
    launcher = copy_of_checkout(tmp_path)
    assert generate(launcher).status == 0
    return launcher


def generate(launcher: Path, *arguments: str) -> Outcome:
    return piped("generate", *arguments, program=[str(launcher)], cwd=launcher.parent)


def test_this_checkout_is_up_to_date() -> None:
    assert not differing(), "run ./caas generate"


def test_generate_then_verify(caas: Path) -> None:
    assert generate(caas, "--verify").out == "Every generated file is up to date.\n"
    assert generate(caas).out == "Nothing changed.\n"


@pytest.mark.parametrize(
    "name",
    ["docs/errors/README.md", "docs/commands.md", "docs/settings.md", "docs/stack.schema.json"],
)
def test_an_edited_file_is_found_and_written_again(caas: Path, name: str) -> None:
    file = caas.parent / name
    before = file.read_text()
    file.write_text(before + "by hand\n")
    done = generate(caas, "--verify")
    assert done.status == 1
    assert done.err.startswith(f"{name}: {command_line.GENERATED_FILE_STALE.id} ")
    assert len(done.err.splitlines()) == 1
    assert name in generate(caas).out
    assert file.read_text() == before


def test_a_new_code_gets_its_constant_before_the_program_is_imported(caas: Path) -> None:
    """The program uses it already, and so can't be imported; one run does it all."""
    file = caas.parent / "errors/areas/network.yaml"
    new = area("network").codes["BAD_ADDRESS"]
    file.write_text(f"""{file.read_text()}
  BRAND_NEW:
    number: 1249
    reason: BrandNew
    summary: {new.summary}
    cause: a cause
    fix: a fix
    example: none
    since: 0.1.0
""")
    user = caas.parent / "policies/reference.py"
    user.write_text(f"{user.read_text()}\nfrom errors.network import BRAND_NEW as NEW\n")
    done = generate(caas, "--verify")
    assert done.status == 1
    assert done.err.startswith("errors/network.py: ")
    done = generate(caas)
    assert done.status == 0, done.err
    assert "docs/errors/README.md" in done.out
    assert (
        'BRAND_NEW = Code(1249, "BrandNew", "network")'
        in (caas.parent / "errors/network.py").read_text()
    )
    assert generate(caas, "--verify").status == 0


def test_nothing_else_is_touched(caas: Path) -> None:
    folders = {path.split("/")[0] for path in documents()}
    assert folders == {"catalog", "docs", "errors"}
    assert caas.parent != ROOT


def test_schema_is_one() -> None:
    schema = json.loads(documents()["docs/stack.schema.json"])
    assert schema["type"] == "object"
    assert "$schema" in schema


def test_commands_page_has_every_command_with_an_example() -> None:
    text = commands()
    for entries in COMMANDS.values():
        for entry in entries:
            assert f"\n### {entry.name}\n" in text
            assert f"\n$ ./caas {entry.name}" in text
    assert "\x1b" not in text


def test_index_has_an_anchor_for_every_code_and_on_the_site_a_link() -> None:
    text, site = index(), index(site=True)
    for code in all_codes():
        assert f'<a id="{code.page.partition("#")[2]}"></a>{code.id}' in text
        assert f"({code.id}.md)" in site


def test_page_has_everything() -> None:
    code = command_line.USAGE
    text = page(code)
    for part in (code.id, code.reason, code.summary, code.cause, code.fix, code.texts.example):
        assert part in text


def test_settings_page_has_every_key_once_with_its_words() -> None:
    schema = json.loads((ROOT / "docs/stack.schema.json").read_text())
    text = settings_page(schema)
    sections = dict(section.split("\n", 1) for section in text.split("\n## ")[1:])
    objects = {
        title(name): definition
        for name, definition in schema["$defs"].items()
        if "properties" in definition
    }
    assert set(sections) == {"config", *objects}
    for name, definition in objects.items():
        for key, field in definition["properties"].items():
            rows = re.findall(rf"^\| `{re.escape(key)}` \|.*$", sections[name], re.MULTILINE)
            assert len(rows) == 1, (name, key)
            words = " ".join(field.get("description", "").replace("|", "\\|").split())
            assert rows[0].endswith(f"| {words} |") or "$ref" in field


def test_settings_page_says_what_values_may_be() -> None:
    text = settings_page(
        {
            "properties": {"config": {"properties": {"caas:x": {"$ref": "#/$defs/a__b__X"}}}},
            "$defs": {
                "a__b__X": {
                    "description": "An X.",
                    "required": ["name"],
                    "properties": {
                        "name": {"type": "string", "examples": ["one"], "description": "a|b"},
                        "count": {"type": "integer", "minimum": 0, "maximum": 9, "default": 3},
                        "kind": {"$ref": "#/$defs/Kind", "default": "red"},
                        "parts": {"type": "array", "items": {"$ref": "#/$defs/a__b__X"}},
                        "labels": {"type": "object", "additionalProperties": {"type": "boolean"}},
                        "other": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                    },
                },
                "Kind": {"enum": ["red", "blue"]},
            },
        }
    )
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert rows == [
        "| `caas:x` | [X (a)](#x-a) | none | An X. |",
        "| `name` | text, as `one` |  | a\\|b |",
        "| `count` | integer, 0 to 9 | `3` |  |",
        "| `kind` | `red`, `blue` | `red` |  |",
        "| `parts` | list of [X (a)](#x-a) | none |  |",
        "| `labels` | map to yes or no | none |  |",
        "| `other` | text | none |  |",
    ]
