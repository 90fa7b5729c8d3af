"""All rules over what the program registers, without the pulumi CLI."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pulumi.output import Unknown

from cli.policies import configuration
from errors import CaasError
from errors.policy import (
    BAD_EXEMPTION,
    BAD_POLICY_PARAMETER,
    EXEMPTION_EXPIRED,
    POLICY_ADVICE,
    POLICY_NOT_CHECKABLE,
    POLICY_VIOLATED,
    UNKNOWN_POLICY,
)
from policies import Configuration, check
from policies.rules import RULES
from stacks.settings import load_file
from stacks.settings.source import stack_name
from tests.counted import calls_of_one_more
from tests.policies.case import R
from tests.policies.clusters import pool, props, resource, topology
from tests.policies.samples import DEPLOYMENT, SECURITY, in_config_map, obj, proxy
from tests.stack_files import stack_files

ROOT = Path(__file__).resolve().parents[2]
STACKS = stack_files()
TODAY = date(2026, 11, 22)
MOST_CALLS_OF_A_RESOURCE = 6_000
TWO = resource(props(lambda props: topology(props)["controlPlane"].update(replicas=2)))


@pytest.mark.parametrize("file", STACKS, ids=stack_name)
def test_every_stack_passes(file: Path) -> None:
    from engine.program import run_program  # noqa: PLC0415 - slow, and only here

    recording = run_program(stack_name(file), file)
    assert [item.name for item in recording.resources if item.type.endswith(":Cluster")]
    rules = configuration(load_file(file), file)
    found = check(recording.resources, TODAY, configuration=rules)
    assert [str(each.problem()) for each in found if each.is_checkable] == []


def test_local_stack_is_known_whole() -> None:
    from engine.program import run_program  # noqa: PLC0415 - slow, and only here

    recording = run_program("local", ROOT / "stacks/Pulumi.local.yaml")
    assert check(recording.resources, TODAY) == []


def test_refusal() -> None:
    first, second = check([TWO], TODAY)
    assert first.rule.name == "control-plane-is-odd"
    assert second.rule.name == "production-control-plane-is-redundant"
    assert first.is_mandatory
    assert first.code is POLICY_VIOLATED
    problem = first.problem()
    assert str(problem).startswith("cluster shop: CAAS-4001 the control plane has 2 machines")
    assert problem.remedy == first.rule.remediation
    assert CaasError.of([problem]).problems == (problem,)


def test_refusal_of_something_in_something_else() -> None:
    given = in_config_map(DEPLOYMENT.put(f"{SECURITY}.privileged", True))
    (found,) = (each for each in check([given], TODAY) if each.is_mandatory)
    assert str(found.problem()).startswith(
        "Deployment/thing: CAAS-4001 objects.yaml: container `app` is privileged"
    )
    assert found.urn == given.urn
    assert found.cluster == ""


def test_advice() -> None:
    inputs = props(lambda props: pool(props).pop("healthCheck"))
    (found,) = check([resource(inputs)], TODAY)
    assert not found.is_mandatory
    assert found.problem().code is POLICY_ADVICE


@pytest.mark.parametrize("unknown", [Unknown(), "04da6b54-80e4-46f7-96ec-b56ff0331ba9"])
def test_unknown_value(unknown: object) -> None:
    inputs = props(lambda props: topology(props)["controlPlane"].update(replicas=unknown))
    found = check([resource(inputs)], TODAY)
    assert {violation.rule.name for violation in found} >= {
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


def test_unknown_values_are_the_smallest_part() -> None:
    """A template of values that is not known as a whole stops no other rule."""
    given = proxy(valuesTemplate=Unknown(), version="1.0.0")
    found = check([given], TODAY)
    codes = {violation.rule.name: violation.code for violation in found}
    assert codes["chart-values-hold-no-secrets"] is POLICY_NOT_CHECKABLE


def test_day_is_the_callers() -> None:
    (found,) = check([resource(props())], date(2040, 1, 1))
    assert found.rule.name == "release-is-supported"


@pytest.mark.slow
def test_one_more_resource_costs_the_same_among_many() -> None:
    """`python -m benchmarks program` has the time of a thousand clusters."""

    def run(many: int) -> None:
        assert check([resource(props()) for _ in range(many)], TODAY) == []

    in_small, in_large = calls_of_one_more(run, 25)
    assert in_large < 1.1 * in_small
    assert in_large < MOST_CALLS_OF_A_RESOURCE


def test_chosen_rules() -> None:
    assert check([TWO], TODAY, [RULES[0]]) == []


def exempt(expires: date, resource: str = "shop") -> dict[str, object]:
    return {
        "rule": "control-plane-is-odd",
        "resource": resource,
        "owner": "ada",
        "reason": "we like it so",
        "expires": expires,
    }


def rules(**said: object) -> Configuration:
    given: Any = {"levels": {}, "parameters": {}, "exemptions": [], "on": TODAY} | said
    return Configuration.of(**given)


@pytest.mark.parametrize("pattern", ["shop", "sh*", "*Cluster::sh?p"])
def test_exemption(pattern: str) -> None:
    (left,) = check([TWO], TODAY, configuration=rules(exemptions=[exempt(TODAY, pattern)]))
    assert left.rule.name == "production-control-plane-is-redundant"


def test_exemption_of_a_part_of_a_component() -> None:
    child = replace(TWO, urn=TWO.urn.replace("::kub", "::caas:index:WorkloadCluster$kub"))
    assert child.urn != TWO.urn
    own = exempt(TODAY, f"{TWO.type}::shop")
    (left,) = check([child], TODAY, configuration=rules(exemptions=[own]))
    assert left.rule.name == "production-control-plane-is-redundant"


@pytest.mark.parametrize("pattern", ["hop", "sho", "Cluster"])
def test_exemption_of_something_else(pattern: str) -> None:
    assert len(check([TWO], TODAY, configuration=rules(exemptions=[exempt(TODAY, pattern)]))) == 2


def test_exemption_that_ended_is_reported_and_does_not_count() -> None:
    over = TODAY - timedelta(days=1)
    found = check([TWO], TODAY, configuration=rules(exemptions=[exempt(over)]))
    assert [each.code for each in found] == [POLICY_VIOLATED, POLICY_VIOLATED, EXEMPTION_EXPIRED]
    assert "it was exempt until 2026-11-21" in found[0].message
    problem = found[-1].problem()
    assert problem.what == (
        "the exemption of `shop` ended on 2026-11-21; ada is responsible: we like it so"
    )
    assert problem.remedy == EXEMPTION_EXPIRED.fix
    assert not found[-1].is_mandatory
    (alone,) = check([], TODAY, configuration=rules(exemptions=[exempt(over)]))
    assert alone.code is EXEMPTION_EXPIRED


def test_everything_wrong_with_a_configuration_at_once() -> None:
    with pytest.raises(CaasError) as caught:
        rules(
            levels={"control-plane-is-even": "advisory"},
            parameters={
                "audit-logs-are-kept": {"days": "a month", "hours": 1},
                "control-plane-is-odd": {"days": 1},
            },
            exemptions=[
                exempt(TODAY + timedelta(days=400)),
                {key: value for key, value in exempt(TODAY).items() if key != "owner"},
                exempt(TODAY, "**"),
            ],
        )
    found = [(problem.code, problem.where.path) for problem in caught.value.problems]
    assert found == [
        (UNKNOWN_POLICY, "levels.control-plane-is-even"),
        (BAD_POLICY_PARAMETER, "parameters.audit-logs-are-kept"),
        (BAD_POLICY_PARAMETER, "parameters.audit-logs-are-kept"),
        (BAD_POLICY_PARAMETER, "parameters.control-plane-is-odd"),
        (BAD_EXEMPTION, "parameters.control-plane-is-odd"),
        (BAD_EXEMPTION, "parameters.control-plane-is-odd"),
        (BAD_EXEMPTION, "parameters.control-plane-is-odd"),
    ]
    first, *_, last = caught.value.problems
    assert "'**' matches everything" in last.what
    assert "Did you mean `control-plane-is-odd`?" in first.remedy


@pytest.mark.parametrize("said", [{"exemptions": 3}, {"enforcementLevel": "sometimes"}])
def test_levels_and_exemptions_are_no_parameters(said: dict[str, Any]) -> None:
    with pytest.raises(CaasError) as caught:
        rules(parameters={"jobs-end": said})
    (problem,) = caught.value.problems
    assert problem.code is BAD_POLICY_PARAMETER
    assert problem.where.path == f"parameters.jobs-end.{next(iter(said))}"


@pytest.mark.parametrize(
    "given",
    [
        proxy(valuesTemplate="since: 2026-02-30"),
        obj("core/v1:ConfigMap", data={"a.yaml": "apiVersion: v1\nsince: 2026-02-30"}),
    ],
    ids=["values", "manifests"],
)
def test_text_that_yaml_can_not_read_is_no_crash(given: R) -> None:
    assert [each for each in check([given], TODAY) if each.is_mandatory] == []


def test_a_secret_is_not_repeated() -> None:
    secret = "AKIAIOSFODNN7EXAMPLE"
    words = [secret, f"--header={secret}", f"curl -u {secret}: a=b", f"--{secret}=x"]
    given = DEPLOYMENT.put("spec.template.spec.containers.0.args", words)
    found = [str(each.problem()) for each in check([given], TODAY) if each.is_mandatory]
    assert len(found) == len(words)
    assert not any(secret in text for text in found)


@pytest.mark.slow
def test_charts_of_the_stacks_mirror_are_those_of_the_catalog(tmp_path: Path) -> None:
    from engine.program import run_program  # noqa: PLC0415 - slow, and only here

    file = tmp_path / "Pulumi.prod-aws.yaml"
    mirror = (
        "{ registry: harbor.example.com/mirror, charts: 'oci://harbor.example.com/charts', "
        "downloads: true }"
    )
    text = (ROOT / "stacks/Pulumi.prod-aws.yaml").read_text()
    file.write_text(text.replace("config:\n", f"config:\n  caas:mirror: {mirror}\n", 1))
    resources = run_program("prod-aws", file).resources
    configured = configuration(load_file(file), file)
    found = check(resources, TODAY, configuration=configured)
    assert [str(each.problem()) for each in found if each.is_mandatory] == []
    refused = {each.rule.name for each in check(resources, TODAY) if each.is_mandatory}
    assert refused == {"charts-are-of-the-catalog"}


def test_stack_file_configures_the_rules(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.mine.yaml"
    file.write_text(
        """config:
  caas:policies:
    levels: { jobs-end: mandatory }
    parameters:
      stack-costs-within-ceiling: { monthlyCeiling: 900 }
    exemptions:
      - { rule: jobs-end, resource: old-*, owner: ada, reason: soon, expires: 2026-12-31 }
