"""The ClusterClass parts and charts of AWS: valid, safe by default, and known upstream."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from catalog import catalog
from components.chart import Chart
from components.infrastructure.aws.charts import CONTROLLER_MANAGER, VOLUME_DRIVER
from components.infrastructure.interface import Template
from tests.unit.aws_stack import aws

UPSTREAM = Path(__file__).resolve().parents[3] / "shared" / "upstream"
CRDS = UPSTREAM / "crds" / "cluster-api-provider-aws"
CHARTS = UPSTREAM / "charts"
ROLE = "arn:aws:iam::123456789012:role/capi"
OPEN_OBJECTS = {"additionalTags", "securityGroupOverrides"}
FREE_ITEMS = ("storageClasses",)

needs_upstream = pytest.mark.skipif(
    not CRDS.exists(), reason="the upstream schemas are not beside this checkout"
)


def strict(schema: Any) -> Any:
    """The schema with unknown fields refused, as the API server's strict validation does."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: strict(value) for key, value in schema.items()}
    closed = {"additionalProperties": False} if isinstance(found.get("properties"), dict) else {}
    return closed | found


def schema_of(kind: str) -> Any:
    crd = yaml.safe_load(
        (CRDS / f"infrastructure.cluster.x-k8s.io_{kind.lower()}.yaml").read_text()
    )
    (version,) = [each for each in crd["spec"]["versions"] if each["name"] == "v1beta2"]
    return strict(version["schema"]["openAPIV3Schema"]["properties"]["spec"])


def templates(**settings: Any) -> list[Template]:
    parts = aws(**settings).class_parts()
    return [parts.cluster, parts.control_plane_machine, parts.worker_machine]


@needs_upstream
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"sshKeyName": "ops", "tags": {"team": "one"}, "securityGroups": ["sg-0123456789abcdef0"]},
        {"identity": {"roleArn": ROLE}, "machineRules": []},
    ],
)
def test_templates_fit_the_schemas(settings: dict[str, Any]) -> None:
    for template in templates(**settings):
        jsonschema.validate({"template": {"spec": template.spec}}, schema_of(f"{template.kind}s"))


@needs_upstream
@pytest.mark.parametrize("role", [None, ROLE])
def test_identities_fit_the_schemas(role: str | None) -> None:
    plural = {
        "AWSClusterControllerIdentity": "awsclustercontrolleridentities",
        "AWSClusterRoleIdentity": "awsclusterroleidentities",
    }
    settings = {"identity": {"roleArn": role}} if role else {}
    found = aws(**settings).objects("clusters")
    assert len(found) == (2 if role else 1)
    for manifest in found:
        jsonschema.validate(manifest["spec"], schema_of(plural[manifest["kind"]]))
        assert manifest["spec"]["allowedNamespaces"] == {"list": ["clusters"]}
    cluster, *_ = templates(**settings)
    last = found[-1]
    assert cluster.spec["identityRef"] == {
        "kind": last["kind"],
        "name": last["metadata"]["name"],
    }


def test_machines_are_safe_by_default() -> None:
    _, plane, worker = (template.spec for template in templates())
    for spec in (plane, worker):
        assert spec["instanceMetadataOptions"]["httpTokens"] == "required"
        assert spec["rootVolume"] == {"size": 50, "type": "gp3", "encrypted": True}
        assert spec["publicIP"] is False
        assert spec["cloudInit"]["insecureSkipSecretsManager"] is False
        assert spec["sshKeyName"] == ""
    assert worker["instanceMetadataOptions"]["httpPutResponseHopLimit"] == 1


def test_the_api_is_private_by_default() -> None:
    cluster = templates()[0].spec
    balancer = cluster["controlPlaneLoadBalancer"]
    assert (balancer["loadBalancerType"], balancer["scheme"]) == ("nlb", "internal")
    assert [rule["cidrBlocks"] for rule in balancer["ingressRules"]] == [["10.0.0.0/16"]]
    assert cluster["network"]["nodePortIngressRuleCidrBlocks"] == ["10.0.0.0/16"]
    assert cluster["bastion"] == {"enabled": False, "disableIngressRules": True}
    rules = cluster["network"]["cni"]["cniIngressRules"]
    assert {rule["protocol"] for rule in rules} <= {"tcp", "udp"}


def test_patches_name_what_there_is() -> None:
    parts = aws().class_parts()
    kinds = {each.kind for each in (parts.cluster, parts.control_plane_machine)}
    names = [patch["name"] for patch in parts.patches]
    assert len(set(names)) == len(names)
    for patch in parts.patches:
        for definition in patch["definitions"]:
            assert definition["selector"]["kind"] in kinds
            for change in definition["jsonPatches"]:
                assert change["op"] == "add"
                assert change["path"].startswith("/spec/template/spec/")
                assert len(change["valueFrom"]) == 1


def test_volumes_are_always_encrypted_with_the_key() -> None:
    volumes = [
        change["valueFrom"]["template"]
        for patch in aws().class_parts().patches
        for definition in patch["definitions"]
        for change in definition["jsonPatches"]
        if change["path"].endswith(("rootVolume", "nonRootVolumes"))
    ]
    assert len(volumes) == 3
    for template in volumes:
        sizes = template.count("size:")
        assert template.count("encrypted: true") == sizes > 0
        assert template.count("encryptionKey: {{ $.awsMachines.key }}") == sizes


def unknown_keys(values: Any, defaults: Any, path: str = "") -> list[str]:
    """Keys that are set and that the chart's values don't have; an empty default takes any."""
    if not isinstance(values, dict) or not defaults or path.endswith(FREE_ITEMS):
        return []
    if not isinstance(defaults, dict):
        return [path]
    unknown = [f"{path}.{key}" for key in values if key not in defaults]
    known = (key for key in values if key in defaults)
    return unknown + [
        each for key in known for each in unknown_keys(values[key], defaults[key], f"{path}.{key}")
    ]


@needs_upstream
@pytest.mark.parametrize("chart", aws().charts(), ids=lambda chart: chart.name)
def test_every_value_is_one_of_the_chart(chart: Chart) -> None:
    defaults = yaml.safe_load((CHARTS / chart.name / "values.yaml").read_text())
    assert unknown_keys(dict(chart.values), defaults) == []
    schema = CHARTS / chart.name / "values.schema.json"
    if schema.exists():
        merged = defaults | {
            key: {**(defaults.get(key) or {}), **value} if isinstance(value, dict) else value
            for key, value in chart.values.items()
        }
        jsonschema.validate(merged, json.loads(schema.read_text()))


def test_charts_are_in_the_catalog() -> None:
    names = [chart.name for chart in aws().charts()]
    assert names == [CONTROLLER_MANAGER, VOLUME_DRIVER]
    assert set(names) <= set(catalog().charts)


def test_every_kubernetes_minor_has_its_controller_manager() -> None:
    (tag,) = [chart.values["image"]["tag"] for chart in aws().charts() if "image" in chart.values]
    for major, minor in {release.minor for release in catalog().releases}:
        assert f'hasPrefix "v{major}.{minor}."' in tag
        assert f"v{major}.{minor}." in tag.partition(f'hasPrefix "v{major}.{minor}."')[2]


def test_only_the_control_plane_makes_volumes() -> None:
    driver = aws().charts()[1].values
    where = {"node-role.kubernetes.io/control-plane": ""}
    assert driver["controller"]["nodeSelector"] == where
    (storage,) = driver["storageClasses"]
    assert storage["parameters"]["encrypted"] == "true"
