"""Each rule: what passes, what fails, what is not known yet, levels, exemptions, remediations."""

from __future__ import annotations

import re
from copy import deepcopy
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pulumi_policy import ResourceValidationArgs, ResourceValidationPolicy
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from catalog import catalog
from components.cluster.machine import Placement
from errors import CaasError
from errors.policy import (
    EXEMPTION_EXPIRED,
    POLICY_ADVICE,
    POLICY_NOT_CHECKABLE,
    POLICY_VIOLATED,
)
from policies import Configuration, check
from policies.rules import CHAPTERS, RULES
from policies.subjects import cluster as subject
from policies.subjects.resource import Kind
from policies.subjects.subject import StackSubject
from tests.policies.case import GONE, Case, R
from tests.policies.samples import CLUSTER, POOL
from tests.policies.table import BY_NAME, CASES, DAYS, FURTHER, TODAY, options, report

ROOT = Path(__file__).resolve().parents[2]
each_rule = pytest.mark.parametrize("name", BY_NAME)
each_fix = pytest.mark.parametrize("name", [rule.name for rule in RULES if rule.fix])
more_good = [
    pytest.param(name, good, id=f"{name}-{index}")
    for name, found in CASES.items()
    for index, good in enumerate(found.passes)
]
more_bad = [
    pytest.param(name, bad, says, id=f"{name}-{index}")
    for name, found in CASES.items()
    for index, (bad, says) in enumerate(found.fails)
] + [
    pytest.param(name, (bad,), says, id=f"{name}-further-{index}")
    for name, found in FURTHER.items()
    for index, (bad, says) in enumerate(found)
]


def test_every_rule_has_a_case() -> None:
    assert list(CASES.keys() ^ BY_NAME.keys()) == []


def test_there_are_rules_about_everything() -> None:
    assert len(RULES) >= 60
    assert all(CHAPTERS.values())
    assert len(BY_NAME) == len(RULES)


@each_rule
def test_good_passes(name: str) -> None:
    assert report(name, CASES[name].good) == []


@pytest.mark.parametrize(("name", "good"), more_good)
def test_more_passes(name: str, good: tuple[R, ...]) -> None:
    assert report(name, good) == []


@each_rule
def test_bad_fails(name: str) -> None:
    found = report(name, CASES[name].bad)
    assert found
    assert CASES[name].says in found[0]


@pytest.mark.parametrize(("name", "bad", "says"), more_bad)
def test_more_fails(name: str, bad: tuple[R, ...], says: str) -> None:
    found = report(name, bad)
    assert found
    assert any(says in message for message in found)


@each_rule
def test_unknown_value(name: str) -> None:
    """The engine turns this error into advice: the rule can't be run during the preview."""
    unknown = CASES[name].unknown
    if unknown is None:
        # That it is declared at all is what is wrong: no value of it is read.
        filled = tuple(
            R(each.type, dict.fromkeys(each.inputs, UNKNOWN_STRING_VALUE), each.name)
            for each in CASES[name].bad
        )
        assert report(name, filled)
        return
    with pytest.raises(UnknownValueError):
        report(name, unknown)


def configured(name: str, **said: Any) -> Configuration:
    case = CASES[name]
    return Configuration.of(
        **{
            "levels": {},
            "parameters": {name: case.parameters} if case.parameters else {},
            "exemptions": [],
            "on": DAYS.get(name, TODAY),
        }
        | said
    )


def found_by(name: str, case: Case, **said: Any) -> list[Any]:
    on = DAYS.get(name, TODAY)
    said = said or {"levels": {}}
    return check(case.bad, on, [BY_NAME[name]], configured(name, **said))


@each_rule
def test_a_bad_resource_is_refused_under_the_rules_name_and_code(name: str) -> None:
    """All rules together, over one bad resource; the rule's own finding is among the others'."""
    case = CASES[name]
    violations = check(case.bad, DAYS.get(name, TODAY), configuration=configured(name))
    own = [each for each in violations if each.rule.name == name]
    assert own
    mandatory = BY_NAME[name].level.value == "mandatory"
    for violation in own:
        assert violation.code is (POLICY_VIOLATED if mandatory else POLICY_ADVICE)
        problem = violation.problem()
        assert problem.why.startswith(f"{name}: ")
        assert problem.remedy == BY_NAME[name].remediation
        assert str(problem.where)


