"""The command line, run as a user runs it."""

from __future__ import annotations

import json
import subprocess
from importlib import import_module
from pathlib import Path

import pytest

from cli.app import load, main, wants_json
from cli.commands import COMMANDS
from errors.registry import all_codes
from tests.unit.command_line import ROOT, copy_of_checkout, environment, piped, terminal

ENTRIES = [entry for entries in COMMANDS.values() for entry in entries]
NAMES = [entry.name for entry in ENTRIES]
each_command = pytest.mark.parametrize("entry", ENTRIES, ids=NAMES)


def test_help_lists_every_command() -> None:
    done = piped("--help")
    assert done.status == 0
    assert done.err == ""
    assert "\x1b" not in done.out
    for entry in ENTRIES:
        assert entry.name in done.out
        assert entry.summary in done.out


def test_no_arguments_show_the_help() -> None:
    assert piped() == piped("--help") == piped("-h")


def test_help_imports_nothing_heavy() -> None:
    python = str(ROOT / ".venv/bin/python")
    program = [python, "-I", "-X", "importtime", str(ROOT / "cli/__main__.py")]
    done = piped("--help", program=program)
    imported = {line.split("|")[-1].strip().split(".")[0] for line in done.err.splitlines()}
    assert "typer" in imported
    assert not imported & {"pulumi", "pydantic", "yaml", "requests", "kubernetes", "rich"}


@each_command
def test_command_has_the_summary_of_the_list_and_examples(entry: object) -> None:
    name, summary = getattr(entry, "name", ""), getattr(entry, "summary", "")
    module = import_module(f"cli.commands.{name.replace('-', '_')}")
    assert module.command.__doc__.splitlines()[0] == summary
    assert module.EXAMPLES
    assert all(line.startswith(f"./caas {name}") for line in module.EXAMPLES)
    shown = str(load(name).help)
    assert all(line in shown and does in shown for line, does in module.EXAMPLES.items())


def test_help_of_a_command_ends_with_examples() -> None:
    done = piped("explain", "--help")
    assert done.status == 0
    assert "./caas explain CAAS-2103\n" in done.out
    assert "release to release" in " ".join(done.out.split())


def test_help_on_a_terminal_has_panels_and_colour() -> None:
    done = terminal("--help")
    assert done.status == 0
    assert "\x1b[" in done.out
    assert all(panel in done.out for panel in COMMANDS)


def test_version() -> None:
    assert piped("--version").out == "caas 0.1.0\n"
    answer = json.loads(piped("version", "--output", "json").out)
    assert answer["caas"] == "0.1.0"
    assert {"python", "pulumi", "kubernetes", "cluster-api", "etcd"} <= answer.keys()


def test_unknown_command_suggests() -> None:
    done = piped("explian")
    assert done.status == 64
    assert done.out == ""
    assert done.err.startswith("CAAS-2060 No such command 'explian'. Fix: Did you mean 'explain'?")
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["explain", "--nothing"],
        ["explain", "1", "2"],
        ["explain", "--output", "xml"],
        ["explain", "--output"],
        ["--nothing"],
        [""],
        ["version", "\N{SNOWMAN}"],
    ],
)
def test_misuse_has_a_code(arguments: list[str]) -> None:
    done = piped(*arguments)
    assert done.status == 64
    assert "CAAS-2060" in done.err
    assert "--help`" in done.err
    assert "Traceback" not in done.err


def test_misuse_as_json() -> None:
    done = piped("explain", "--output", "json", "--nothing")
    assert done.status == 64
    (problem,) = json.loads(done.err)["problems"]
    assert problem["code"] == "CAAS-2060"
    assert "--nothing" in problem["what"]


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["up", "--output", "json"], True),
        (["up", "-o", "json"], True),
        (["up", "--output=json"], True),
        (["up", "-ojson"], True),
        (["up", "--output", "table"], False),
        (["explain", "json"], False),
        ([], False),
    ],
)
def test_wants_json(arguments: list[str], wanted: bool) -> None:
    assert wants_json(arguments) is wanted


@pytest.mark.parametrize("text", ["CAAS-2060", "2060", "Usage", "usage"])
def test_explain(text: str) -> None:
    done = piped("explain", text)
    assert done.status == 0
    lines = done.out.splitlines()
    assert lines[0] == "CAAS-2060 Usage"
    assert {"Cause", "Fix", "Example"} <= set(lines)


@pytest.mark.slow
def test_explain_lists_every_code() -> None:
    done = piped("explain")
    for code in all_codes():
        assert f"{code.id}  {code.reason}" in done.out
    listed = json.loads(piped("explain", "--output", "json").out)
    assert [entry["code"] for entry in listed] == [code.id for code in all_codes()]


