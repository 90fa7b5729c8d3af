"""Tenants on a real API server: rights by impersonation, quotas, limits, pods, admission."""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubectl import Kubectl, eventually
from lone_server import LoneServer, lone_server

from components.addon_settings import resolved
from components.cluster import encryption
from components.cluster.control_plane_settings import OidcIssuer
from components.cluster.settings import ControlPlane
from components.delivery.plan import namespaces
from components.infrastructure.in_memory import InMemory
from components.mappings import Manifest
from components.tenancy import whole_cluster
from components.tenancy.base import TENANCY
from components.tenancy.cluster_policy import cluster_policy
from components.tenancy.settings import People
from engine.workload import without_credentials
from errors.tenant_refusals import (
    ACCESS_GIVEN_BY_TENANT,
    ADDRESS_POOL_FOREIGN,
    HOST_NAME_FOREIGN,
    NAMESPACE_OF_PLATFORM,
    PLATFORM_OBJECT,
    POD_ON_FOREIGN_MACHINES,
    PRIORITY_NOT_FOR_TENANTS,
    SERVICE_NOT_FOR_TENANTS,
    STORAGE_CLASS_FOREIGN,
    TOKEN_IN_SECRET,
)
from plane import pki
from plane.binaries import Binaries
from stacks.settings.addons import Addons, ClusterSettings, addons_of
from stacks.settings.tenants import StackTenant
from tests.addons.upstream import UPSTREAM

pytestmark = [pytest.mark.plane, pytest.mark.timeout(600)]

TENANTS = [
    {
        "name": "shop",
        "people": {"owners": ["leads"], "members": ["devs"], "viewers": ["user:ann"]},
        "domains": ["shop.example.com"],
        "namespaces": [
            {"name": "web", "quota": {"cpu": 2, "pods": 3, "storage": "1Gi"}},
            {"name": "data", "pool": "data"},
        ],
        "addressPools": ["shop"],
        "storageClasses": ["standard"],
        "connections": [{"from": "web", "to": "data", "ports": [5432]}],
    },
    {"name": "payments", "people": {"members": ["pay"]}, "namespaces": ["pay-api"]},
]
KINDS = {
    "LimitRange": "limitranges",
    "Namespace": "namespaces",
    "ClusterNetworkPolicy": "clusternetworkpolicies",
    "NetworkPolicy": "networkpolicies",
    "ResourceQuota": "resourcequotas",
    "ClusterRole": "clusterroles",
    "ClusterRoleBinding": "clusterrolebindings",
    "Role": "roles",
    "RoleBinding": "rolebindings",
    "Ingress": "ingresses",
    "Service": "services",
    "Pod": "pods",
    "Secret": "secrets",
    "CustomResourceDefinition": "customresourcedefinitions",
    "HTTPRoute": "httproutes",
    "ListenerSet": "listenersets",
    "ValidatingAdmissionPolicy": "validatingadmissionpolicies",
    "ValidatingAdmissionPolicyBinding": "validatingadmissionpolicybindings",
    "MutatingAdmissionPolicy": "mutatingadmissionpolicies",
    "MutatingAdmissionPolicyBinding": "mutatingadmissionpolicybindings",
    "PriorityClass": "priorityclasses",
    "PriorityLevelConfiguration": "prioritylevelconfigurations",
    "FlowSchema": "flowschemas",
    "PersistentVolumeClaim": "persistentvolumeclaims",
}
PEOPLE = {
    "owner": ("ola", "leads"),
    "member": ("mia", "devs"),
    "viewer": ("ann", "support"),
    "stranger": ("eve", "others"),
}
HOLDER = {"holder": ("lea", "lab-leads")}
"""An owner of the whole cluster."""
OWN, OTHER, PLATFORM = ("web", "data"), "pay-api", "kube-system"
SEEN = ["pods", "services", "apps/deployments", "networking.k8s.io/networkpolicies"]
DEPLOYED = ["pods", "configmaps", "apps/deployments", "batch/jobs", "networking.k8s.io/ingresses"]
NEVER = {
    "create": [
        "serviceaccounts/token",
        "networking.k8s.io/networkpolicies",
        "resourcequotas",
        "namespaces",
        "nodes/proxy",
        "rbac.authorization.k8s.io/clusterrolebindings",
    ],
    "update": ["resourcequotas", "limitranges", "namespaces"],
    "delete": ["networking.k8s.io/networkpolicies", "resourcequotas", "namespaces"],
    "deletecollection": ["pods", "secrets"],
    "impersonate": ["serviceaccounts", "users", "groups"],
    "escalate": ["rbac.authorization.k8s.io/roles", "rbac.authorization.k8s.io/clusterroles"],
    "bind": ["rbac.authorization.k8s.io/roles", "rbac.authorization.k8s.io/clusterroles"],
}
"""Rights that no role of a tenant has."""


