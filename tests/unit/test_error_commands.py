"""Examples of codes that are commands: each is run in this process, and prints its code."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli import pulumi_cli
from errors import Code
from errors.registry import by_name
from stacks.paths import CHECKOUT
from tests.unit.command_line import within

COMMANDS = {name: code for name, code in by_name().items() if code.texts.at == "command"}
REMARK = re.compile(r"(, | < /dev/null).*", re.DOTALL)


def stack(folder: Path, **config: Any) -> None:
    """Writes a stack `shop` without clusters."""
    keyed = {"caas:clusters": []} | {f"caas:{key}": value for key, value in config.items()}
    (folder / "Pulumi.shop.yaml").write_text(yaml.safe_dump({"config": keyed}))


EXISTING = {"mode": "existing", "kubeconfig": "~/no-such-file"}
EXEMPTION = {
    "rule": "jobs-end",
    "resource": "a-job",
    "owner": "shop",
    "reason": "it runs for ever",
    "expires": "2099-12-31",
}
SCENES: dict[str, Callable[[Path], object]] = {
    "FILE_UNREADABLE": lambda folder: (folder / "Pulumi.shop.yaml").mkdir(),
    "NOT_UTF8": lambda folder: (folder / "Pulumi.shop.yaml").write_text("config: {}", "utf-16"),
    "FILE_TOO_LARGE": lambda folder: (folder / "Pulumi.shop.yaml").write_text("# log\n" * 1500000),
    "CONFIRMATION_NEEDED": lambda folder: stack(folder, management=EXISTING),
    "KUBECONFIG_MISSING": lambda folder: stack(folder, management=EXISTING),
    "NO_EMBEDDED_PLANE": lambda folder: stack(folder, management=EXISTING),
    "UNKNOWN_POLICY": lambda folder: stack(
        folder, policies={"levels": {"control-plane-is-even": "advisory"}}
    ),
    "BAD_POLICY_PARAMETER": lambda folder: stack(
        folder, policies={"parameters": {"audit-logs-are-kept": {"days": "a month"}}}
    ),
    "TENANT_NOT_FOUND": stack,
    "CLUSTER_WITHOUT_ISSUER": stack,
    "BAD_EXEMPTION": lambda folder: stack(folder, policies={"exemptions": [EXEMPTION]}),
}
"""The scenes that remarks of examples describe, made in the folder of the stack files."""


@pytest.fixture
def stacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the stack files, without state, kubeconfig, pulumi CLI and kubectl."""
    folder = tmp_path / "stacks"
    folder.mkdir()
    for file in (CHECKOUT / "stacks").glob("Pulumi.*.yaml"):
        shutil.copy(file, folder)
    monkeypatch.setenv("CAAS_STACKS", str(folder))
    monkeypatch.setenv("CAAS_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.setattr(pulumi_cli.shutil, "which", lambda name: None)
    return folder


@pytest.mark.parametrize("name", COMMANDS)
def test_the_command_prints_its_code(name: str, stacks: Path) -> None:
    code: Code = COMMANDS[name]
    SCENES.get(name, lambda folder: None)(stacks)
    env = {"CAAS_CACHE": str(stacks / "no-cache")} if name == "BINARIES_MISSING" else {}
    words = shlex.split(REMARK.sub("", code.texts.example))
    while "=" in words[0]:
        variable, _, env[variable] = words.pop(0).partition("=")
    assert words[0] == "./caas"
    done = within(*words[1:], env=env)
    # `doctor` succeeds where it only warns.
    assert done.status in ((0,) if words[1] == "doctor" else (1, 64))
    assert code.id in done.out + done.err


def test_every_scene_has_its_command() -> None:
    assert SCENES.keys() <= COMMANDS.keys()
