"""The pack as the pulumi CLI runs it: a process that serves the analyzer interface."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from policies import Configuration
from policies.rules import RULES
from policies.subjects.subject import StackSubject
from tests.policies.case import Given, R
from tests.policies.samples import CLUSTER, PLANE
from tests.policies.table import BY_NAME, CASES, DAYS

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 30.0
"""Seconds for any answer."""
TODAY = datetime.now(UTC).date()
"""The pack knows no other day."""
LEVELS = {
    "mandatory": analyzer_pb2.MANDATORY,
    "advisory": analyzer_pb2.ADVISORY,
    "disabled": analyzer_pb2.DISABLED,
    "remediate": analyzer_pb2.REMEDIATE,
}
OF_TIME = {*DAYS, "release-has-time-left"}
"""Rules that say something else on another day."""
ON_ANY_DAY = [name for name in BY_NAME if name not in OF_TIME]
each_rule = pytest.mark.parametrize("name", ON_ANY_DAY)
Pack = analyzer_pb2_grpc.AnalyzerStub
Said = dict[str, analyzer_pb2.AnalyzeDiagnostic]


@pytest.fixture(scope="module")
def running() -> Iterator[Pack]:
    command = [sys.executable, str(ROOT / "policies")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd="/") as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                grpc.channel_ready_future(channel).result(LIMIT)
                yield Pack(channel)
        finally:
            process.kill()


@pytest.fixture
def pack(running: Pack) -> Pack:
    """The pack without any configuration."""
    configure(running, {})
    return running


def configure(pack: Pack, config: Mapping[str, Any]) -> None:
    """Configures the pack as the engine does with a file for `--policy-pack-config`."""
    request = analyzer_pb2.ConfigureAnalyzerRequest()
    for name, said in config.items():
        values = {"enforcementLevel": said} if isinstance(said, str) else dict(said)
        own = BY_NAME[name].level.value
        level = LEVELS[values.pop("enforcementLevel", own)]
        entry = analyzer_pb2.PolicyConfig(enforcementLevel=level, properties=struct(values))
        request.policyConfig[name].CopyFrom(entry)
    pack.Configure(request, timeout=LIMIT)


def struct(values: Mapping[str, Any]) -> struct_pb2.Struct:
    return json_format.ParseDict(dict(values), struct_pb2.Struct())


def analyze(pack: Pack, *given: R) -> Said:
    """The findings of the pack about resources, one by one and as a stack, by rule."""
    said: Said = {}
    resources = []
    for each in given:
        options = analyzer_pb2.AnalyzerResourceOptions(protect=each.protect)
        values: dict[str, Any] = {
            "type": each.type,
            "properties": struct(each.inputs),
            "urn": each.urn,
            "name": each.name,
            "options": options,
        }
        request = analyzer_pb2.AnalyzeRequest(**values)
        answer = pack.Analyze(request, timeout=LIMIT)
        said |= {found.policyName: found for found in answer.diagnostics}
        resources.append(analyzer_pb2.AnalyzerResource(**values))
    whole = analyzer_pb2.AnalyzeStackRequest(resources=resources)
    answer = pack.AnalyzeStack(whole, timeout=LIMIT)
    return said | {found.policyName: found for found in answer.diagnostics}


def with_parameters(name: str, **more: Any) -> dict[str, Any]:
    return {name: {**CASES[name].parameters, **more}}


def test_it_has_every_rule(pack: Pack) -> None:
    info = pack.GetAnalyzerInfo(empty_pb2.Empty(), timeout=LIMIT)
    assert info.name == "caas"
    assert info.supportsConfig
    assert [policy.name for policy in info.policies] == [rule.name for rule in RULES]
    for policy, rule in zip(info.policies, RULES, strict=True):
        assert policy.enforcementLevel == LEVELS[rule.level.value]
        assert policy.description == rule.description
        assert policy.remediation_steps == rule.remediation
        assert policy.url == rule.page
        assert policy.framework.name == rule.framework.name
        assert set(policy.configSchema.properties) == {*rule.known, "exemptions"}
        of_stacks = isinstance(rule.subject, StackSubject)
        expected = "POLICY_TYPE_STACK" if of_stacks else "POLICY_TYPE_RESOURCE"
        assert analyzer_pb2.PolicyType.Name(policy.policy_type) == expected


def test_the_stack_is_configured(pack: Pack) -> None:
    request = analyzer_pb2.AnalyzerStackConfigureRequest(
        stack="prod", project="caas", organization="o", tags={"team": "blue"}
    )
    assert pack.ConfigureStack(request, timeout=LIMIT) is not None


def test_good_cluster(pack: Pack) -> None:
    assert analyze(pack, CLUSTER).keys() <= OF_TIME


@each_rule
@pytest.mark.slow
def test_good_and_bad(pack: Pack, name: str) -> None:
    configure(pack, with_parameters(name))
    assert name not in analyze(pack, *CASES[name].good)
    found = analyze(pack, *CASES[name].bad)[name]
    assert CASES[name].says in found.message
    assert found.enforcementLevel == LEVELS[BY_NAME[name].level.value]


@each_rule
@pytest.mark.slow
def test_unknown_value_is_advice(pack: Pack, name: str) -> None:
    unknown = CASES[name].unknown
    if unknown is None:
        return
    configure(pack, with_parameters(name))
    found = analyze(pack, *unknown)[name]
    assert "can't be known during preview" in found.message
    assert found.enforcementLevel == analyzer_pb2.ADVISORY


@each_rule
@pytest.mark.slow
def test_level(pack: Pack, name: str) -> None:
    bad = CASES[name].bad
    for level in ("mandatory", "advisory"):
        configure(pack, with_parameters(name, enforcementLevel=level))
        assert analyze(pack, *bad)[name].enforcementLevel == LEVELS[level]
    configure(pack, with_parameters(name, enforcementLevel="disabled"))
    assert name not in analyze(pack, *bad)


def exemptions(given: Given, expires: str) -> list[dict[str, str]]:
    return [
        {"resource": each.name, "owner": "a", "reason": "b", "expires": expires} for each in given
    ]


@each_rule
@pytest.mark.slow
def test_exemption_and_its_end(pack: Pack, name: str) -> None:
    bad = CASES[name].bad
    day = TODAY + timedelta(days=2)  # whatever day it is when the pack is asked
    configure(pack, with_parameters(name, exemptions=exemptions(bad, day.isoformat())))
    assert name not in analyze(pack, *bad)
    over = TODAY - timedelta(days=2)
    configure(pack, with_parameters(name, exemptions=exemptions(bad, over.isoformat())))
    assert f"CAAS-4013 it was exempt until {over}" in analyze(pack, *bad)[name].message


@pytest.mark.parametrize("name", [rule.name for rule in RULES if rule.fix])
def test_remediation(pack: Pack, name: str) -> None:
    configure(pack, with_parameters(name, enforcementLevel="remediate"))
    (bad,) = CASES[name].bad
    request = analyzer_pb2.AnalyzeRequest(
        type=bad.type, properties=struct(bad.inputs), urn=bad.urn, name=bad.name
    )
    answer = pack.Remediate(request, timeout=LIMIT)
    (found,) = answer.remediations
    assert found.policyName == name
    assert not found.diagnostic
    after = json_format.MessageToDict(found.properties)
    assert set(bad.inputs) <= set(after)
    assert name not in analyze(pack, R(bad.type, after, bad.name))


def test_secrets_stay_secret_in_a_remediation(pack: Pack) -> None:
    signature = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
    secret = {**signature, "value": "hunter2"}
    (bad,) = CASES["pods-cannot-escalate"].bad
    secured = bad.put("spec.template.spec.containers.0.env.0.value", secret)
    configure(pack, {"pods-cannot-escalate": "remediate"})
    request = analyzer_pb2.AnalyzeRequest(type=secured.type, properties=struct(secured.inputs))
    (found,) = pack.Remediate(request, timeout=LIMIT).remediations
    (container,) = json_format.MessageToDict(found.properties)["spec"]["template"]["spec"][
        "containers"
    ]
    assert container["env"][0]["value"] == secret
    assert container["securityContext"]["allowPrivilegeEscalation"] is False


def test_the_file_that_caas_writes_means_the_same(pack: Pack) -> None:
    said = Configuration.of(
        levels={"control-plane-is-odd": "advisory"},
        parameters={"audit-logs-are-kept": {"days": 3}},
        exemptions=[
            {
                "rule": "production-control-plane-is-redundant",
                "resource": "shop",
                "owner": "a",
                "reason": "b",
                "expires": TODAY + timedelta(days=30),
            }
        ],
        on=TODAY,
    )
    configure(pack, said.as_pack_config())
    even = analyze(pack, CLUSTER.put(f"{PLANE}.replicas", 2))
    assert even.keys() - OF_TIME == {"control-plane-is-odd"}
    assert even["control-plane-is-odd"].enforcementLevel == analyzer_pb2.ADVISORY


def test_a_bad_configuration_is_said_and_no_crash(pack: Pack) -> None:
    config = {
        "days": "a month",
        "exemptions": [{"resource": "a", "owner": "b", "reason": "c", "expires": "2099-12-31"}],
    }
    configure(pack, {"audit-logs-are-kept": config})
    found = pack.Analyze(
        analyzer_pb2.AnalyzeRequest(type=CLUSTER.type, properties=struct(CLUSTER.inputs)),
        timeout=LIMIT,
    )
    said = " ".join(each.message for each in found.diagnostics)
    assert "CAAS-4011 `days`" in said
    assert "CAAS-4012 the exemption of `a` ends on 2099-12-31" in said


def test_unknown_version_of_a_cluster(pack: Pack) -> None:
    said = analyze(pack, CLUSTER.put("spec.topology.version", UNKNOWN_STRING_VALUE))
    assert {"release-is-in-the-catalog", "release-is-supported"} <= set(said)
    assert {found.enforcementLevel for found in said.values()} == {analyzer_pb2.ADVISORY}


def test_project_file() -> None:
    project = yaml.safe_load((ROOT / "policies/PulumiPolicy.yaml").read_text())
    assert project["runtime"]["name"] == "python"
    virtualenv = (ROOT / "policies" / project["runtime"]["options"]["virtualenv"]).resolve()
    assert virtualenv == (ROOT / ".venv").resolve()
