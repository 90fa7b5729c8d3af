"""`./caas new`: for every infrastructure a file that holds, and a plain error for what is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from cli.app import main
from cli.check.side_by_side import check_all
from cli.commands.new import usual_version
from components.infrastructure.question import Scope
from components.infrastructure.registry import BUILT_IN, infrastructure, infrastructures
from stacks.new_stack import Asked, NewStack, scalar
from stacks.settings.load import load_file
from stacks.settings.stack import ManagementMode
from tests.unit.command_line import terminal


def modes(provider: str) -> list[ManagementMode]:
    if infrastructure(provider).IN_CONTAINERS:
        return [ManagementMode.EMBEDDED]
    if infrastructure(provider).PROVIDER is None:
        return [ManagementMode.EMBEDDED, ManagementMode.EXISTING]
    return [ManagementMode.SELF_MANAGED, ManagementMode.EXISTING]


CASES = [(provider, mode) for provider in sorted(BUILT_IN) for mode in modes(provider)]
each_case = pytest.mark.parametrize(("provider", "mode"), CASES)


@pytest.fixture
def stacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CAAS_STACKS", str(tmp_path))
    return tmp_path


def options(name: str, provider: str, mode: ManagementMode) -> list[str]:
    """A command line with the example of every question; addresses of clusters differ."""
    new = NewStack(name, provider, mode, "orders", usual_version(provider))
    arguments = ["new", name, "--infrastructure", provider, "--management", mode]
    for number, asked in enumerate(new.questions()):
        value = example(asked)
        if asked.question.scope is Scope.ONE_CLUSTER:
            value = re.sub(r"\d+$", str(10 + number), value)
        arguments += ["--set", f"{asked.key}={value}"]
    return arguments


def example(asked: Asked) -> str:
    text = asked.question.example
    assert text, f"{asked.key} has no example"
    return text.replace("…", "caas")


@pytest.mark.slow
def test_what_it_writes_passes_the_check(stacks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {}
    for provider in sorted(BUILT_IN):
        name, mode = f"new-{provider}", modes(provider)[0]
        assert main(options(name, provider, mode)) == 0, capsys.readouterr().err
        files[name] = stacks / f"Pulumi.{name}.yaml"
    for checked in check_all(list(files.values()), None, lambda _: None):
        assert not checked.errors, (checked.stack, checked.errors)


@each_case
def test_what_it_writes_is_short_and_valid(
    stacks: Path, provider: str, mode: ManagementMode, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(options("mine", provider, mode)) == 0, capsys.readouterr().err
    file = stacks / "Pulumi.mine.yaml"
    lines = file.read_text().splitlines()
    assert all(len(line) <= 140 for line in lines)
    assert len(lines) < 60
    settings = load_file(file)
    assert settings.management.mode is mode
    assert [cluster.name for cluster in settings.clusters] == ["orders"]


@each_case
def test_every_example_is_valid_and_nonsense_is_not(provider: str, mode: ManagementMode) -> None:
    new = NewStack("mine", provider, mode, "orders", "1.36.3")
    for asked in new.questions():
        new.read(asked, example(asked))
        with pytest.raises(ValidationError):
            new.read(asked, "!" if asked.question.path[-1] == "allowed" else "")


def test_without_a_terminal_every_missing_value_is_named(
    stacks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", "mine", "--infrastructure", "aws"]) == 1
    said = capsys.readouterr().err
    assert said.count("CAAS-2066") == 3
    assert "--set account=123456789012" in said
    assert main(["new", "mine"]) == 1
    assert "CAAS-2066" in capsys.readouterr().err
    assert not list(stacks.iterdir())


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["--infrastructure", "awz"], "Did you mean `aws`?"),
        (["--infrastructure", "in-memory", "--cluster", "UPPER"], "orders"),
        (["--infrastructure", "openstack", "--cluster", "management"], "orders"),
        (["--infrastructure", "in-memory", "--kubernetes", "1.36.99"], "1.36.3"),
        (["--infrastructure", "in-memory", "--kubernetes", "latest"], "1.36.3"),
        (["--infrastructure", "aws", "--set", "acount=123456789012"], "Did you mean `account`?"),
        (["--infrastructure", "aws", "--set", "account=12"], "123456789012"),
        (["--infrastructure", "aws", "--set", "account"], "--set region=eu-central-1"),
        (["--infrastructure", "in-memory", "--set", "region=x"], "takes none"),
    ],
)
def test_a_bad_value_is_refused_with_a_hint(
    stacks: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], hint: str
) -> None:
    assert main(["new", "mine", *arguments]) == 1
    said = capsys.readouterr().err
    assert "CAAS-2067" in said
    assert hint in said
    assert not list(stacks.iterdir())


@pytest.mark.parametrize("name", ["Mine", "a/b", "..", "-x", "x" * 64, "settings", "environment"])
def test_a_name_that_no_stack_can_have(
    stacks: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert main(["new", "--infrastructure", "in-memory", "--", name]) == 1
    assert "CAAS-2067" in capsys.readouterr().err
    assert not list(stacks.iterdir())


def test_a_file_that_is_there_stays_as_it_is(
    stacks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = stacks / "Pulumi.mine.yaml"
    file.write_text("mine")
    assert main(["new", "mine", "--infrastructure", "in-memory"]) == 1
    assert "CAAS-2065" in capsys.readouterr().err
    assert file.read_text() == "mine"


def test_a_folder_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CAAS_STACKS", str(tmp_path / "none"))
    assert main(["new", "mine", "--infrastructure", "in-memory"]) == 1
    assert "CAAS-2068" in capsys.readouterr().err


def test_a_rule_between_values_is_said_before_the_file_is_written(
    stacks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["new", "mine", "--infrastructure", "in-memory", "--control-plane", "2"]
    assert main(arguments) == 1
    said = capsys.readouterr().err
    assert "CAAS-1" in said
    assert "/tmp" not in said
    assert not list(stacks.iterdir())


def test_a_plug_in_without_questions_is_asked_for_what_it_requires() -> None:
    """`Infrastructure.questions` by default: every setting that has no default, also nested."""
    questions = super(infrastructure("azure"), infrastructure("azure")).questions("")
    assert ("identity", "clientId") in [question.path for question in questions]
    assert ("subscription",) in [question.path for question in questions]
    assert all(question.text for question in questions)


@pytest.mark.slow
def test_on_a_terminal_it_asks_until_the_answer_is_valid(stacks: Path) -> None:
    keys = {
        "Infrastructure (": "aws\n",
        "Name of the cluster": "\n",
        "Kubernetes version": "\n",
        "Control-plane machines": "many\n",
        "is not a number of machines": "1\n",
        "Workers": "\n",
        "AWS region, for": "eu-central-1\n",
        "Number of the AWS account": "12\n",
        "is not valid as `account`": "123456789012\n",
        "Addresses that may reach": "203.0.113.0/24, 198.51.100.7/32\n",
    }
    done = terminal("new", "mine", env={"CAAS_STACKS": str(stacks)}, keys=keys)
    assert done.status == 0, done.out
    assert "./caas bootstrap mine" in done.out
    config = yaml.safe_load((stacks / "Pulumi.mine.yaml").read_text())["config"]
    assert config["caas:infrastructure"]["account"] == "123456789012"
    endpoint = config["caas:clusters"][0]["controlPlane"]["endpoint"]
    assert endpoint == {"public": True, "allowed": ["203.0.113.0/24", "198.51.100.7/32"]}


@pytest.mark.slow
def test_ctrl_c_and_the_end_of_the_input_write_nothing(stacks: Path) -> None:
    for key, status in (("\x03", 130), ("\x04", 1)):
        env = {"CAAS_STACKS": str(stacks)}
        done = terminal("new", "mine", env=env, keys={"Name of the cluster": key, "Infra": "\n"})
        assert done.status == status, done.out
        assert "Traceback" not in done.out
    assert not list(stacks.iterdir())


def test_scalars_mean_the_same_to_every_reader_of_yaml() -> None:
    texts = ["yes", "on", "0700", "1_000", "2026-01-01", "12:30", "1e3", "~", "a: b", "#", "é", "n"]
    for text in texts:
        assert scalar(text).startswith('"'), text
    for value in (*texts, "eu-central-1", "https://a.example.com:5000/v3", True, 3, ["a", "1"]):
        assert yaml.safe_load(scalar(value)) == value


def test_every_infrastructure_can_be_named() -> None:
    assert set(BUILT_IN) <= set(infrastructures())