def path_of(manifest: Manifest) -> str:
    group = manifest["apiVersion"]
    root = f"/apis/{group}" if "/" in group else f"/api/{group}"
    namespace = manifest["metadata"].get("namespace")
    place = f"/namespaces/{namespace}" if namespace else ""
    return f"{root}{place}/{KINDS[manifest['kind']]}"


GATEWAY = "gateway.networking.k8s.io"
ADMIN_TIER = UPSTREAM / "crds/calico/policy.networking.k8s.io_clusternetworkpolicies.yaml"
ADMIN_POLICY = cluster_policy("shop", "web", [], ["payments/pay-api"])


def definition(kind: str) -> Manifest:
    """A definition of a kind of the Gateway API that accepts every content."""
    plural = KINDS[kind]
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{plural}.{GATEWAY}",
            "annotations": {"api-approved.kubernetes.io": "unapproved, a test"},
        },
        "spec": {
            "group": GATEWAY,
            "names": {"kind": kind, "plural": plural},
            "scope": "Namespaced",
            "versions": [version | {"schema": {"openAPIV3Schema": schema}}],
        },
    }


def route(kind: str, **spec: Any) -> Manifest:
    metadata = {"name": "a", "namespace": "web"}
    return {"apiVersion": f"{GATEWAY}/v1", "kind": kind, "metadata": metadata, "spec": spec}


def install(server: LoneServer) -> None:
    for kind in ("HTTPRoute", "ListenerSet"):
        assert server.post(path_of(definition(kind)), definition(kind))[0] == 201
        eventually(lambda kind=kind: server.get(path_of(route(kind)))[0] == 200, 60)
    cluster = ClusterSettings.model_validate(
        {"name": "lab", "version": "1.36.3", "addons": {"calico": {}}}
    )
    if ADMIN_TIER.exists():
        crd = yaml.load(ADMIN_TIER.read_text(), yaml.CSafeLoader)
        assert server.post(path_of(crd), crd)[0] == 201
        eventually(lambda: server.get(path_of(ADMIN_POLICY))[0] == 200, 60)
    tenants = [StackTenant.model_validate(each) for each in TENANTS]
    target = addons_of(Addons(), cluster, InMemory(), tenants=tenants)
    for addon in resolved(target):
        if addon.name == TENANCY or addon.name.startswith("tenant-"):
            for manifest in (*namespaces(addon), *addon.objects):
                if manifest["kind"] == "ClusterNetworkPolicy" and not ADMIN_TIER.exists():
                    continue
                status, answer = server.post(path_of(manifest), manifest)
                assert status == 201, answer
    people = People(owners=("lab-leads",))
    for manifest in whole_cluster.objects("shop", people, ["shop.example.com"]):
        status, answer = server.post(path_of(manifest), manifest)
        assert status == 201, answer


@pytest.fixture(scope="module")
def server(binaries: Binaries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoneServer]:
    """A server with two tenants."""
    key = encryption.new_configuration()
    plane = ControlPlane.model_validate({"admission": {"denyExternalIPs": False}})
    with lone_server(binaries, tmp_path_factory.mktemp("server"), plane, key) as found:
        eventually(lambda: found.get("/api/v1/namespaces/kube-system")[0] == 200, 60)
        install(found)
        for name in (*OWN, OTHER):
            account = {"metadata": {"name": "default"}}
            assert found.post(f"/api/v1/namespaces/{name}/serviceaccounts", account)[0] == 201
        refused = service("probe", type="NodePort")
        eventually(lambda: tried(found, "member", refused)[0] == 422, 60)
        eventually(lambda: tried(found, "holder", namespace("probe"))[0] == 422, 60)
        yield found


def tried(server: LoneServer, person: str, manifest: Manifest) -> tuple[int, str]:
    """The answer to a person who makes an object that is not stored."""
    return asked(server, person, "POST", path_of(manifest), manifest)