def test_explain_as_json() -> None:
    answer = json.loads(piped("explain", "2060", "--output", "json").out)
    assert answer["code"] == "CAAS-2060"
    assert {"reason", "summary", "cause", "fix", "example", "page"} <= answer.keys()


@pytest.mark.parametrize(("typo", "meant"), [("CASA-2060", "CAAS-2060"), ("Usagge", "CAAS-2060")])
def test_explain_a_typo(typo: str, meant: str) -> None:
    done = piped("explain", typo)
    assert done.status == 1
    assert "CAAS-2061" in done.err
    assert f"Did you mean {meant}" in done.err


def test_explain_nonsense_points_to_the_list() -> None:
    done = piped("explain", "xyzzyxyzzy")
    assert done.status == 1
    assert "Run `./caas explain`" in done.err


def test_problem_on_a_terminal_is_a_block_in_colour() -> None:
    done = terminal("explain", "xyzzyxyzzy")
    assert done.status == 1
    assert "\x1b[1;31mCAAS-2061" in done.out
    assert "./caas explain CAAS-2061" in done.out


@pytest.mark.parametrize("changes", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_colour_where_none_is_wanted(changes: dict[str, str]) -> None:
    done = terminal("explain", "xyzzyxyzzy", env=changes)
    assert "CAAS-2061" in done.out
    assert "\x1b[3" not in done.out
    assert ";31m" not in done.out


def test_a_reader_that_leaves_is_no_error() -> None:
    process = subprocess.Popen(
        [str(ROOT / "caas"), "explain"],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    with process:
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 141


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return copy_of_checkout(tmp_path).parent


def test_a_fault_in_caas_leaves_a_log_and_no_traceback(checkout: Path) -> None:
    (checkout / "pyproject.toml").write_text("this is not TOML")
    cache = checkout / "cache"
    done = piped("version", program=[str(checkout / "caas")], env={"CAAS_CACHE": str(cache)})
    assert done.status == 70
    assert "CAAS-2062" in done.err
    assert "TOMLDecodeError" in done.err
    assert "Traceback" not in done.err
    (log,) = (cache / "log").iterdir()
    assert str(log) in done.err
    assert "Traceback" in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_fault_is_logged_even_where_the_cache_is_broken(checkout: Path) -> None:
    (checkout / "pyproject.toml").write_text("this is not TOML")
    (checkout / "file").write_text("")
    env = {"CAAS_CACHE": str(checkout / "file" / "below"), "TMPDIR": str(checkout)}
    done = piped("version", program=[str(checkout / "caas")], env=env)
    assert done.status == 70
    (log,) = checkout.glob("caas-*/fault-*.log")
    assert str(log) in done.err


@pytest.mark.slow
def test_tests_pass_on_the_exit_status_and_the_closing_line(tmp_path: Path) -> None:
    file = tmp_path / "test_small.py"
    file.write_text("def test_one(): pass\ndef test_two(): assert False\n")
    options = ("-n0", "-p", "no:cacheprovider", "-q")
    done = piped("test", "--fast", "test_small.py", *options, cwd=tmp_path)
    assert done.status == 1, done.err
    assert "1 failed, 1 passed" in done.out.splitlines()[-1]
    done = piped("test", "--fast", "test_small.py::test_one", *options, cwd=tmp_path)
    assert done.status == 0
    assert "1 passed" in done.out.splitlines()[-1]


@pytest.mark.parametrize(("arguments", "builds"), [(["test"], True), (["test", "--fast"], False)])
def test_programs_are_made_before_the_tests_that_need_them(
    arguments: list[str], builds: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[object] = []
    monkeypatch.setattr("plane.binaries.ensure_everything", lambda *_: ran.append("programs"))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")

    def execve(_: str, argv: list[str], environment: dict[str, str]) -> None:
        ran.append("slow" in " ".join(argv))
        assert "PYTHONDONTWRITEBYTECODE" not in environment

    monkeypatch.setattr("os.execve", execve)
    monkeypatch.chdir(ROOT)
    assert main(arguments) == 0
    assert ran == (["programs", False] if builds else [True])


def test_the_project_is_the_one_that_runs(tmp_path: Path) -> None:
    """Packages of the same name in the user's folder or PYTHONPATH are not picked up."""
    for name in ("cli", "errors", "typer"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong one')")
    done = piped("--version", cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)})
    assert done.out == "caas 0.1.0\n"
