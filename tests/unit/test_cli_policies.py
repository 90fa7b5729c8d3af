"""`caas policies`, and what a stack file makes of the rules in `preview`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from policies.rules import RULES
from tests.unit.command_line import ROOT, Outcome, piped, within

MACHINES = "stack-has-few-machines"


def preview(folder: Path, policies: str) -> Outcome:
    """Of the stack `dev` with this below `caas:policies`."""
    text = (ROOT / "stacks/Pulumi.dev.yaml").read_text()
    said = f"  caas:policies:\n{policies}\n"
    (folder / "Pulumi.dev.yaml").write_text(text.replace("config:\n", f"config:\n{said}", 1))
    return within("preview", "dev", "--offline", env={"CAAS_STACKS": str(folder)})


@pytest.mark.slow
def test_list() -> None:
    done = piped("policies")
    assert done.status == 0
    assert f"{len(RULES)} rules" in done.out
    for rule in RULES:
        assert f"{rule.level.value:<9}  {rule.name}\n" in done.out


def test_list_for_programs() -> None:
    done = within("policies", "prod-aws", "--output", "json")
    rows = json.loads(done.out)["policies"]
    assert [row["name"] for row in rows] == [rule.name for rule in RULES]
    assert rows[0].keys() >= {"level", "severity", "description", "framework", "page"}


def test_files(tmp_path: Path) -> None:
    text = (ROOT / "stacks/Pulumi.local.yaml").read_text()
    levels = "{ jobs-end: disabled, images-are-pinned: disabled }"
    said = f"  caas:policies:\n    levels: {levels}\n"
    (tmp_path / "Pulumi.mine.yaml").write_text(text.replace("config:\n", f"config:\n{said}", 1))
    env = {"CAAS_STACKS": str(tmp_path)}
    config = json.loads(within("policies", "mine", "--pack-config", env=env).out)
    assert config == {
        "jobs-end": {"enforcementLevel": "disabled"},
        "images-are-pinned": {"enforcementLevel": "disabled"},
    }
    manifests = list(
        yaml.safe_load_all(within("policies", "mine", "--admission", "audit", env=env).out)
    )
    kinds = {each["kind"] for each in manifests}
    assert kinds == {"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"}
    actions = [each["spec"].get("validationActions", ["Audit"]) for each in manifests]
    assert actions == [["Audit"]] * len(manifests)
    assert not [each for each in manifests if "images-are-pinned" in each["metadata"]["name"]]


def test_one_file_at_a_time() -> None:
    done = within("policies", "--pack-config", "--admission", "deny")
    assert done.status == 64
    assert "separate files" in done.err


def test_a_rule_that_there_is_not(tmp_path: Path) -> None:
    done = preview(tmp_path, "    levels: { jobs-ends: advisory }")
    assert done.status == 1
    assert "Pulumi.dev.yaml:" in done.err
    assert "CAAS-4010 there is no rule `jobs-ends`. Fix: Did you mean `jobs-end`?" in done.err


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (f"    parameters: {{ {MACHINES}: {{ most: many }} }}", "CAAS-4011"),
        (
            f"    exemptions: [{{ rule: {MACHINES}, resource: a, owner: b, reason: c, "
            "expires: 2099-01-01 }]",
            "CAAS-4012",
        ),
        (
            f"    exemptions: [{{ rule: {MACHINES}, resource: a, owner: b, reason: c }}]",
            "CAAS-1021",
        ),
        ("    levels: { jobs-end: sometimes }", "CAAS-10"),
    ],
)
def test_bad_configuration(tmp_path: Path, said: str, code: str) -> None:
    done = preview(tmp_path, said)
    assert done.status == 1
    assert code in done.err
    assert "Traceback" not in done.err


@pytest.mark.slow
def test_a_refusal_stops_a_bootstrap(tmp_path: Path) -> None:
    text = (ROOT / "stacks/Pulumi.prod-aws.yaml").read_text()
    ceiling = "stack-costs-within-ceiling: { monthlyCeiling: 10 }"
    said = f"  caas:policies:\n    parameters: {{ {ceiling} }}\n"
    (tmp_path / "Pulumi.prod-aws.yaml").write_text(text.replace("config:\n", f"config:\n{said}", 1))
    done = within("bootstrap", "prod-aws", env={"CAAS_STACKS": str(tmp_path)})
    assert done.status == 1
    assert "CAAS-4001 its machines cost up to" in done.err


@pytest.mark.slow
def test_levels_and_exemptions_count_in_a_preview(tmp_path: Path) -> None:
    refusing = (
        f"    levels: {{ {MACHINES}: mandatory }}\n    parameters: {{ {MACHINES}: {{ most: 1 }} }}"
    )
    done = preview(tmp_path, refusing)
    assert done.status == 1
    assert "CAAS-4001 it may have 3 machines, more than 1" in done.err
    entry = "rule: {}, resource: sandbox-cluster, owner: ada, reason: a lab, expires: {}"
    exempt = f"{refusing}\n    exemptions: [{{ {entry.format(MACHINES, '2000-01-01')} }}]"
    done = preview(tmp_path, exempt)
    assert done.status == 1
    assert "CAAS-4013 it was exempt until 2000-01-01" in done.err
    over = f"    exemptions: [{{ {entry.format('jobs-end', '2000-01-01')} }}]"
    done = preview(tmp_path, over)
    assert done.status == 2
    assert "CAAS-4013 the exemption of `sandbox-cluster` ended on 2000-01-01; ada" in done.out
