"""Each rule: a cluster that passes, clusters that fail, and values that are not known yet."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from pulumi_policy import ResourceValidationArgs
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError, unknown_checking_proxy

from catalog import catalog
from components.cluster import variables
from policies.rules import RULES
from policies.rules.cluster import API_SERVER, KUBELET, Cluster
from policies.run import OPTIONS
from tests.policies.clusters import TYPE, Edit, Props, argument, override, pool, props, topology

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 11, 22)
BY_NAME = {rule.name: rule for rule in RULES}
each_rule = pytest.mark.parametrize("name", BY_NAME)


def report(name: str, inputs: Props, on: date = TODAY, kind: str = TYPE) -> list[str]:
    """What the rule says through the interface that Pulumi calls."""
    found: list[str] = []
    args = ResourceValidationArgs(
        kind, unknown_checking_proxy(inputs), f"urn::{kind}::shop", "shop", OPTIONS, None
    )
    BY_NAME[name].policy(on).validate(args, lambda message, _urn: found.append(message))
    return found


def development(props: Props) -> None:
    del props["metadata"]["labels"]["tier"]


def both(*edits: Edit) -> Edit:
    return lambda props: [edit(props) for edit in edits]


def control_plane(key: str, value: object) -> Edit:
    return lambda props: topology(props)["controlPlane"].update({key: value})


def first_pool(key: str, value: object) -> Edit:
    return lambda props: pool(props).update({key: value})


def rollout(surge: object, unavailable: object) -> Edit:
    strategy = {"rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}
    return first_pool("rollout", {"strategy": strategy})


def shared(name: str, value: object) -> Edit:
    return lambda props: topology(props).update(variables=[{"name": name, "value": value}])


def kubelet(name: str, value: str) -> Edit:
    return lambda props: override(pool(props), KUBELET, argument(name, value))


def version(text: str) -> Edit:
    return lambda props: topology(props).update(version=text)


FAILING: list[tuple[str, Edit, str]] = [
    ("control-plane-is-odd", control_plane("replicas", 4), "has 4 machines"),
    ("control-plane-is-odd", control_plane("replicas", 2.0), "has 2 machines"),
    ("production-control-plane-is-redundant", control_plane("replicas", 1), "has 1, fewer than 3"),
    (
        "production-control-plane-is-redundant",
        lambda props: topology(props)["controlPlane"].pop("replicas"),
        "has 1, fewer than 3",
    ),
    ("production-has-workers", lambda props: topology(props).pop("workers"), "no worker"),
    (
        "production-has-workers",
        lambda props: [pool(props, index).update(replicas=0) for index in (0, 1)],
        "no worker",
    ),
    ("machines-are-health-checked", control_plane("healthCheck", {"enabled": False}), "control"),
    (
        "machines-are-health-checked",
        lambda props: pool(props).pop("healthCheck"),
        "pool `general`: unhealthy",
    ),
    ("pools-can-roll", rollout(0, 0), "pool `general`: no machine may be added"),
    ("pools-can-roll", rollout("0%", "49%"), "pool `general`: no machine may be added"),
    ("pools-can-roll", rollout(1, 2), "all 2 machines away"),
    ("pools-can-roll", rollout(1, "100%"), "all 2 machines away"),
    (
        "production-drains-end",
        control_plane("deletion", {"nodeDrainTimeoutSeconds": 0}),
        "control plane: a drain",
    ),
    ("production-drains-end", lambda props: pool(props).pop("deletion"), "pool `general`: a drain"),
    ("release-is-in-the-catalog", version("v1.36.2"), "1.36.2 is not in the catalog: 1.35.4"),
    ("release-is-in-the-catalog", version("latest"), "latest is not in the catalog"),
    ("release-is-in-the-catalog", version(""), "of no version"),
    ("cluster-is-a-topology", lambda props: props["spec"].pop("topology"), "not a v1beta2 Cluster"),
    ("kubelets-are-closed", kubelet("anonymous-auth", "true"), "pool `general`: the kubelet"),
    ("kubelets-are-closed", kubelet("anonymous-auth", ""), "--anonymous-auth="),
    ("kubelets-are-closed", kubelet("authorization-mode", "AlwaysAllow"), "AlwaysAllow"),
    ("kubelets-are-closed", kubelet("read-only-port", "10255"), "--read-only-port=10255"),
    (
        "kubelets-are-closed",
        shared(KUBELET, argument("anonymous-auth", "true")),
        "control plane: the kubelet",
    ),
    ("api-server-is-closed", shared(API_SERVER, argument("anonymous-auth", "1")), "--anonymous"),
    (
        "api-server-is-closed",
        shared(API_SERVER, argument("authorization-mode", "Node,RBAC,AlwaysAllow")),
        "--authorization-mode",
    ),
    (
        "api-server-is-closed",
        shared(API_SERVER, argument("authorization-mode", "RBAC")),
        "--authorization-mode=RBAC",
    ),
    (
        "api-server-is-closed",
        shared(API_SERVER, argument("token-auth-file", "/tokens")),
        "--token-auth-file",
    ),
]
PASSING: list[tuple[str, Edit]] = [
    ("control-plane-is-odd", control_plane("replicas", 5.0)),
    ("production-control-plane-is-redundant", both(development, control_plane("replicas", 1))),
    ("production-has-workers", both(development, lambda props: topology(props).pop("workers"))),
    ("production-has-workers", lambda props: [pool(props, i).pop("replicas") for i in (0, 1)]),
    ("pools-can-roll", both(development, rollout(1, "100%"))),
    ("pools-can-roll", rollout("1%", 0)),
    ("pools-can-roll", rollout(0, "50%")),
    ("pools-can-roll", both(rollout(0, 0), first_pool("replicas", 0))),
    ("production-drains-end", both(development, lambda props: pool(props).pop("deletion"))),
    ("kubelets-are-closed", kubelet("max-pods", "60")),
    ("kubelets-are-closed", kubelet("anonymous-auth", "false")),
    ("api-server-is-closed", shared(API_SERVER, argument("authorization-mode", "Node,RBAC"))),
    (
        "kubelets-are-closed",  # the pools set the variable anew; the control plane has none
        lambda props: [
            override(pool(props, index), KUBELET, argument("read-only-port", "0"))
            for index in (0, 1)
        ],
    ),
]
UNKNOWN: list[tuple[str, Edit]] = [
    ("control-plane-is-odd", control_plane("replicas", UNKNOWN_STRING_VALUE)),
    ("production-control-plane-is-redundant", control_plane("replicas", UNKNOWN_STRING_VALUE)),
    ("production-has-workers", lambda p: topology(p).update(workers=UNKNOWN_STRING_VALUE)),
    ("machines-are-health-checked", first_pool("healthCheck", UNKNOWN_STRING_VALUE)),
    ("pools-can-roll", rollout(UNKNOWN_STRING_VALUE, 0)),
    ("production-drains-end", lambda p: p["metadata"].update(labels=UNKNOWN_STRING_VALUE)),
    ("release-is-in-the-catalog", version(UNKNOWN_STRING_VALUE)),
    ("release-is-supported", version(UNKNOWN_STRING_VALUE)),
    ("cluster-is-a-topology", lambda p: p.update(spec=UNKNOWN_STRING_VALUE)),
    ("kubelets-are-closed", kubelet("anonymous-auth", UNKNOWN_STRING_VALUE)),
    ("api-server-is-closed", shared(API_SERVER, argument("anonymous-auth", UNKNOWN_STRING_VALUE))),
]


@each_rule
def test_good_cluster_passes(name: str) -> None:
    assert report(name, props()) == []


@pytest.mark.parametrize(("name", "edit", "says"), FAILING)
def test_fails(name: str, edit: Edit, says: str) -> None:
    found = report(name, props(edit))
    assert found
    assert says in found[0]


@pytest.mark.parametrize(("name", "edit"), PASSING)
def test_passes(name: str, edit: Edit) -> None:
    assert report(name, props(edit)) == []


@pytest.mark.parametrize(("name", "edit"), UNKNOWN)
def test_unknown_value(name: str, edit: Edit) -> None:
    """The engine turns this error into advice: the rule can't be run during the preview."""
    with pytest.raises(UnknownValueError):
        report(name, props(edit))


