"""All rules over what the program registers, without the pulumi CLI."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path

import pytest
from pulumi.output import Unknown

from errors import CaasError
from errors.policy import POLICY_ADVICE, POLICY_NOT_CHECKABLE, POLICY_VIOLATED
from policies import check
from policies.rules import RULES
from tests.policies.clusters import pool, props, resource, topology

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 11, 22)


def test_local_stack_passes() -> None:
    from embedded.program import run_program  # noqa: PLC0415 - slow, and only here

    recording = run_program("local", ROOT / "stacks/Pulumi.local.yaml")
    assert [item.name for item in recording.resources if item.type.endswith(":Cluster")]
    assert check(recording.resources, TODAY) == []


def test_refusal() -> None:
    inputs = props(lambda props: topology(props)["controlPlane"].update(replicas=2))
    first, second = check([resource(inputs)], TODAY)
    assert first.rule.name == "control-plane-is-odd"
    assert second.rule.name == "production-control-plane-is-redundant"
    assert first.is_mandatory
    assert first.code is POLICY_VIOLATED
    problem = first.problem()
    assert str(problem).startswith("cluster shop: CAAS-4001 the control plane has 2 machines")
    assert problem.remedy == first.rule.remediation
    assert CaasError.of([problem]).problems == (problem,)


def test_advice() -> None:
    inputs = props(lambda props: pool(props).pop("healthCheck"))
    (found,) = check([resource(inputs)], TODAY)
    assert not found.is_mandatory
    assert found.problem().code is POLICY_ADVICE


@pytest.mark.parametrize("unknown", [Unknown(), "04da6b54-80e4-46f7-96ec-b56ff0331ba9"])
def test_unknown_value(unknown: object) -> None:
    inputs = props(lambda props: topology(props)["controlPlane"].update(replicas=unknown))
    found = check([resource(inputs)], TODAY)
    assert {violation.rule.name for violation in found} == {
        "control-plane-is-odd",
        "production-control-plane-is-redundant",
    }
    for violation in found:
        assert not violation.is_checkable
        assert not violation.is_mandatory
        assert violation.code is POLICY_NOT_CHECKABLE
        assert "spec.topology.controlPlane.replicas is not known" in violation.message
        assert violation.problem().remedy == POLICY_NOT_CHECKABLE.fix


def test_unknown_name() -> None:
    inputs = props(lambda props: props.update(metadata=Unknown()))
    found = check([resource(inputs)], TODAY)
    assert found
    assert {violation.cluster for violation in found} == {""}
    assert not any(violation.is_checkable for violation in found)


def test_day_is_the_callers() -> None:
    (found,) = check([resource(props())], date(2040, 1, 1))
    assert found.rule.name == "release-is-supported"


def test_a_thousand_clusters_are_fast() -> None:
    resources = [resource(props()) for _ in range(1000)]
    started = time.process_time()
    assert check(resources, TODAY) == []
    assert time.process_time() - started < 5.0


def test_chosen_rules() -> None:
    inputs = props(lambda props: topology(props)["controlPlane"].update(replicas=2))
    assert check([resource(inputs)], TODAY, [RULES[0]]) == []
