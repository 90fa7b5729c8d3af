"""The files that users copy into their CI: they parse, and every command in them is one."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.app import load

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "docs/ci").glob("*.yaml"))
HOOKS = ROOT / ".pre-commit-hooks.yaml"
each_file = pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)


def scripts(value: Any) -> list[str]:
    """Every piece of shell in a file of GitHub's or GitLab's."""
    if isinstance(value, dict):
        own = value.get("run", value.get("script", []))
        found = [own] if isinstance(own, str) else list(own)
        return found + [script for each in value.values() for script in scripts(each)]
    if isinstance(value, list):
        return [script for each in value for script in scripts(each)]
    return []


def caas_lines(script: str) -> list[list[str]]:
    joined = script.replace("\\\n", " ")
    lines = re.findall(r"^\./caas [^#\n]*", joined, re.MULTILINE)
    return [shlex.split(line)[1:] for line in lines]


def understood(words: list[str]) -> bool:
    load(words[0]).make_context(words[0], words[1:])  # raises where it is not understood
    return True


@each_file
def test_every_command_is_understood(file: Path) -> None:
    lines = [
        line for script in scripts(yaml.safe_load(file.read_text())) for line in caas_lines(script)
    ]
    assert lines
    assert all(understood(line) for line in lines)


@each_file
def test_every_script_is_shell(file: Path) -> None:
    for script in scripts(yaml.safe_load(file.read_text())):
        done = subprocess.run(
            ["bash", "-n"], input=script, capture_output=True, text=True, check=False, timeout=30
        )
        assert not done.stderr
        assert "${{" not in script, "what a stranger writes would be run; pass it by `env`"


@pytest.mark.parametrize("file", [file for file in FILES if file.name.startswith("github")])
def test_jobs_of_github_may_little_and_end(file: Path) -> None:
    workflow = yaml.safe_load(file.read_text())
    assert "permissions" in workflow
    assert all("timeout-minutes" in job for job in workflow["jobs"].values())


def test_the_hook_takes_what_pre_commit_gives_it() -> None:
    (hook,) = yaml.safe_load(HOOKS.read_text())
    program, command = hook["entry"].split()
    assert (ROOT / program).exists()
    assert understood([command, "stacks/Pulumi.dev.yaml", "stacks/Pulumi.local.yaml"])
    matches = re.compile(hook["files"])
    assert all(matches.search(str(file)) for file in (ROOT / "stacks").glob("Pulumi.*.yaml"))
    assert not matches.search("Pulumi.yaml")
    assert hook["files"] in (ROOT / "docs/pull-requests.md").read_text()
