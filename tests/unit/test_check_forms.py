"""The forms of a check: what each reader of reports wants, down to the last escape."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from cli.check import github, junit, markdown, sarif, words
from cli.check.found import Checked, StackChange, StackFinding
from cli.check.report import CheckReport, forge
from errors import Problem, Where
from errors.policy import POLICY_ADVICE, POLICY_VIOLATED
from errors.stack_file import UNKNOWN_KEY
from stacks.paths import CHECKOUT

FILE = CHECKOUT / "stacks" / "Pulumi.dev.yaml"
SCHEMAS = Path(os.environ.get("CAAS_SCHEMAS", CHECKOUT.parent / "shared/upstream/schemas"))
"""The folder of sarif-2.1.0.json and junit-10.xsd, which are not part of this repository."""
BROKEN = StackFinding(
    Problem(
        UNKNOWN_KEY,
        "the key `a<b>%, c:d\ne` is \x07 wrong",
        Where(file=str(FILE), line=3, column=7, path="clusters[0]"),
        why="100% sure",
        fix="Write it\r\notherwise.",
    )
)
ADVICE = StackFinding(
    Problem(POLICY_ADVICE, "no workers", Where(cluster="shop"), why="rule: says so"),
    advice=True,
    rule="production-has-workers",
)
REFUSED = StackFinding(
    Problem(POLICY_VIOLATED, "one machine", Where(file=str(FILE), cluster="shop")),
    rule="control-plane-is-odd",
)
PRICES = {"currency": "USD", "pricesOf": "2026-11-22"}
GROUP = {"created": 1, "replaced": 3, "deleted": 0, "autoscaled": None}
CHANGED = StackChange(
    ["cluster `shop`: Kubernetes 1.36.3 → 1.37.2"],
    [{"controlPlane": GROUP, "workers": [GROUP | {"autoscaled": {"min": 1, "max": 3}}]}],
    ["~ Cluster clusters/shop"],
    ["+ aws Vpc main"],
    [{"approver": "platform", "tenant": "shop", "reasons": ["quota of `shop`"]}],
)


@pytest.fixture(autouse=True)
def no_forge(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests may run in a job of a forge themselves."""
    for name in ("GITHUB_REPOSITORY", "CI_PROJECT_URL"):
        monkeypatch.delenv(name, raising=False)


def checked(*findings: StackFinding, **more: Any) -> Checked:
    return replace(Checked("dev", FILE, tuple(findings), clusters=1, objects=4), **more)


def report(*findings: StackFinding, **more: Any) -> CheckReport:
    quiet = Checked("quiet", FILE, change=StackChange(), clusters=2, objects=5)
    return CheckReport([checked(*findings, **more), quiet], "main", "0123456789")


EVERYTHING = report(BROKEN, ADVICE, REFUSED, change=CHANGED, known=(REFUSED,), mended=1)


def test_a_stack_survives_the_way_to_another_process() -> None:
    stack = EVERYTHING.stacks[0]
    assert Checked.of(json.loads(json.dumps(stack.as_dict()))) == stack


def test_a_finding_of_another_release_is_left_out() -> None:
    assert StackFinding.of(BROKEN.as_dict() | {"code": "CAAS-9999"}) is None


def test_what_was_there_before_is_told_apart_wherever_it_moved() -> None:
    moved = replace(BROKEN.problem, where=Where(file="/elsewhere", line=99))
    twice = checked(BROKEN, REFUSED, REFUSED)
    found = twice.since([replace(BROKEN, problem=moved), REFUSED, ADVICE])
    assert found.findings == (REFUSED,)
    assert found.known == (BROKEN, REFUSED)
    assert found.mended == 1


def test_objects_that_have_the_same_fault_are_told_apart() -> None:
    fault = Problem(POLICY_ADVICE, "all 2 pods may be on one machine", Where(object="Deployment/a"))
    one = StackFinding(fault, advice=True, rule="replicas-are-spread")
    other = replace(one, problem=replace(fault, where=Where(object="Deployment/b")))
    assert checked(other).since([one]).findings == (other,)
    both = report(one, other)
    first, second = json.loads(sarif.text(both, "0.1.0"))["runs"][0]["results"]
    assert first["partialFingerprints"] != second["partialFingerprints"]
    forms = [form.text(both) for form in (github, junit, markdown)]
    for text in (*forms, "\n".join(line for line, _ in words.lines(both)), json.dumps(second)):
        assert "Deployment/b: all 2 pods may be on one machine" in text


def test_words_say_what_changes_and_what_is_wrong() -> None:
    text = "\n".join(line for line, _ in words.lines(EVERYTHING))
    assert "cluster `shop`: Kubernetes 1.36.3 → 1.37.2" in text
    assert "machines: at least 2 made, 6 replaced" in text
    assert "stacks/Pulumi.dev.yaml:3:7: CAAS-1020 the key" in text
    assert "1 finding as before" in text
    assert "1 finding mended" in text
    assert "2 stacks checked: 2 problems, 1 warning, new since main." in text


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (100.0, 250.5, "100.00 → 250.50 USD a month"),
        (100.0, 100.0, "100.00 USD a month"),
        ({"min": 1, "max": 2}, 3, "1.00 to 2.00 → 3.00 USD a month"),
    ],
)
def test_costs_are_said_before_and_after(before: object, after: object, said: str) -> None:
    estimate = PRICES | {"monthlyBefore": before, "monthlyAfter": after}
    stack = replace(EVERYTHING.stacks[0], estimate=estimate)
    assert said in markdown.text(replace(EVERYTHING, stacks=[stack]))


