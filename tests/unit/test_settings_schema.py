"""docs/stack.schema.json is what the settings say, and accepts what they accept."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

from stacks.settings.schema import stack_schema

CHECKOUT = Path(__file__).parents[2]


def test_file_is_up_to_date() -> None:
    written = (CHECKOUT / "docs/stack.schema.json").read_text()
    assert written == json.dumps(stack_schema(), indent=2) + "\n", "run ./caas generate"


def fields(schema: Any, path: str = "") -> list[tuple[str, dict[str, Any]]]:
    found = []
    for name, definition in schema["$defs"].items():
        found += [(f"{name}.{key}", value) for key, value in definition["properties"].items()]
    return found


def test_every_model_is_closed_and_described() -> None:
    for name, definition in stack_schema()["$defs"].items():
        if definition["type"] == "object":
            assert definition["additionalProperties"] is False, name
        assert definition["description"], name


def test_patterns_are_valid_and_defaults_match_them() -> None:
    for definition in stack_schema()["$defs"].values():
        for name, value in definition.get("properties", {}).items():
            pattern, default = value.get("pattern"), value.get("default")
            if pattern and default is not None:
                assert re.search(pattern, default), name


def test_local_stack_points_to_the_schema_and_uses_only_its_keys() -> None:
    text = (CHECKOUT / "stacks/Pulumi.local.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=../docs/stack.schema.json")
    known = stack_schema()["properties"]["config"]["properties"]
    assert set(yaml.safe_load(text)["config"]) <= set(known)