def asked(
    server: LoneServer, person: str, method: str, path: str, content: Any = None
) -> tuple[int, str]:
    user, group = (PEOPLE | HOLDER)[person]
    headers = {
        "Content-Type": "application/json",
        "Impersonate-User": user,
        "Impersonate-Group": group,
    }
    url = f"{server.site.server}{path}?dryRun=All"
    body = json.dumps(content) if content else None
    response = server._admin.request(method, url, body=body, headers=headers)
    return response.status, json.loads(response.data).get("message", "")


def can(server: LoneServer, person: str, verb: str, kind: str, namespace: str) -> bool:
    user, group = (PEOPLE | HOLDER)[person]
    names, _, resource = kind.rpartition("/") if kind.count("/") == 1 else ("", "", kind)
    subresource = ""
    if "." not in names and names not in ("apps", "batch", ""):
        names, resource, subresource = "", names, resource
    attributes = {
        "verb": verb,
        "group": names,
        "resource": resource,
        "subresource": subresource,
        "namespace": namespace,
    }
    spec = {"user": user, "groups": [group], "resourceAttributes": attributes}
    path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
    status, answer = server.post(path, {"spec": spec})
    assert status == 201, answer
    return bool(answer["status"]["allowed"])


def service(name: str, **spec: Any) -> Manifest:
    metadata = {"name": name, "namespace": "web"}
    ports = {} if spec.get("type") == "ExternalName" else {"ports": [{"port": 80}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {**ports, **spec}}


def pod(name: str, **container: Any) -> Manifest:
    security = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    own = {"name": "a", "image": "a", "securityContext": security, **container}
    metadata = {"name": name, "namespace": "web"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [own]}}


def ingress(host: str) -> Manifest:
    backend = {"service": {"name": "a", "port": {"number": 80}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "a", "namespace": "web"},
        "spec": {"rules": [{**({"host": host} if host else {}), "http": {"paths": [path]}}]},
    }


def binding(name: str, *subjects: dict[str, str]) -> Manifest:
    group = "rbac.authorization.k8s.io"
    return {
        "apiVersion": f"{group}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": name, "namespace": "web"},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "caas-tenant-viewer"},
        "subjects": list(subjects),
    }


def count_quota(server: LoneServer) -> None:
    """Writes the status of the quota of `web`, as the controller would, which does not run here."""
    path = "/api/v1/namespaces/web/resourcequotas/caas-tenant"
    hard = server.get(path)[1]["spec"]["hard"]
    status = {"hard": hard, "used": dict.fromkeys(hard, "0")}
    assert server.patch(f"{path}/status", {"status": status})[0] == 200


@pytest.mark.parametrize("person", PEOPLE)
def test_rights_of_a_role_in_own_other_and_platform_namespaces(
    server: LoneServer, person: str
) -> None:
    reads, writes = person != "stranger", person in ("owner", "member")
    for namespace in OWN:
        for kind in SEEN:
            for verb in ("get", "list", "watch"):
                assert can(server, person, verb, kind, namespace) == reads
        for kind in DEPLOYED:
            for verb in ("create", "update", "patch", "delete"):
                assert can(server, person, verb, kind, namespace) == writes
        for verb in ("get", "list", "create"):
            assert can(server, person, verb, "secrets", namespace) == writes
        assert can(server, person, "create", "pods/exec", namespace) == writes
        is_owner = person == "owner"
        assert can(server, person, "delete", "persistentvolumeclaims", namespace) == is_owner
        roles = "rbac.authorization.k8s.io/rolebindings"
        assert can(server, person, "create", roles, namespace) == is_owner
    for namespace in (*OWN, OTHER, PLATFORM, ""):
        for verb, kinds in NEVER.items():
            for kind in kinds:
                assert not can(server, person, verb, kind, namespace), (verb, kind, namespace)
    for namespace in (OTHER, PLATFORM, ""):
        for kind in (*SEEN, *DEPLOYED, "secrets", "namespaces"):
            for verb in ("get", "list", "watch", "create", "update", "patch", "delete"):
                assert not can(server, person, verb, kind, namespace), (verb, kind, namespace)


def test_objects_of_the_platform_are_refused_to_an_owner(server: LoneServer) -> None:
    account = {"kind": "ServiceAccount", "name": "default", "namespace": "web"}
    status, message = tried(server, "owner", binding("caas-mine", account))
    assert (status, PLATFORM_OBJECT.id in message) == (422, True), message
    path = f"{path_of(binding('a'))}/caas-tenant-viewer"
    status, message = asked(server, "owner", "DELETE", path)
    assert (status, PLATFORM_OBJECT.id in message) == (422, True), message
    assert tried(server, "owner", binding("mine", account))[0] == 201
    # The platform changes them as before.
    assert server.patch(path, {"metadata": {"labels": {"a": "b"}}})[0] == 200