@each_rule
def test_unknown_value_is_no_refusal(name: str) -> None:
    unknown = CASES[name].unknown
    if unknown is None:
        return
    found = check(unknown, DAYS.get(name, TODAY), [BY_NAME[name]], configured(name))
    assert POLICY_NOT_CHECKABLE in {violation.code for violation in found}
    for violation in found:
        if violation.code is POLICY_NOT_CHECKABLE:
            assert not violation.is_mandatory
            assert "is not known before the apply" in violation.message


@each_rule
def test_level(name: str) -> None:
    expected = {
        "mandatory": {POLICY_VIOLATED},
        "advisory": {POLICY_ADVICE},
        "remediate": {POLICY_VIOLATED},
        "disabled": set(),
    }
    found = {level: found_by(name, CASES[name], levels={name: level}) for level in expected}
    assert {level: {each.code for each in found[level]} for level in found} == expected


def exemption(name: str, expires: date, resource: str) -> dict[str, Any]:
    return {
        "rule": name,
        "resource": resource,
        "owner": "platform",
        "reason": "it is meant so",
        "expires": expires,
    }


@each_rule
def test_exemption_and_its_end(name: str) -> None:
    on = DAYS.get(name, TODAY)
    config = {
        **CASES[name].parameters,
        "exemptions": [
            {
                "resource": each.name,
                "owner": "platform",
                "reason": "it is meant so",
                "expires": on.isoformat(),
            }
            for each in CASES[name].bad
        ],
    }
    assert report(name, CASES[name].bad, config) == []
    for entry in config["exemptions"]:
        entry["expires"] = (on - timedelta(days=1)).isoformat()
    found = report(name, CASES[name].bad, config)
    assert CASES[name].says in found[0]
    assert found[0].endswith(f"; CAAS-4013 it was exempt until {on - timedelta(days=1)}")


@each_rule
def test_expired_exemption_is_reported(name: str) -> None:
    on = DAYS.get(name, TODAY)
    ended = [exemption(name, on - timedelta(days=1), each.name) for each in CASES[name].bad]
    found = found_by(name, CASES[name], exemptions=ended)
    assert EXEMPTION_EXPIRED in {violation.code for violation in found}
    assert BY_NAME[name].level.value in ("advisory", "mandatory")
    assert len(found) > len(ended)


@each_fix
def test_remediation(name: str) -> None:
    """It returns all properties, with which the rule passes, and leaves what it was given alone."""
    case = CASES[name]
    for bad, _ in [*((each, "") for each in (case.bad,)), *case.fails]:
        (resource,) = bad
        before = deepcopy(resource.inputs)
        after = remediated(name, resource)
        assert resource.inputs == before
        if after is None:
            continue
        assert set(before) <= set(after)
        assert report(name, (R(resource.type, after, resource.name),)) == []
    assert remediated(name, case.bad[0]) is not None
    assert remediated(name, case.good[0]) is None


@pytest.mark.parametrize("name", ["pods-use-seccomp", "pods-cannot-escalate"])
def test_what_a_rule_passes_is_not_put_right(name: str) -> None:
    """Kubernetes refuses these settings on Windows; pods of the system know what they do."""
    bad = CASES[name].bad[0]
    assert remediated(name, bad.put("spec.template.spec.os", {"name": "windows"})) is None
    assert remediated(name, bad.put("metadata.namespace", "kube-system")) is None


def test_a_root_disk_without_a_size_is_not_made_up() -> None:
    """The AWS provider's own definition asks for the size."""
    bare = CASES["disks-are-encrypted"].good[0].put("spec.template.spec.rootVolume", GONE)
    assert remediated("disks-are-encrypted", bare) is None


