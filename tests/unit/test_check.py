"""`caas check` as a user runs it, on this checkout and in a git repository with a changed file."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cli.check import side_by_side
from cli.check.base import Base
from cli.check.found import Checked
from engine import session
from errors import check as codes
from errors.stack_rules import DOWNGRADE
from plane.progress import Silent
from stacks.settings.source import Source, read, stack_name
from tests.stack_files import stack_files
from tests.unit.command_line import ROOT, Outcome, copy_of_checkout, environment, piped, terminal

pytestmark = pytest.mark.slow  # runs `./caas check` on branches of a temporary repository

STACKS = sorted(map(stack_name, stack_files()))
GIT = ("git", "-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=0")
MINE = """config:
  caas:clusters:
    - name: shop
      version: 1.36.1
      labels: {tier: production}
      controlPlane: {replicas: 3}
      workerPools: [{name: general, replicas: 2}]
    - name: old
      version: 1.36.1
      controlPlane: {replicas: 1}
"""


def git(folder: Path, *arguments: str) -> None:
    subprocess.run([*GIT, *arguments], cwd=folder, check=True, capture_output=True, timeout=60)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A separate repository with this program, one stack `mine`, and a branch that is checked
    out; `main` is what it left."""
    folder = tmp_path / "repository"
    folder.mkdir()
    copy_of_checkout(folder)
    shutil.copy(ROOT / "__main__.py", folder)
    shutil.copy(ROOT / "Pulumi.yaml", folder)
    for file in (folder / "stacks").glob("Pulumi.*.yaml"):
        file.unlink()
    stack(folder).write_text(MINE)
    (folder / ".gitignore").write_text(".venv\n__pycache__/\n")
    git(folder, "init", "--initial-branch=main")
    git(folder, "add", ".")
    git(folder, "commit", "--message=before")
    git(folder, "switch", "--create=change")
    return folder


def stack(folder: Path, name: str = "mine") -> Path:
    return folder / "stacks" / f"Pulumi.{name}.yaml"


def change(folder: Path, old: str, new: str) -> None:
    text = stack(folder).read_text()
    assert old in text
    stack(folder).write_text(text.replace(old, new, 1))


def check(folder: Path, *arguments: str, **env: str | None) -> Outcome:
    forge = {"GITHUB_REPOSITORY": None, "CI_PROJECT_URL": None}
    program = [str(folder / "caas")]
    return piped("check", *arguments, program=program, cwd=folder, env=forge | env)


def test_every_stack_of_this_repository_is_clean() -> None:
    done = piped("check", *STACKS, "--output", "json")
    assert done.status == 0, done.out
    found = json.loads(done.out)
    assert [each["stack"] for each in found["stacks"]] == STACKS
    assert found["errors"] == 0
    for each in found["stacks"]:
        assert each["clusters"] > 0
        assert each["objects"] > each["clusters"]
        assert each["change"] is None


def test_what_a_branch_does_is_said_as_preview_says_it(repository: Path) -> None:
    change(repository, "version: 1.36.1", "version: 1.37.2")
    change(repository, "replicas: 2", "replicas: 3")
    git(repository, "commit", "--all", "--message=upgrade")
    git(repository, "switch", "main")
    stack(repository, "later").write_text(MINE)  # what the base gets meanwhile is not ours
    git(repository, "add", ".")
    git(repository, "commit", "--message=meanwhile")
    git(repository, "switch", "change")
    done = check(repository, "--against", "main", "--output", "json")
    assert done.status == 0, done.err
    (found,) = json.loads(done.out)["stacks"]
    assert found["change"]["summary"] == [
        "cluster `shop`: Kubernetes 1.36.1 → 1.37.2; control plane: 3 machines replaced one at a "
        "time; pool `general`: 2 machines replaced, none unavailable, 1 machine added"
    ]
    shop = next(each for each in found["change"]["clusters"] if each["name"] == "shop")
    assert shop["version"] == {"from": "1.36.1", "to": "1.37.2", "steps": ["1.37.2"]}
    assert found["findings"] == []
    machines = found["estimate"]["lines"][0]
    assert (machines["before"], machines["after"]) == (6, 7)


def test_annotations_of_a_real_difference(repository: Path) -> None:
    change(repository, "- name: old\n      version: 1.36.1", "- name: old\n      version: 1.35.4")
    change(repository, "{replicas: 1}", "{replicas: 1}\n      color: red")
    done = check(repository, "--against", "main", "--output", "github")
    assert done.status == 1
    (line,) = done.out.splitlines()
    assert line.startswith(
        "::error file=stacks/Pulumi.mine.yaml,line=11,col=7,title=CAAS-1020 UnknownKey::"
    )
    change(repository, "\n      color: red", "")
    done = check(repository, "--against", "main", "--output", "github")
    assert done.status == 1
    (line,) = done.out.splitlines()
    assert line.startswith(
        f"::error file=stacks/Pulumi.mine.yaml,line=9,col=16,title={DOWNGRADE.id} Downgrade::"
    )
    assert "runs 1.36.1 and cannot go back to 1.35.4" in line


