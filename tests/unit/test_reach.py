"""The session by management mode: what is reached, what is refused, and with which code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli import pulumi_cli
from cli.commands import destroy, down, setup, status, up
from engine.session import Session
from errors import CaasError, Code
from errors.program import (
    API_SERVER_UNREACHABLE,
    KUBECONFIG_MISSING,
    KUBECONFIG_UNUSABLE,
    NO_EMBEDDED_PLANE,
    NOT_BOOTSTRAPPED,
    PULUMI_NEEDED,
)
from plane.progress import Silent
from stacks.paths import CHECKOUT

NOBODY = "https://127.0.0.1:1"
Write = Callable[..., Session]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes the stack file of `blue`; there is no pulumi CLI."""
    monkeypatch.setenv("CAAS_STACKS", str(tmp_path))
    monkeypatch.setenv("CAAS_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.setattr(pulumi_cli.shutil, "which", lambda name: None)

    def run(**management: Any) -> Session:
        config = {"caas:management": management, "caas:clusters": []}
        (tmp_path / "Pulumi.blue.yaml").write_text(yaml.safe_dump({"config": config}))
        return Session("blue", Silent())

    return run


@pytest.fixture
def self_managed(write: Write, tmp_path: Path) -> Session:
    """The stack prod-aws of this repository, under the name blue."""
    text = (CHECKOUT / "stacks" / "Pulumi.prod-aws.yaml").read_text()
    (tmp_path / "Pulumi.blue.yaml").write_text(text)
    return Session("blue", Silent())


def kubeconfig(file: Path, server: str = NOBODY) -> Path:
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "one",
        "clusters": [{"name": "one", "cluster": {"server": server}}],
        "users": [{"name": "me", "user": {}}],
        "contexts": [{"name": "one", "context": {"cluster": "one", "user": "me"}}],
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(document))
    return file


def raised(code: Code, action: Callable[[], object]) -> CaasError:
    with pytest.raises(CaasError) as caught:
        action()
    assert [problem.code for problem in caught.value.problems] == [code]
    return caught.value


def test_an_existing_cluster_without_its_kubeconfig(write: Write, tmp_path: Path) -> None:
    session = write(mode="existing", kubeconfig=str(tmp_path / "missing"))
    assert "missing" in str(raised(KUBECONFIG_MISSING, lambda: session.api))
    raised(KUBECONFIG_MISSING, lambda: up.command("blue"))
    raised(KUBECONFIG_MISSING, lambda: status.command("blue"))
    assert "missing" in session.offline
    assert session.plan(offline=session.offline).offline


def test_an_existing_cluster_that_does_not_answer(write: Write, tmp_path: Path) -> None:
    session = write(mode="existing", kubeconfig=str(kubeconfig(tmp_path / "config")))
    problem = raised(API_SERVER_UNREACHABLE, session.open).problems[0]
    assert "setup" not in problem.fix
    assert not session.offline, "there is one, and it has to be asked"
    assert not (tmp_path / "state").exists(), "no plane is begun"


@pytest.mark.parametrize("text", ["", "- 1", "{", "kind: Config", "\x00"])
def test_a_kubeconfig_that_is_none(write: Write, tmp_path: Path, text: str) -> None:
    file = tmp_path / "config"
    file.write_text(text)
    session = write(mode="existing", kubeconfig=str(file))
    assert str(file) in str(raised(KUBECONFIG_UNUSABLE, lambda: session.api))


def test_the_context_counts(write: Write, tmp_path: Path) -> None:
    file = str(kubeconfig(tmp_path / "config"))
    session = write(mode="existing", kubeconfig=file, context="two")
    assert "two" in str(raised(KUBECONFIG_UNUSABLE, lambda: session.api))
    assert write(mode="existing", kubeconfig=file, context="one").api


@pytest.mark.slow
def test_before_the_bootstrap(self_managed: Session) -> None:
    session = self_managed
    assert "bootstrap blue" in session.offline
    for action in (lambda: session.api, session.open, lambda: up.command("blue")):
        assert "./caas bootstrap blue" in str(raised(NOT_BOOTSTRAPPED, action))
    plan = session.plan(offline=session.offline)
    assert not plan.is_empty
    assert {change.action.value for change in plan.clusters} == {"create"}


def test_while_the_bootstrap_goes_on(self_managed: Session, tmp_path: Path) -> None:
    session = self_managed
    kubeconfig(session.directory / "kubeconfig")
    (session.directory / "bootstrap").mkdir()
    assert session.api, "status and diagnose look at the bootstrapping plane"
    raised(NOT_BOOTSTRAPPED, session.open)
    raised(NOT_BOOTSTRAPPED, lambda: destroy.command("blue", yes=True))
    assert session.plane.directory == session.directory / "bootstrap"
    assert (session.directory / "kubeconfig").exists()


@pytest.mark.parametrize("command", [down.command, setup.command])
def test_there_is_no_plane_to_stop_or_start(
    write: Write, tmp_path: Path, command: Callable[[str], None]
) -> None:
    write(mode="existing", kubeconfig=str(kubeconfig(tmp_path / "config")))
    raised(NO_EMBEDDED_PLANE, lambda: command("blue"))


def test_a_broken_file_is_no_reason_to_take_a_real_cluster_for_a_plane(
    write: Write, tmp_path: Path
) -> None:
    write(mode="sideways")
    assert Session("blue", Silent()).has_plane, "nothing is there"
    kubeconfig(tmp_path / "state" / "blue" / "kubeconfig")
    with pytest.raises(CaasError):
        destroy.command("blue", yes=True)
    assert (tmp_path / "state" / "blue" / "kubeconfig").exists()
    (tmp_path / "state" / "blue" / "plane.json").write_text("{}")
    assert Session("blue", Silent()).has_plane


def test_a_cloud_needs_the_pulumi_cli(write: Write, tmp_path: Path) -> None:
    content = yaml.safe_load((CHECKOUT / "stacks" / "Pulumi.dev.yaml").read_text())
    content["config"]["caas:management"] = {"mode": "embedded"}
    (tmp_path / "Pulumi.blue.yaml").write_text(yaml.safe_dump(content))
    error = raised(PULUMI_NEEDED, lambda: up.command("blue"))
    assert "openstack" in str(error)
    assert not (tmp_path / "state").exists(), "nothing was begun"


def test_what_pulumi_made_is_never_forgotten(write: Write, tmp_path: Path) -> None:
    session = write()
    file = session.directory / "pulumi" / ".pulumi" / "stacks" / "caas" / "blue.json"
    file.parent.mkdir(parents=True)
    resources = [
        {"type": "pulumi:pulumi:Stack", "custom": False},
        {"type": "kubernetes:core/v1:Namespace", "custom": True},
    ]

    def keep(*more: dict[str, Any]) -> None:
        latest = {"resources": [*resources, *more]}
        file.write_text(json.dumps({"version": 3, "checkpoint": {"latest": latest}}))

    keep()
    assert pulumi_cli.made_by_pulumi(session) == []
    for kind in ("aws:ec2/vpc:Vpc", "kubernetes:helm.sh/v3:Release"):
        keep({"type": kind, "custom": True})
        raised(PULUMI_NEEDED, lambda: destroy.command("blue", yes=True))
    file.write_text("{")
    raised(PULUMI_NEEDED, lambda: destroy.command("blue", yes=True))
    assert file.exists()
