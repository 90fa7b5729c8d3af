"""The pack as the pulumi CLI runs it: a process that serves the analyzer interface."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
import yaml
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from policies.rules import RULES
from tests.policies.clusters import TYPE, Edit, props, topology

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 30.0
"""Seconds for any answer."""


@pytest.fixture(scope="module")
def pack() -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    command = [sys.executable, str(ROOT / "policies")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd="/") as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                grpc.channel_ready_future(channel).result(LIMIT)
                yield analyzer_pb2_grpc.AnalyzerStub(channel)
        finally:
            process.kill()


def analyze(pack: analyzer_pb2_grpc.AnalyzerStub, edit: Edit) -> dict[str, tuple[str, int]]:
    """The messages and levels of what the pack says about a cluster, by rule."""
    properties = struct_pb2.Struct()
    properties.update(props(edit))
    request = analyzer_pb2.AnalyzeRequest(type=TYPE, properties=properties, urn="urn", name="shop")
    answer = pack.Analyze(request, timeout=LIMIT)
    return {said.policyName: (said.message, said.enforcementLevel) for said in answer.diagnostics}


def test_it_has_every_rule(pack: analyzer_pb2_grpc.AnalyzerStub) -> None:
    info = pack.GetAnalyzerInfo(empty_pb2.Empty(), timeout=LIMIT)
    assert info.name == "caas"
    assert [policy.name for policy in info.policies] == [rule.name for rule in RULES]


def test_good_cluster(pack: analyzer_pb2_grpc.AnalyzerStub) -> None:
    assert analyze(pack, lambda props: None) == {}


def test_bad_cluster(pack: analyzer_pb2_grpc.AnalyzerStub) -> None:
    said = analyze(pack, lambda props: topology(props)["controlPlane"].update(replicas=4))
    message, level = said["control-plane-is-odd"]
    assert message.endswith("the control plane has 4 machines, an even number")
    assert level == analyzer_pb2.MANDATORY


def test_unknown_value_is_advice(pack: analyzer_pb2_grpc.AnalyzerStub) -> None:
    said = analyze(pack, lambda props: topology(props).update(version=UNKNOWN_STRING_VALUE))
    assert set(said) == {"release-is-in-the-catalog", "release-is-supported"}
    for message, level in said.values():
        assert "can't be known during preview" in message
        assert level == analyzer_pb2.ADVISORY


def test_project_file() -> None:
    project = yaml.safe_load((ROOT / "policies/PulumiPolicy.yaml").read_text())
    assert project["runtime"]["name"] == "python"
    virtualenv = (ROOT / "policies" / project["runtime"]["options"]["virtualenv"]).resolve()
    assert virtualenv == ROOT / ".venv"