@pytest.mark.parametrize(
    "subject",
    [
        {"kind": "User", "name": "eve", "apiGroup": "rbac.authorization.k8s.io"},
        {"kind": "Group", "name": "others", "apiGroup": "rbac.authorization.k8s.io"},
        {"kind": "ServiceAccount", "name": "default", "namespace": "pay-api"},
    ],
    ids=["user", "group", "account elsewhere"],
)
def test_an_owner_gives_access_to_own_service_accounts_only(
    server: LoneServer, subject: dict[str, str]
) -> None:
    status, message = tried(server, "owner", binding("mine", subject))
    assert (status, ACCESS_GIVEN_BY_TENANT.id in message) == (422, True), message


def namespace(name: str, *, domains: str = "", **labels: str) -> Manifest:
    annotations = {"caas.dev/domains": domains} if domains else {}
    keys = {"tenant": "caas.dev/tenant", "level": "pod-security.kubernetes.io/enforce"}
    own = {keys[key]: value for key, value in labels.items()}
    metadata = {"name": name, "labels": own, "annotations": annotations}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def test_an_owner_of_the_cluster_makes_namespaces_and_gives_access(server: LoneServer) -> None:
    own = {"tenant": "shop", "level": "restricted"}
    status, message = tried(server, "holder", namespace("new", domains="shop.example.com", **own))
    assert status == 201, message
    for each in (
        namespace("new", level="restricted"),
        namespace("new", tenant="payments", level="restricted"),
        namespace("new", tenant="shop"),
        namespace("new", tenant="shop", level="privileged"),
        namespace("new", domains="example.com", **own),
    ):
        status, message = tried(server, "holder", each)
        assert (status, NAMESPACE_OF_PLATFORM.id in message) == (422, True), message
    status, message = asked(server, "holder", "DELETE", f"/api/v1/namespaces/{OTHER}")
    assert (status, NAMESPACE_OF_PLATFORM.id in message) == (422, True), message
    group = {"kind": "Group", "name": "devs", "apiGroup": "rbac.authorization.k8s.io"}
    given = binding("devs", group)
    assert tried(server, "holder", given)[0] == 201
    elsewhere = {**given, "metadata": {"name": "devs", "namespace": PLATFORM}}
    status, message = tried(server, "holder", elsewhere)
    assert (status, NAMESPACE_OF_PLATFORM.id in message) == (422, True), message
    admin = {**given, "roleRef": {**given["roleRef"], "name": "cluster-admin"}}
    assert tried(server, "holder", admin)[0] == 403


def test_an_owner_of_the_cluster_reads_no_secret_and_writes_no_pod_of_the_platform(
    server: LoneServer,
) -> None:
    for kind in ("pods", "namespaces", "nodes", "persistentvolumes"):
        assert can(server, "holder", "list", kind, "")
    for place in (PLATFORM, OTHER, "web", ""):
        for verb, kind in [("get", "secrets"), ("create", "pods"), ("create", "pods/exec")]:
            assert not can(server, "holder", verb, kind, place), (verb, kind, place)
    for verb, kinds in NEVER.items():
        for kind in kinds if verb in ("create", "impersonate", "escalate", "bind") else ():
            expected = kind in ("namespaces", "resourcequotas", "networking.k8s.io/networkpolicies")
            assert can(server, "holder", verb, kind, PLATFORM) == expected, (verb, kind)


