"""Each add-on with the smallest settings that a stack file can give it, down to the last value.

`CAAS_GOLDEN=record pytest tests/golden` writes the files anew; read the difference before you
commit it: it is what clusters get. Objects that are long texts, such as dashboards, are digests.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.addon_pages import settings_class
from components.addon import Addon
from components.mappings import Manifest
from stacks.settings.addons import Addons
from tests.addons.examples import addon

HERE = Path(__file__).parent / "addons"
FIELDS = Addons.model_fields_by_alias()
REFUSED = {"ingressNginx"}
KEYS = [key for key in FIELDS if key not in REFUSED]
LONG = 3000
"""Characters of an object that is kept as a digest."""


def kept(manifest: Manifest) -> dict[str, Any]:
    """The object, or what it is called and a digest of it."""
    text = json.dumps(manifest, sort_keys=True)
    if len(text) <= LONG:
        return manifest
    head = {key: manifest[key] for key in ("apiVersion", "kind", "metadata")}
    return head | {"sha256": hashlib.sha256(text.encode()).hexdigest()}


def golden(found: Addon) -> str:
    content = {
        "charts": [
            {"chart": chart.name, "namespace": chart.namespace, "values": chart.values}
            for chart in found.charts
        ],
        "namespaces": {name: level.value for name, level in found.namespaces.items()},
        "objects": [kept(manifest) for manifest in found.objects],
        "secrets": list(found.secrets),
    }
    header = f"# What `{found.name}` is. Written by CAAS_GOLDEN=record pytest tests/golden\n"
    text = yaml.safe_dump(
        json.loads(json.dumps(content)), sort_keys=False, width=100, allow_unicode=True
    )
    return header + text


@pytest.mark.parametrize("key", KEYS)
def test_addon(key: str) -> None:
    file = HERE / f"{key}.yaml"
    found = golden(addon(key, dict(settings_class(FIELDS[key].annotation).EXAMPLE)))
    if os.environ.get("CAAS_GOLDEN") == "record":
        file.write_text(found)
    assert file.exists(), f"record it: CAAS_GOLDEN=record pytest tests/golden -k {key}"
    assert found == file.read_text()


def test_no_golden_file_is_left_behind() -> None:
    assert {path.stem for path in HERE.glob("*.yaml")} == set(KEYS)