def test_every_rule_is_tested() -> None:
    failing = {name for name, _, _ in FAILING} | {"release-is-supported"}
    assert failing == set(BY_NAME) == {name for name, _ in UNKNOWN}


@pytest.mark.parametrize("release", catalog().releases, ids=lambda release: str(release.version))
def test_end_of_life(release: object) -> None:
    known = next(entry for entry in catalog().releases if entry is release)
    inputs = props(version(f"v{known.version}"))
    last = known.end_of_life
    assert report("release-is-supported", inputs, last) == []
    after = date.fromordinal(last.toordinal() + 1)
    assert f"last fixes on {last}" in report("release-is-supported", inputs, after)[0]


def test_unknown_value_hides_no_other_violation() -> None:
    inputs = props(rollout(UNKNOWN_STRING_VALUE, 0))
    pool(inputs, 1)["rollout"] = {
        "strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}
    }
    found: list[str] = []
    args = ResourceValidationArgs(
        TYPE, unknown_checking_proxy(inputs), "urn", "shop", OPTIONS, None
    )
    policy = BY_NAME["pools-can-roll"].policy(TODAY)
    with pytest.raises(UnknownValueError):
        policy.validate(args, lambda message, _urn: found.append(message))
    assert [message.split(":")[0] for message in found] == ["pool `batch`"]


