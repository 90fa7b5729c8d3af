"""`caas outputs`: from the program, or from Pulumi's state."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pulumi
import pytest

from cli.commands.outputs import command
from cli.options import Engine, Format

FILE = "config:\n  caas:clusters: []\n"


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "Pulumi.blue.yaml").write_text(FILE)
    monkeypatch.setenv("CAAS_STACKS", str(tmp_path))
    monkeypatch.setenv("CAAS_STATE", str(tmp_path / "state"))
    return "blue"


@pytest.fixture
def exporting(monkeypatch: pytest.MonkeyPatch) -> None:
    def compose(name: str, settings: object) -> None:
        made = pulumi.Output.from_input(pulumi.UNKNOWN)
        pulumi.export("network", {"id": made, "name": name})
        pulumi.export("token", pulumi.Output.secret("t0p"))
        pulumi.export("clusters", ["shop", "research"])

    monkeypatch.setattr("stacks.local.compose", compose)


Printed = Callable[[], str]


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Printed:
    return lambda: capsys.readouterr().out


@pytest.mark.usefixtures("exporting")
def test_values_before_creation_are_marked(stack: str, printed: Printed) -> None:
    command(stack, engine=Engine.IN_PROCESS)
    lines = printed().splitlines()
    assert "network   id: <known after creation>, name: blue" in lines
    assert "clusters  shop, research" in lines
    assert "token     [secret]" in lines


@pytest.mark.usefixtures("exporting")
@pytest.mark.parametrize("show_secrets", [False, True])
def test_json_is_for_scripts(stack: str, printed: Printed, show_secrets: bool) -> None:
    command(stack, Format.JSON, show_secrets=show_secrets, engine=Engine.IN_PROCESS)
    assert json.loads(printed()) == {
        "source": "program",
        "outputs": {
            "clusters": ["shop", "research"],
            "network": {"id": None, "name": "blue"},
            "token": "t0p" if show_secrets else "[secret]",
        },
        "unknown": ["network"],
    }


@pytest.mark.parametrize("applied", [True, False])
def test_the_state_is_asked_where_the_cli_is_used(
    stack: str, printed: Printed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, applied: bool
) -> None:
    stand_in = tmp_path / "pulumi"
    answer = """echo '{"vpc_id": "vpc-1"}'""" if applied else "echo no stack >&2; exit 255"
    stand_in.write_text(f"#!/bin/sh\n{answer}\n")
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}")
    command(stack, Format.JSON)
    found = json.loads(printed())
    wanted = ("state", {"vpc_id": "vpc-1"}) if applied else ("program", {"clusters": []})
    assert (found["source"], found["outputs"]) == wanted