def test_only_new_findings_count(repository: Path) -> None:
    change(repository, "replicas: 3", "replicas: 1")  # a mandatory policy refuses it
    git(repository, "commit", "--all", "--message=bad")
    assert check(repository).status == 1
    stack(repository).write_text(f"# moved by a line\n{stack(repository).read_text()}")
    done = check(repository, "--against", "change", "--output", "json")
    assert done.status == 0
    (found,) = json.loads(done.out)["stacks"]
    assert [each["rule"] for each in found["known"]] == ["production-control-plane-is-redundant"]
    assert found["findings"] == []
    done = check(repository, "--against", "main", "--output", "json")
    assert done.status == 1
    (found,) = json.loads(done.out)["stacks"]
    (refused,) = found["findings"]
    assert (refused["code"], refused["level"]) == ("CAAS-4001", "error")
    assert (refused["where"]["line"], refused["where"]["cluster"]) == (4, "shop")
    change(repository, "replicas: 1", "replicas: 3")
    done = check(repository, "--against", "change")
    assert done.status == 0
    assert "1 finding mended" in done.out


def test_a_stack_that_a_branch_does_not_touch_stays(repository: Path) -> None:
    """The program of `mine` runs once; changes of another stack's file and a text don't count."""
    stack(repository, "other").write_text(MINE)
    git(repository, "add", ".")
    git(repository, "commit", "--message=other")
    change(repository, "replicas: 2", "replicas: 3")
    (repository / "README.md").write_text("A text.\n")
    done = check(repository, "--against", "change", "--output", "json")
    mine, other = json.loads(done.out)["stacks"]
    assert mine["change"]["objects"] == ["~ Cluster clusters/shop"]
    assert other["change"]["objects"] == []
    machines = other["estimate"]["lines"][0]
    assert machines["before"] == machines["after"] == 6


@pytest.mark.parametrize(
    ("changed", "concerned"),
    [
        (["stacks/Pulumi.dev.yaml"], ["dev"]),
        (["README.md", "docs/day-two.md", "tests/golden/dev.yaml"], []),
        (["stacks/Pulumi.dev.yaml", "catalog/versions.yaml"], ["dev", "local"]),
        (["my-prices.yaml"], ["dev", "local"]),
    ],
)
def test_which_stacks_a_change_concerns(changed: list[str], concerned: list[str]) -> None:
    base = Base("", ROOT, ROOT, frozenset(ROOT / name for name in changed))
    assert [each for each in ("dev", "local") if base.concerns(stack(ROOT, each))] == concerned


def test_stacks_that_come_and_go(repository: Path) -> None:
    stack(repository, "new").write_text(MINE)
    stack(repository).unlink()
    done = check(repository, "--against", "main", "--output", "json")
    assert done.status == 0
    found = json.loads(done.out)
    (new,) = found["stacks"]
    assert [each["action"] for each in new["change"]["clusters"]] == ["create", "create"]
    (gone,) = found["removed"]
    assert gone["code"] == codes.STACK_FILE_REMOVED.id
    assert gone["where"]["file"].endswith("stacks/Pulumi.mine.yaml")


def test_a_base_that_is_broken_or_older_stops_nobody(repository: Path) -> None:
    good = stack(repository).read_text()
    stack(repository).write_text("config: [")
    git(repository, "commit", "--all", "--message=broken")
    stack(repository).write_text(good)
    done = check(repository, "--against", "change")
    assert done.status == 0
    assert codes.BASE_UNUSABLE.id in done.out
    worker = repository / "cli/check/worker.py"
    kept = worker.read_text()
    worker.unlink()  # as in a release that had no such command
    git(repository, "commit", "--all", "--message=older")
    worker.write_text(kept)
    done = check(repository, "--against", "change", "--output", "json")
    (found,) = json.loads(done.out)["stacks"]
    assert [each["code"] for each in found["findings"]] == [codes.BASE_UNUSABLE.id]
    assert found["change"] is None


