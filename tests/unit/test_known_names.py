"""Names that a minor of Kubernetes does not know are refused, those of the project known."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.version import Version

from catalog import catalog
from catalog.kubernetes import FOLDER, Names, minor_of, names
from components.cluster.admission import arguments, switched_on
from components.cluster.control_plane_settings import Admission
from components.cluster.rules.arguments import PROGRAMS
from components.cluster.rules.known_names import check, check_version
from components.cluster.settings import Cluster
from engine.plan.clusters import judge_names
from errors import CaasError, Code, Where, stack_rules
from tests.unit.planned import cluster as settings
from tests.unit.planned import objects

ROOT = Path(__file__).resolve().parents[2]
MINORS = sorted({minor_of(version) for version in catalog().kubernetes_versions})
FIELDS = {
    "kube-apiserver": "apiServer",
    "kube-controller-manager": "controllerManager",
    "kube-scheduler": "scheduler",
}
RATES = {
    "apiVersion": "eventratelimit.admission.k8s.io/v1alpha1",
    "kind": "Configuration",
    "limits": [],
}


def known(minor: str) -> Names:
    found = names(minor)
    assert found, minor
    return found


def cluster(program: str, name: str, value: str, version: str = "1.36.3") -> Cluster:
    """A cluster that hands one flag to one program."""
    options = {"extraArgs": [{"name": name, "value": value}]}
    if program == "kubelet":
        given: dict[str, Any] = {"workerPools": [{"name": "general", "kubelet": options}]}
    else:
        given = {"controlPlane": {"kubeadm": {FIELDS[program]: options}}}
    return Cluster.model_validate({"name": "shop", "version": version} | given)


def admitting(**admission: Any) -> Cluster:
    plane = {"controlPlane": {"admission": admission}}
    return Cluster.model_validate({"name": "shop", "version": "1.36.3"} | plane)


def found(of: Cluster) -> list[tuple[Code, str]]:
    return [(each.code, each.path[-1] and each.what) for each in check(of)]


@pytest.mark.parametrize("minor", MINORS)
def test_every_minor_of_the_catalog_has_its_names(minor: str) -> None:
    newest = max(each for each in catalog().kubernetes_versions if minor_of(each) == minor)
    there = known(minor)
    assert set(there.flags) == set(PROGRAMS)
    assert min(len(flags) for flags in there.flags.values()) > 50
    assert len(there.gates) > 100
    assert there.plugins["PodSecurity"]
    assert not there.plugins["DenyServiceExternalIPs"]
    assert {"v1", "apps/v1", "batch/v1", "admissionregistration.k8s.io/v1"} <= there.apis
    head = (FOLDER / f"{minor}.yaml").read_text().splitlines()[:2]
    assert f"k8s.io/kubernetes v{newest} " in head[1], (
        "./caas generate does not: see its first line"
    )


def golden_arguments() -> Iterator[tuple[str, str]]:
    """Every flag of every program in the golden files, wherever it stands."""
    fields = {field: program for program, field in FIELDS.items()}

    def walk(value: Any) -> Iterator[tuple[str, str]]:
        if isinstance(value, list):
            for each in value:
                yield from walk(each)
        if isinstance(value, dict):
            for key, each in value.items():
                if key in fields and isinstance(each, dict):
                    yield from ((fields[key], arg["name"]) for arg in each.get("extraArgs", ()))
                if key == "kubeletExtraArgs" and isinstance(each, list):
                    yield from (("kubelet", arg["name"]) for arg in each)
                yield from walk(each)

    for file in sorted((ROOT / "tests" / "golden").glob("*.yaml")):
        for document in yaml.load_all(file.read_text(), yaml.CSafeLoader):
            yield from walk(document)


@pytest.mark.parametrize("minor", MINORS)
def test_what_the_project_itself_hands_over_is_known(minor: str) -> None:
    used = set(golden_arguments())
    assert {program for program, _ in used} >= set(FIELDS)
    assert {each for each in used if each[1] not in known(minor).flags[each[0]]} == set()
    assert set(switched_on(Admission())) <= set(known(minor).plugins)


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_refuses_a_flag_that_it_does_not_know(program: str) -> None:
    (one,) = found(cluster(program, "feature-gate", "A=true"))
    assert one[0] is stack_rules.UNKNOWN_ARGUMENT
    assert one[1] == f"{program} of Kubernetes 1.36 has no flag `feature-gate`"
    assert found(cluster(program, "v", "3")) == []


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize(
    ("version", "value", "code"),
    [
        ("1.36.3", "UserNamespacesPodSecurityStandards=true", stack_rules.UNKNOWN_FEATURE_GATE),
        ("1.37.2", "SidecarContainers=true", stack_rules.UNKNOWN_FEATURE_GATE),
        ("1.36.3", "SidecarContainers=true", None),
        ("1.36.3", "AllAlpha=false, UserNamespacesSupport=true", None),
        ("1.36.3", "kube:UserNamespacesSupport=true", None),
        ("1.36.3", "UserNamespacesSupport=false", stack_rules.LOCKED_FEATURE_GATE),
        ("1.35.4", "UserNamespacesSupport=false", None),
        ("1.36.3", "UserNamespacesSupport", stack_rules.UNKNOWN_FEATURE_GATE),
        ("1.36.3", "UserNamespacesSupport=on", stack_rules.UNKNOWN_FEATURE_GATE),
    ],
)
def test_feature_gates(program: str, version: str, value: str, code: Code | None) -> None:
    codes = [each for each, _ in found(cluster(program, "feature-gates", value, version))]
    assert codes == ([code] if code else [])


@pytest.mark.parametrize(
    ("value", "right"),
    [
        ("api/all=false,api/beta=true", True),
        ("batch/v1=true", True),
        ("v1=true", True),
        ("batch/v1/cronjobs=false", True),
        ("batch/v2alpha1=true", False),
        ("baatch/v1=true", False),
        ("api/everything=true", False),
    ],
)
def test_api_versions(value: str, right: bool) -> None:
    codes = [code for code, _ in found(cluster("kube-apiserver", "runtime-config", value))]
    assert codes == ([] if right else [stack_rules.UNKNOWN_API])


@pytest.mark.parametrize(
    ("admission", "code"),
    [
        ({"plugins": ["AlwaysPullImages"]}, None),
        ({"plugins": ["AlwaysPullImage"]}, stack_rules.UNKNOWN_ADMISSION_PLUGIN),
        ({"plugins": ["PodSecurityPolicy"]}, stack_rules.UNKNOWN_ADMISSION_PLUGIN),
        (
            {"configurations": {"EventRateLimit": RATES}},
            stack_rules.UNUSABLE_ADMISSION_CONFIGURATION,
        ),
        ({"configurations": {"EventRateLimits": RATES}}, stack_rules.UNKNOWN_ADMISSION_PLUGIN),
        (
            {"plugins": ["EventRateLimit"], "configurations": {"EventRateLimit": {"limits": []}}},
            stack_rules.UNUSABLE_ADMISSION_CONFIGURATION,
        ),
        ({"plugins": ["EventRateLimit"], "configurations": {"EventRateLimit": RATES}}, None),
        ({"configurations": {"ResourceQuota": RATES}}, None),
    ],
)
def test_admission(admission: dict[str, Any], code: Code | None) -> None:
    assert [each for each, _ in found(admitting(**admission))] == ([code] if code else [])


@pytest.mark.parametrize("name", ["enable-admission-plugins", "disable-admission-plugins"])
def test_plugins_in_arguments(name: str) -> None:
    codes = [code for code, _ in found(cluster("kube-apiserver", name, "NodeRestriction,Nonsense"))]
    assert codes == [stack_rules.UNKNOWN_ADMISSION_PLUGIN]


def test_plugins_are_added_to_what_is_on() -> None:
    key = "enable-admission-plugins"
    assert arguments(Admission())[key] == "NodeRestriction,DenyServiceExternalIPs"
    more = Admission(plugins=("AlwaysPullImages",))
    assert arguments(more)[key] == "NodeRestriction,DenyServiceExternalIPs,AlwaysPullImages"
    assert arguments(Admission(deny_external_ips=False))[key] == "NodeRestriction"


def test_a_minor_that_the_catalog_does_not_know_is_not_judged() -> None:
    newer = cluster("kube-apiserver", "anything", "1")
    assert list(check_version(newer, Version("1.99.0"))) == []


def test_an_upgrade_is_refused_when_a_release_on_its_way_does_not_know_a_name(
    tmp_path: Path,
) -> None:
    gates = sorted(known("1.37").gates.keys() - known("1.36").gates.keys())
    options = {"extraArgs": [{"name": "feature-gates", "value": f"{gates[0]}=true"}]}
    changed = settings(
        version="1.37.2", controlPlane={"replicas": 1, "kubeadm": {"apiServer": options}}
    )
    live = objects(tmp_path, settings(version="1.35.4"))
    wanted = objects(tmp_path, changed)
    model = {"shop": Cluster.model_validate(changed)}
    assert list(check(model["shop"])) == [], "the target knows it"
    with pytest.raises(CaasError) as error:
        judge_names(live, wanted, model, lambda _name, path: Where(object=str(path)))
    (problem,) = error.value.problems
    assert problem.code is stack_rules.UNKNOWN_FEATURE_GATE
    assert problem.why == "the upgrade of `shop` walks through 1.36.3"
    judge_names(objects(tmp_path, settings(version="1.36.3")), wanted, model, lambda *_: Where())