"""
    )
    settings = load_file(file)
    config = configuration(settings, file).as_pack_config()
    assert config["jobs-end"] == {
        "enforcementLevel": "mandatory",
        "exemptions": [
            {"resource": "old-*", "owner": "ada", "reason": "soon", "expires": "2026-12-31"}
        ],
    }
    assert config["stack-costs-within-ceiling"]["monthlyCeiling"] == 900


def test_prices_of_the_infrastructure_are_filled_in() -> None:
    file = ROOT / "stacks/Pulumi.prod-aws.yaml"
    settings = load_file(file)
    ceiling = {"stack-costs-within-ceiling": {"monthlyCeiling": 100}}
    said = settings.policies.model_copy(update={"parameters": ceiling})
    found = configuration(settings.model_copy(update={"policies": said}), file)
    parameters = found.settings["stack-costs-within-ceiling"].parameters or {}
    assert parameters["machinePrices"]["m7i.large"] > 10


@pytest.mark.slow
def test_a_ceiling_refuses_a_real_stack() -> None:
    from engine.program import run_program  # noqa: PLC0415 - slow, and only here

    file = ROOT / "stacks/Pulumi.prod-aws.yaml"
    resources = run_program("prod-aws", file).resources
    settings = load_file(file)

    def refused(ceiling: float) -> list[str]:
        parameters = {"stack-costs-within-ceiling": {"monthlyCeiling": ceiling}}
        said = settings.policies.model_copy(update={"parameters": parameters})
        configured = configuration(settings.model_copy(update={"policies": said}), file)
        found = check(resources, TODAY, configuration=configured)
        return [each.message for each in found if each.is_mandatory]

    assert refused(1_000_000) == []
    (message,) = refused(1000)
    assert "a month, more than 1,000" in message


def test_problem_of_a_stack_file_has_its_place(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.mine.yaml"
    file.write_text("config:\n  caas:policies:\n    levels:\n      jobs-ends: advisory\n")
    with pytest.raises(CaasError) as caught:
        configuration(load_file(file), file)
    (problem,) = caught.value.problems
    assert problem.code is UNKNOWN_POLICY
    assert problem.where.line == 4