def test_a_kubeconfig_for_people_holds_no_secret_and_asks_the_plug_in(
    server: LoneServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = tmp_path / "admin"
    pki.write_kubeconfig(admin, server.site.pki, "admin", server.site.server)
    url, authority = "https://id.example.com", "-----BEGIN CERTIFICATE-----"
    issuer = OidcIssuer.model_validate(
        {"url": url, "audiences": ["kubernetes", "ci"], "certificateAuthority": authority}
    )
    file = tmp_path / "people"
    file.write_text(without_credentials(admin.read_text(), issuer))
    people = Kubectl(Path(shutil.which("kubectl") or "kubectl"), file)
    seen = json.loads(people("config", "view", "--raw", "-o", "json"))
    (user,) = seen["users"]
    assert user["user"].keys() == {"exec"}
    assert "oidc-login" in people.run("get", "pods").stderr  # the plug-in is not installed
    # The real plug-in needs a browser. This one gives a token of an account instead.
    path = "/api/v1/namespaces/web/serviceaccounts/default/token"
    status, answer = server.post(path, {"spec": {"expirationSeconds": 600}})
    assert status == 201, answer
    credential = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": answer["status"]["token"]},
    }
    asked_with = tmp_path / "arguments"
    plug_in = tmp_path / "kubectl-oidc_login"
    plug_in.write_text(f"#!/bin/sh\necho \"$@\" > {asked_with}\necho '{json.dumps(credential)}'\n")
    plug_in.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    who = json.loads(people("auth", "whoami", "-o", "json"))["status"]["userInfo"]["username"]
    assert who == "system:serviceaccount:web:default"
    given = base64.b64encode(authority.encode()).decode()
    assert asked_with.read_text().split() == [
        "get-token",
        f"--oidc-issuer-url={url}",
        "--oidc-client-id=kubernetes",
        f"--certificate-authority-data={given}",
    ]


def test_host_names_are_of_the_tenants_domains(server: LoneServer) -> None:
    for host in ("shop.example.com", "www.shop.example.com", "*.shop.example.com"):
        status, message = tried(server, "member", ingress(host))
        assert status == 201, message
    for host in ("example.com", "notshop.example.com", "*.example.com", "pay.example.com", ""):
        status, message = tried(server, "member", ingress(host))
        assert (status, HOST_NAME_FOREIGN.id in message) == (422, True), (host, message)


def test_routes_and_listeners_of_the_gateway_api_name_hosts_of_the_tenant(
    server: LoneServer,
) -> None:
    own, foreign = "www.shop.example.com", "pay.example.com"
    assert tried(server, "member", route("HTTPRoute", hostnames=[own]))[0] == 201
    for spec in ({}, {"hostnames": []}, {"hostnames": [own, foreign]}):
        status, message = tried(server, "member", route("HTTPRoute", **spec))
        assert (status, HOST_NAME_FOREIGN.id in message) == (422, True), message
    assert tried(server, "member", route("ListenerSet", listeners=[{"hostname": own}]))[0] == 403


def test_no_secret_gets_a_token_of_an_account(server: LoneServer) -> None:
    metadata: dict[str, Any] = {"name": "a", "namespace": "web"}
    secret: Manifest = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata}
    assert tried(server, "member", secret)[0] == 201
    metadata["annotations"] = {"kubernetes.io/service-account.name": "default"}
    token = secret | {"type": "kubernetes.io/service-account-token"}
    for person in ("owner", "member"):
        status, message = tried(server, person, token)
        assert (status, TOKEN_IN_SECRET.id in message) == (422, True), message


def test_services_take_nothing_of_the_cluster(server: LoneServer) -> None:
    assert tried(server, "member", service("a"))[0] == 201
    for spec in (
        {"type": "NodePort"},
        {"externalIPs": ["198.51.100.1"]},
        {"type": "ExternalName", "externalName": "a.example.com"},
    ):
        status, message = tried(server, "member", service("a", **spec))
        assert (status, SERVICE_NOT_FOR_TENANTS.id in message) == (422, True), message


def test_pods_meet_the_level_the_limits_and_the_quota(server: LoneServer) -> None:
    privileged = pod("a", securityContext={"privileged": True})
    status, message = tried(server, "member", privileged)
    assert (status, "violates PodSecurity" in message) == (403, True), message
    path = path_of(privileged)
    count_quota(server)
    status, made = server.post(path, pod("first"))
    assert status == 201, made
    resources = made["spec"]["containers"][0]["resources"]
    assert resources == {
        "limits": {"memory": "512Mi"},
        "requests": {"cpu": "100m", "memory": "128Mi"},
    }
    large = pod("large", resources={"requests": {"cpu": "3"}})
    status, message = tried(server, "member", large)
    assert (status, "exceeded quota: caas-tenant" in message) == (403, True), message
    balancer = service("a", type="LoadBalancer")
    status, message = tried(server, "member", balancer)
    assert (status, "exceeded quota: caas-tenant" in message) == (403, True), message


POOL = "caas.dev/pool"


def made(server: LoneServer, namespace: str, **spec: Any) -> tuple[int, Any]:
    """The answer to the administrator who makes a pod that is not stored."""
    one = pod("a")
    one["metadata"]["namespace"] = namespace
    one["spec"] |= spec
    return server.post(f"{path_of(one)}?dryRun=All", one)