def test_a_base_is_of_the_program_too(repository: Path) -> None:
    """The program of the base is run, not this one over the old file."""
    main = repository / "stacks/local.py"
    main.write_text(
        main.read_text()
        + "\n\n_made = compose\n\n\ndef compose(stack, settings):  # noqa\n"
        + "    from dataclasses import replace  # noqa\n"
        + "    clusters = tuple(c for c in settings.clusters if c.name != 'old')\n"
        + "    _made(stack, settings.model_copy(update={'clusters': clusters}))\n"
    )
    done = check(repository, "--against", "main")
    assert done.status == 0, done.out
    assert "cluster `old`: deleted, with its 1 machine" in done.out


def test_a_reference_that_git_does_not_know(repository: Path) -> None:
    done = check(repository, "--against", "no-such-branch")
    assert done.status == 1
    assert codes.BASE_NOT_FOUND.id in done.err
    done = check(repository, "--against", "--upload-pack=touch /tmp/x")
    assert done.status == 1
    assert codes.BASE_NOT_FOUND.id in done.err


def test_no_repository_at_all(tmp_path: Path) -> None:
    shutil.copy(ROOT / "stacks/Pulumi.local.yaml", tmp_path)
    environ = {"CAAS_STACKS": str(tmp_path), "GIT_CEILING_DIRECTORIES": str(tmp_path.parent)}
    assert codes.BASE_NOT_FOUND.id in piped("check", "--against", "main", env=environ).err
    done = piped("check", env=environ)
    assert done.status == 0
    assert "local: 2 clusters" in done.out


def test_nothing_to_check(tmp_path: Path) -> None:
    done = piped("check", env={"CAAS_STACKS": str(tmp_path)})
    assert done.status == 1
    assert codes.NOTHING_TO_CHECK.id in done.err


def test_a_path_is_a_stack_and_reports_go_to_files(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.own.yaml"
    file.write_text(MINE.replace("name: general", "name: GENERAL"))
    reports = {name: tmp_path / name for name in ("xml", "sarif", "md", "json")}
    forms = zip(("junit", "sarif", "markdown", "json"), reports.values(), strict=True)
    options = [f"--output={form}={path}" for form, path in forms]
    done = piped("check", str(file), "-o", "table", *options)
    assert done.status == 1
    assert "own: can't be evaluated" in done.out
    suites = ElementTree.parse(reports["xml"]).getroot()  # noqa: S314 - our own
    assert suites.get("failures") == "1"
    (result,) = json.loads(reports["sarif"].read_text())["runs"][0]["results"]
    assert result["ruleId"] in reports["md"].read_text()
    assert json.loads(reports["json"].read_text())["errors"] == 1


def test_a_report_that_can_not_be_written(tmp_path: Path) -> None:
    done = piped("check", "local", f"--output=sarif={tmp_path}/no/where.sarif")
    assert done.status == 1
    assert codes.REPORT_NOT_WRITABLE.id in done.err


def test_a_form_that_there_is_not() -> None:
    done = piped("check", "--output", "yaml")
    assert done.status == 64
    assert "table, json, junit, sarif, github, markdown" in done.err


def test_a_check_that_is_killed_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "Pulumi.mine.yaml"
    file.write_text(MINE)
    monkeypatch.setattr(side_by_side, "LIMIT", 0.0)
    found: list[Checked] = []
    (checked,) = side_by_side.check_all([file], None, found.append)
    assert found == [checked]
    (finding,) = checked.findings
    assert finding.problem.code == codes.CHECK_FAILED
    assert not finding.advice


def test_interrupted_it_leaves_nothing(repository: Path, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    done = terminal(
        "check",
        "--against=main",
        program=[str(repository / "caas")],
        cwd=repository,
        env={"TMPDIR": str(temporary)},
        keys={"check": "\x03"},
    )
    assert done.status == 130, done.out
    assert "Interrupted" in done.out
    assert "Traceback" not in done.out
    assert list(temporary.iterdir()) == []
    git_status = subprocess.run(
        ["git", "status", "--short"], cwd=repository, capture_output=True, text=True, check=True
    )
    assert git_status.stdout == ""
    running = subprocess.run(
        ["ps", "-eo", "args"], capture_output=True, text=True, check=True, env=environment()
    )
    assert str(repository) not in running.stdout


def test_a_place_costs_no_reading_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand clusters ask for two places each."""
    (tmp_path / "Pulumi.mine.yaml").write_text(MINE)
    monkeypatch.setenv("CAAS_STACKS", str(tmp_path))
    opened: list[Path] = []

    def counting(path: Path) -> Source:
        opened.append(path)
        return read(path)

    monkeypatch.setattr(session, "read", counting)
    found = session.Session("mine", Silent())
    lines = [found.place(name, "version").line for name in ("shop", "old", "shop")]
    assert lines == [4, 9, 4]
    assert len(opened) == 1