@each_rule
@pytest.mark.parametrize(
    "kind",
    [
        "kubernetes:core/v1:ConfigMap",
        "kubernetes:cluster.x-k8s.io/v1beta2:MachineDeployment",
        "aws:eks/cluster:Cluster",
        "caas:index:WorkloadCluster",
        "",
    ],
)
def test_other_resources_are_left_alone(name: str, kind: str) -> None:
    assert report(name, {"spec": {"topology": {"version": "nonsense"}}}, kind=kind) == []


@pytest.mark.parametrize("kind", ["v1beta1:Cluster", "v1alpha4:Cluster", "v1beta1:ClusterPatch"])
def test_other_versions_of_the_api_are_refused(kind: str) -> None:
    found = report("cluster-is-a-topology", props(), kind=f"kubernetes:cluster.x-k8s.io/{kind}")
    assert "not a v1beta2 Cluster" in found[0]


@each_rule
def test_empty_cluster_is_no_crash(name: str) -> None:
    for inputs in ({}, {"spec": None}, {"spec": {"topology": {"workers": {}}}}, {"metadata": None}):
        report(name, inputs)


@each_rule
def test_metadata(name: str) -> None:
    rule = BY_NAME[name]
    policy = rule.policy(TODAY)
    assert re.fullmatch(r"[a-z][a-z-]*[a-z]", name)
    assert rule.description.endswith(".")
    assert rule.remediation.endswith(".")
    assert policy.severity is rule.severity
    assert policy.framework is not None
    assert str(policy.framework.reference).startswith("https://")
    assert policy.url == f"docs/policies.md#{name}"
    assert f"\n### {name}\n" in (ROOT / "docs/policies.md").read_text()


def test_names_are_unique() -> None:
    assert len(BY_NAME) == len(RULES)


def test_variables_are_those_of_the_cluster_class() -> None:
    assert (API_SERVER, KUBELET) == (variables.API_SERVER, variables.KUBELET)


def test_only_clusters_are_clusters() -> None:
    assert Cluster.of(TYPE, {}) is not None
    assert Cluster.of("kubernetes:cluster.x-k8s.io/v1beta2:ClusterClass", {}) is None