def test_pods_run_on_the_pool_of_their_namespace(server: LoneServer) -> None:
    eventually(lambda: "nodeSelector" in made(server, "data")[1].get("spec", {}), 60)
    own = {"key": POOL, "operator": "Equal", "value": "data"}
    for spec in ({}, {"tolerations": [own]}, {"nodeSelector": {"a/b": "c", POOL: "other"}}):
        status, found = made(server, "data", **spec)
        assert status == 201, found
        assert found["spec"]["nodeSelector"][POOL] == "data"
        assert [each for each in found["spec"]["tolerations"] if each["key"] == POOL] == [own]
    status, found = made(server, OTHER, tolerations=[{"key": "gpu", "operator": "Exists"}])
    assert (status, "nodeSelector" in found["spec"]) == (201, False), found


@pytest.mark.parametrize(
    "spec",
    [
        {"tolerations": [{"operator": "Exists"}]},
        {"tolerations": [{"key": POOL, "operator": "Exists"}]},
        {"tolerations": [{"key": POOL, "value": "data"}]},
        {"tolerations": [{"key": "node-role.kubernetes.io/control-plane", "operator": "Exists"}]},
        {"nodeName": "machine"},
    ],
)
def test_pods_do_not_run_on_machines_of_others(server: LoneServer, spec: Manifest) -> None:
    status, answer = made(server, OTHER, **spec)
    assert (status, POD_ON_FOREIGN_MACHINES.id in answer["message"]) == (422, True), answer


def test_pods_of_tenants_displace_none(server: LoneServer) -> None:
    status, answer = made(server, OTHER, priorityClassName="system-cluster-critical")
    assert (status, PRIORITY_NOT_FOR_TENANTS.id in answer["message"]) == (422, True), answer
    status, answer = made(server, OTHER, priorityClassName="caas-tenant-high")
    assert (status, answer["spec"]["preemptionPolicy"]) == (201, "Never"), answer


def test_requests_of_tenants_wait_in_their_own_queues(server: LoneServer) -> None:
    path = "/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations/caas-tenants"
    level = server.get(path)[1]["metadata"]["uid"]

    def is_limited(user: str, group: str) -> bool:
        headers = {"Impersonate-User": user, "Impersonate-Group": group}
        url = f"{server.site.server}/api/v1/namespaces/web/pods"
        answer = server._admin.request("GET", url, headers=headers)
        return bool(answer.headers["X-Kubernetes-PF-PriorityLevel-UID"] == level)

    eventually(lambda: is_limited("mia", "devs"), 60)
    assert is_limited("ann", "support")
    assert is_limited(f"system:serviceaccount:{OTHER}:default", "system:serviceaccounts")
    assert not is_limited("eve", "others")
    assert not is_limited("system:serviceaccount:kube-system:a", "system:serviceaccounts")


def test_address_pools_and_storage_classes_are_of_the_tenant(server: LoneServer) -> None:
    def named(**annotations: str) -> Manifest:
        one = service("a")
        one["metadata"]["annotations"] = {f"metallb.io/{k}": v for k, v in annotations.items()}
        return one

    pool, address = ({key: "shop"} for key in ("address-pool", "loadBalancerIPs"))
    assert tried(server, "member", named(**pool))[0] == 201
    other = {"address-pool": "payments"}
    for refused in (named(**other), named(**address), service("a", loadBalancerIP="192.0.2.1")):
        status, message = tried(server, "member", refused)
        assert (status, ADDRESS_POOL_FOREIGN.id in message) == (422, True), message
    for name, expected in (("standard", 201), ("payments-fast", 422)):
        claim: Manifest = {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": "a", "namespace": "data"},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": "1Gi"}},
                "storageClassName": name,
            },
        }
        status, message = tried(server, "member", claim)
        assert (status, STORAGE_CLASS_FOREIGN.id in message) == (expected, expected == 422)


@pytest.mark.skipif(not ADMIN_TIER.exists(), reason=f"{ADMIN_TIER} is not here")
def test_the_definition_of_cluster_network_policies_accepts_those_of_tenants(
    server: LoneServer,
) -> None:
    for each in (ADMIN_POLICY, cluster_policy("shop", "many", [f"a/b{n}" for n in range(60)], [])):
        other = {**each, "metadata": {"name": "another"}}
        assert server.tried(path_of(other), other)[0] == 201
        found = server.get(f"{path_of(each)}/caas-tenant-web")[1]
        assert found["spec"]["tier"] == "Admin"
