"""The arguments and input of the pulumi CLI, recorded by a stand-in."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.pulumi_cli import PulumiCli
from components.manifest import ADOPTED, adopted
from engine.objects import Key
from engine.session import Session
from plane.progress import Silent

STAND_IN = """#!/bin/sh
echo "$*;$CAAS_ADOPTED" >> "$PULUMI_HOME/calls"
"""


def test_keys_that_are_there_are_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = tmp_path / "pulumi"
    stand_in.write_text(STAND_IN)
    stand_in.chmod(0o755)
    monkeypatch.setenv("CAAS_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("CAAS_STACKS", str(tmp_path))
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path))
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}")
    (tmp_path / "Pulumi.blue.yaml").write_text("config: {}\n")
    key = Key("v1", "Secret", "clusters", "shop-encryption")
    PulumiCli(str(stand_in), Session("blue", Silent())).up(adopted=[key])
    call, there = (tmp_path / "calls").read_text().strip().split(";")
    assert call.startswith("up --yes")
    assert there == "clusters/shop-encryption"

    monkeypatch.setenv(ADOPTED, there)
    assert adopted("clusters", "shop-encryption") == "clusters/shop-encryption"
    assert adopted("clusters", "new-encryption") is None
