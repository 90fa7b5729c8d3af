"""The rules at admission: a real API server denies, warns and notes what the pack refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from kubectl import eventually
from lone_server import LoneServer, lone_server

from catalog.admission import admission_rules
from components.cluster import encryption
from components.cluster.settings import ControlPlane
from components.mappings import Manifest
from components.security.admission_policies import AdmissionAction, admission_policies
from plane.binaries import Binaries
from tests.policies.case import R
from tests.policies.samples import DEPLOYMENT, POD, SECURITY
from tests.policies.table import BY_NAME, CASES

pytestmark = [pytest.mark.plane, pytest.mark.timeout(600)]

ACTIVE_SECONDS = 60.0
"""The API server looks for new policies every second."""
NAMES = [rule.name for rule in admission_rules()]
CLUSTER_SCOPED = {
    "Namespace": "namespaces",
    "PersistentVolume": "persistentvolumes",
    "StorageClass": "storageclasses",
    "ClusterRole": "clusterroles",
    "ClusterRoleBinding": "clusterrolebindings",
    "ValidatingAdmissionPolicy": "validatingadmissionpolicies",
    "ValidatingAdmissionPolicyBinding": "validatingadmissionpolicybindings",
}
NAMESPACED = {
    "Deployment": "deployments",
    "Pod": "pods",
    "CronJob": "cronjobs",
    "Job": "jobs",
    "Service": "services",
    "Ingress": "ingresses",
    "Role": "roles",
    "RoleBinding": "rolebindings",
}
(CLAIMING,) = CASES["services-claim-no-external-addresses"].bad
PRIVILEGED = DEPLOYMENT.put(SECURITY, {"privileged": True})


def path_of(manifest: Mapping[str, Any]) -> str:
    """The path that an object is posted to."""
    group, kind = manifest["apiVersion"], manifest["kind"]
    root = f"/apis/{group}" if "/" in group else f"/api/{group}"
    if kind in CLUSTER_SCOPED:
        return f"{root}/{CLUSTER_SCOPED[kind]}"
    namespace = manifest["metadata"].get("namespace", "default")
    return f"{root}/namespaces/{namespace}/{NAMESPACED[kind]}"


def as_object(resource: R) -> dict[str, Any]:
    """The object as a user would apply it with kubectl."""
    manifest = deepcopy(resource.inputs)
    if manifest["kind"] in CLUSTER_SCOPED:
        manifest["metadata"].pop("namespace", None)
    return manifest


def tried(server: LoneServer, resource: R) -> tuple[int, str, list[str]]:
    manifest = as_object(resource)
    return server.tried(path_of(manifest), manifest)


def install(server: LoneServer, manifests: list[Manifest]) -> None:
    for manifest in manifests:
        status, answer = server.post(path_of(manifest), manifest)
        assert status == 201, answer


def remove(server: LoneServer, manifests: list[Manifest]) -> None:
    for manifest in manifests:
        assert server.delete(f"{path_of(manifest)}/{manifest['metadata']['name']}") == 200


@contextmanager
def running(binaries: Binaries, folder: Path) -> Iterator[LoneServer]:
    """A server with the namespaces of the cases, and a Deployment from before any rule."""
    key = encryption.new_configuration()
    # A plugin of caas refuses external addresses before the rule is asked.
    plane = ControlPlane.model_validate({"admission": {"denyExternalIPs": False}})
    with lone_server(binaries, folder, plane, key) as found:
        for name in ("default", "kube-public", "kube-system"):
            eventually(lambda name=name: found.get(f"/api/v1/namespaces/{name}")[0] == 200, 60)
        # Pod Security would refuse pods before the rules are asked.
        labels = {"pod-security.kubernetes.io/enforce": "privileged"}
        namespace = {"metadata": {"name": "shop", "labels": labels}}
        assert found.post("/api/v1/namespaces", namespace)[0] == 201
        for name in ("shop", "kube-system", "default"):
            account = {"metadata": {"name": "default"}}
            found.post(f"/api/v1/namespaces/{name}/serviceaccounts", account)
        before = as_object(PRIVILEGED.put("metadata.name", "before"))
        assert found.post(path_of(before), before)[0] == 201
        claims = as_object(CLAIMING)
        claims["metadata"] |= {"name": "before", "finalizers": ["example.com/addresses"]}
        assert found.post(path_of(claims), claims)[0] == 201
        yield found


@pytest.fixture(scope="module")
def server(binaries: Binaries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoneServer]:
    """A server without rules; who installs some removes them."""
    with running(binaries, tmp_path_factory.mktemp("server")) as found:
        yield found


@pytest.fixture(scope="module")
def denying(binaries: Binaries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoneServer]:
    """A server with every rule at its own level."""
    with running(binaries, tmp_path_factory.mktemp("denying")) as found:
        install(found, admission_policies(AdmissionAction.DENY))
        for name in NAMES:
            (bad,) = CASES[name].bad
            eventually(lambda name=name, bad=bad: _says(tried(found, bad), name), ACTIVE_SECONDS)
        yield found


def _says(answer: tuple[int, str, list[str]], name: str) -> bool:
    return f" {name}: " in " ".join((answer[1], *answer[2]))


@pytest.mark.parametrize("name", NAMES)
def test_what_the_pack_passes_is_admitted(denying: LoneServer, name: str) -> None:
    (good,) = CASES[name].good
    status, message, warnings = tried(denying, good)
    assert status == 201, message
    assert not _says((status, message, warnings), name)


@pytest.mark.parametrize("name", NAMES)
def test_what_the_pack_refuses_is_denied_or_warned_of(denying: LoneServer, name: str) -> None:
    (bad,) = CASES[name].bad
    rule = BY_NAME[name]
    status, message, warnings = tried(denying, bad)
    if rule.level.value == "mandatory":
        assert status == 403
        assert f"CAAS-4001 {name}: {rule.description}" in message
    else:
        assert status == 201, message
        assert any(f"CAAS-4002 {name}: {rule.description}" in warning for warning in warnings)


@pytest.mark.parametrize(
    "name", [rule.name for rule in admission_rules() if rule.of_pods and rule.level == "mandatory"]
)
@pytest.mark.parametrize("kind", ["Pod", "CronJob", "Job"])
def test_whatever_makes_pods_meets_the_rule(denying: LoneServer, name: str, kind: str) -> None:
    (bad,) = CASES[name].bad
    template = bad.inputs["spec"]["template"]
    spec = template["spec"] | {"restartPolicy": "Never"}
    job = {"template": template | {"spec": spec}}
    content = {
        "Pod": {"apiVersion": "v1", "spec": spec},
        "Job": {"apiVersion": "batch/v1", "spec": job},
        "CronJob": {
            "apiVersion": "batch/v1",
            "spec": {"schedule": "0 0 * * *", "jobTemplate": {"spec": job}},
        },
    }[kind]
    manifest = {"kind": kind, "metadata": {"name": "bad", "namespace": "shop"}, **content}
    status, message, _ = denying.tried(path_of(manifest), manifest)
    assert status == 403
    assert f"CAAS-4001 {name}" in message


def test_init_and_later_containers_meet_the_rule(denying: LoneServer) -> None:
    first = {"name": "first", "image": "a/b:1", "securityContext": {"privileged": True}}
    status, message, _ = tried(denying, POD.put("spec.initContainers", [first]))
    assert status == 403
    assert "pods-are-unprivileged" in message


@pytest.mark.parametrize(
    "name", [rule.name for rule in admission_rules() if not rule.holds_in_system]
)
def test_system_namespaces_are_left_alone(denying: LoneServer, name: str) -> None:
    (bad,) = CASES[name].bad
    answer = tried(denying, bad.put("metadata.namespace", "kube-system"))
    assert answer[0] == 201
    assert not _says(answer, name)


def test_what_was_there_before_can_be_labelled_and_scaled(denying: LoneServer) -> None:
    path = f"{path_of(PRIVILEGED.inputs)}/before"
    labels = {"metadata": {"labels": {"team": "blue"}}}
    assert denying.patch(path, labels)[0] == 200
    assert denying.patch(path, {"spec": {"replicas": 3}})[0] == 200
    pod = {"terminationGracePeriodSeconds": 5}
    status, answer = denying.patch(path, {"spec": {"template": {"spec": pod}}})
    assert status == 403
    assert "pods-are-unprivileged" in answer["message"]


def test_what_was_there_before_can_go(denying: LoneServer) -> None:
    path = f"{path_of(CLAIMING.inputs)}/before"
    assert denying.patch(path, {"metadata": {"labels": {"team": "blue"}}})[0] == 403
    assert denying.delete(path) == 200
    assert denying.patch(path, {"metadata": {"finalizers": None}})[0] == 200
    assert denying.get(path)[0] == 404


def test_the_servers_own_objects_are_not_refused(denying: LoneServer) -> None:
    """Bindings that the API server and kubeadm create and reconcile themselves are allowed."""
    server = stranger("ClusterRoleBinding", "system:public-info-viewer-2")
    kubeadm = stranger("RoleBinding", "kubeadm:bootstrap-signer-clusterinfo", "kube-public")
    for binding in (server, kubeadm):
        assert denying.tried(path_of(binding), binding)[0] == 201
    for binding in (stranger("RoleBinding", "system:mine"), kubeadm | {"metadata": {"name": "a"}}):
        assert denying.tried(path_of(binding), binding)[0] == 403


def stranger(kind: str, name: str, namespace: str = "shop") -> dict[str, Any]:
    """A binding for unauthenticated callers."""
    group = "rbac.authorization.k8s.io"
    place = {} if kind in CLUSTER_SCOPED else {"namespace": namespace}
    return {
        "apiVersion": f"{group}/v1",
        "kind": kind,
        "metadata": {"name": name} | place,
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "system:public-info-viewer"},
        "subjects": [{"apiGroup": group, "kind": "Group", "name": "system:unauthenticated"}],
    }


def test_volumes_of_a_provisioner_are_not_refused(denying: LoneServer) -> None:
    (bad,) = CASES["volumes-are-not-host-paths"].bad
    made = {"pv.kubernetes.io/provisioned-by": "rancher.io/local-path"}
    assert tried(denying, bad)[0] == 403
    status, message, _ = tried(denying, bad.put("metadata.annotations", made))
    assert status == 201, message


def test_warn(server: LoneServer) -> None:
    manifests = _only("pods-are-unprivileged", AdmissionAction.WARN)
    install(server, manifests)
    try:
        eventually(lambda: _says(tried(server, PRIVILEGED), "pods-are-unprivileged"), 60)
        status, _, warnings = tried(server, PRIVILEGED)
        assert status == 201
        assert any("CAAS-4001 pods-are-unprivileged" in warning for warning in warnings)
    finally:
        remove(server, manifests)


def test_audit(server: LoneServer) -> None:
    manifests = _only("pods-are-unprivileged", AdmissionAction.AUDIT)
    install(server, manifests)
    try:
        eventually(lambda: _is_noted(server), ACTIVE_SECONDS)
        status, message, warnings = tried(server, PRIVILEGED)
        assert status == 201, message
        assert not any("pods-are-unprivileged" in warning for warning in warnings)
    finally:
        remove(server, manifests)


def _is_noted(server: LoneServer) -> bool:
    """Tries it, and looks for the note about it in the audit log."""
    tried(server, PRIVILEGED)
    key = "validation.policy.admission.k8s.io/validation_failure"
    events = map(json.loads, server.audit_log.read_text().splitlines())
    notes = [event["annotations"][key] for event in events if key in event.get("annotations", {})]
    return any('"validationActions":["Audit"]' in note for note in notes)


def test_parameters(server: LoneServer) -> None:
    own = {"images-come-from-known-registries": {"registries": ["registry.example.com/team"]}}
    levels = dict.fromkeys(NAMES, "disabled") | {"images-come-from-known-registries": "mandatory"}
    manifests = admission_policies(levels=levels, parameters=own)
    assert len(manifests) == 2
    install(server, manifests)
    image = "spec.template.spec.containers.0.image"
    bad = DEPLOYMENT.put(image, "registry.example.com/teams/app:1")
    good = DEPLOYMENT.put(image, "registry.example.com/team/app:1")
    try:
        eventually(lambda: tried(server, bad)[0] == 403, ACTIVE_SECONDS)
        assert tried(server, good)[0] == 201
    finally:
        remove(server, manifests)


def _only(name: str, action: AdmissionAction) -> list[Manifest]:
    levels = {each: "disabled" for each in NAMES if each != name}
    return admission_policies(action, levels=levels)