def remediated(name: str, resource: R) -> dict[str, Any] | None:
    policy = BY_NAME[name].policy(TODAY)
    assert isinstance(policy, ResourceValidationPolicy)
    args = ResourceValidationArgs(
        resource.type, resource.inputs, resource.urn, resource.name, options(resource), None
    )
    found: Any = policy.remediate(args)
    return found


@each_rule
def test_other_resources_are_left_alone(name: str) -> None:
    for kind in (
        "kubernetes:cluster.x-k8s.io/v1beta2:MachineDeployment",
        "aws:eks/cluster:Cluster",
        "caas:index:WorkloadCluster",
        "",
    ):
        assert report(name, (R(kind, {"spec": {"topology": {"version": "nonsense"}}}),)) == []


@each_rule
def test_nonsense_is_no_crash(name: str) -> None:
    kinds = {each.type for each in (*CASES[name].good, *CASES[name].bad)}
    nonsense: tuple[dict[str, Any], ...] = (
        {},
        {"spec": None, "metadata": None, "policy": None, "values": None, "ingress": None},
        {
            "spec": {"template": {}, "topology": {"workers": {}}},
            "metadata": {},
            "data": {"a": None},
        },
        {"spec": {"template": {"spec": {"containers": [{}], "volumes": [{}]}}}, "rules": [{}]},
        {"spec": "text", "metadata": "text", "policy": "[]", "ingress": "text", "values": []},
    )
    for kind in kinds:
        for inputs in nonsense:
            report(name, (R(kind, inputs), CLUSTER))


@each_rule
def test_metadata(name: str) -> None:
    rule = BY_NAME[name]
    policy = rule.policy(TODAY)
    assert re.fullmatch(r"[a-z][a-z0-9-]*[a-z0-9]", name)
    assert rule.description.endswith(".")
    assert rule.remediation.endswith(".")
    assert policy.severity is rule.severity
    assert policy.framework is not None
    assert str(policy.framework.reference).startswith("https://")
    assert policy.url == f"docs/policies.md#{name}"
    assert f"\n### {name}\n" in (ROOT / "docs/policies.md").read_text()
    assert policy.config_schema is not None
    assert policy.config_schema.properties.keys() == {*rule.known, "exemptions"}


@pytest.mark.parametrize("release", catalog().releases, ids=lambda release: str(release.version))
def test_end_of_life(release: object) -> None:
    known = next(entry for entry in catalog().releases if entry is release)
    given = (CLUSTER.put("spec.topology.version", f"v{known.version}"),)
    last = known.end_of_life
    assert report("release-is-supported", given, on=last) == []
    after = last + timedelta(days=1)
    assert f"last fixes on {last}" in report("release-is-supported", given, on=after)[0]


def test_unknown_value_hides_no_other_violation() -> None:
    never = {"strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}}
    unknown = CLUSTER.put(f"{POOL}.rollout.strategy.rollingUpdate.maxSurge", UNKNOWN_STRING_VALUE)
    given = unknown.put("spec.topology.workers.machineDeployments.1.rollout", never)
    first, second = check((given,), TODAY, [BY_NAME["pools-can-roll"]])
    assert first.message.startswith("pool `batch`")
    assert second.code is POLICY_NOT_CHECKABLE


def test_the_lax_placement_is_that_of_the_settings() -> None:
    assert Placement.ANY.value == subject.ANYWHERE


def test_only_clusters_are_clusters() -> None:
    token = "kubernetes:cluster.x-k8s.io/v1beta2"
    assert subject.concerns(Kind.of(f"{token}:Cluster"))
    assert not subject.concerns(Kind.of(f"{token}:ClusterClass"))


def test_rules_of_stacks_concern_no_single_resource() -> None:
    for rule in RULES:
        if isinstance(rule.subject, StackSubject):
            assert not rule.concerns(Kind.of(CLUSTER.type))
    with pytest.raises(CaasError):
        configured("control-plane-is-odd", levels={"no-such-rule": "advisory"})