def test_github_escapes_what_means_something_to_it() -> None:
    first, *_ = github.text(report(BROKEN)).splitlines()
    assert first.startswith(
        "::error file=stacks/Pulumi.dev.yaml,line=3,col=7,title=CAAS-1020 UnknownKey::"
    )
    message = first.partition(" UnknownKey::")[2]
    assert "`a<b>%25, c:d%0Ae`" in message
    assert "(100%25 sure).%0AFix: Write it%0D%0Aotherwise." in message


def test_github_escapes_properties_further() -> None:
    assert github.escaped("a:b,c%d\n", github.PROPERTY) == "a%3Ab%2Cc%25d%0A"


def test_github_warns_of_advice_and_names_the_rule() -> None:
    (line,) = github.text(report(ADVICE)).splitlines()
    assert line.startswith("::warning title=CAAS-4002 production-has-workers::no workers")


def test_junit_counts_and_speaks_only_what_xml_can() -> None:
    text = junit.text(report(BROKEN, ADVICE))
    root = ElementTree.fromstring(text)  # noqa: S314 - our own
    assert (root.get("tests"), root.get("failures")) == ("3", "1")
    dev, quiet = root.findall("testsuite")
    broken, advice = dev.findall("testcase")
    failure = broken.find("failure")
    assert failure is not None
    assert failure.get("type") == "CAAS-1020"
    assert "\N{REPLACEMENT CHARACTER} wrong" in str(failure.get("message"))
    assert "stacks/Pulumi.dev.yaml:3:7" in str(failure.text)
    assert advice.find("failure") is None
    assert "no workers" in str(advice.findtext("system-out"))
    assert [case.get("name") for case in quiet.findall("testcase")] == ["no findings"]


def test_sarif_has_what_the_standard_requires() -> None:
    document = json.loads(sarif.text(EVERYTHING, "0.1.0"))
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [
        "CAAS-1020",
        "CAAS-4002/production-has-workers",
        "CAAS-4001/control-plane-is-odd",
    ]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning")
        assert result["message"]["text"]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {
        "uri": "stacks/Pulumi.dev.yaml",
        "uriBaseId": "%SRCROOT%",
    }
    assert place["region"] == {"startLine": 3, "startColumn": 7}
    assert "locations" not in run["results"][1]


def test_sarif_recognises_a_finding_again_on_another_line() -> None:
    moved = replace(BROKEN, problem=replace(BROKEN.problem, where=Where(file=str(FILE), line=80)))
    results = [
        json.loads(sarif.text(report(each), "0.1.0"))["runs"][0]["results"][0]
        for each in (BROKEN, moved)
    ]
    assert results[0]["partialFingerprints"] == results[1]["partialFingerprints"]


def test_sarif_passes_its_schema() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = schema_file("sarif-2.1.0.json")
    validator = jsonschema.validators.validator_for(rules := json.loads(schema.read_text()))
    found = json.loads(sarif.text(EVERYTHING, "0.1.0"))
    errors = validator(rules, format_checker=validator.FORMAT_CHECKER).iter_errors(found)
    assert not [error.message for error in errors]


def test_junit_passes_its_schema() -> None:
    xmlschema = pytest.importorskip("xmlschema", reason="the package xmlschema is not installed")
    schema = xmlschema.XMLSchema(str(schema_file("junit-10.xsd")))
    assert not list(schema.iter_errors(junit.text(EVERYTHING)))


def schema_file(name: str) -> Path:
    path = SCHEMAS / name
    if not path.exists():
        pytest.skip(f"{name} is not in {SCHEMAS} (set $CAAS_SCHEMAS)")
    return path


def test_markdown_says_everything_once() -> None:
    text = markdown.text(EVERYTHING)
    assert text.startswith(markdown.MARK)
    assert "### ❌ caas check: 2 problems, 1 warning, new since main" in text
    assert "- cluster `shop`: Kubernetes 1.36.3 → 1.37.2\n- machines: at least 2 made" in text
    assert "[CAAS-1020](docs/errors/README.md#caas-1020) `stacks/Pulumi.dev.yaml:3:7`" in text
    assert "a&lt;b&gt;" in text
    assert "Nothing changes in `quiet`." in text
    assert text.count("<details>") == text.count("</details>") == 2


def test_markdown_that_is_too_long_is_cut_where_it_can_be() -> None:
    long = replace(CHANGED, summary=["cluster `shop`: " + "x" * 1000] * 100)
    text = markdown.text(report(change=long))
    assert len(text) < 65_536
    assert text.endswith("`./caas check` prints the whole report.\n")
    many = replace(CHANGED, objects=["~ " + "y" * 2000] * 50)
    text = markdown.text(report(BROKEN, change=many))
    assert text.count("<details>") == text.count("</details>") == 1
    assert text.count("\n```") == 2


@pytest.mark.parametrize(
    ("environment", "address"),
    [
        ({}, ""),
        ({"GITHUB_REPOSITORY": "a/b"}, ""),
        (
            {"GITHUB_REPOSITORY": "a/b", "GITHUB_SHA": "c0ffee"},
            "https://github.com/a/b/blob/c0ffee/",
        ),
        (
            {"CI_PROJECT_URL": "https://git.example.com/a/b", "CI_COMMIT_SHA": "c0ffee"},
            "https://git.example.com/a/b/-/blob/c0ffee/",
        ),
    ],
)
def test_pages_are_where_the_job_runs(environment: dict[str, str], address: str) -> None:
    assert forge(environment) == address


def test_pages_are_linked_on_the_forge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_REPOSITORY", "a/b")
    monkeypatch.setenv("GITHUB_SHA", "c0ffee")
    page = "https://github.com/a/b/blob/c0ffee/docs/errors/README.md#caas-1020"
    assert page in markdown.text(EVERYTHING)
    document = json.loads(sarif.text(EVERYTHING, "0.1.0"))
    assert document["runs"][0]["tool"]["driver"]["rules"][0]["helpUri"] == page
