"""Tenants of a stack file: the clusters that get them, their networks, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from components.addon_settings import resolved
from components.delivery.plan import plan
from components.facts import ClusterFacts
from components.mappings import Manifest
from components.network import Calico
from components.network.reach.ends import place
from components.network.reach.evaluator import Flow, PolicySet
from components.tenancy import SharedTenancy, Tenant
from engine.program import run_program
from errors import CaasError, Code
from errors.addons import ADDON_NEEDS
from errors.network import POLICIES_NOT_ENFORCED
from errors.tenants import (
    BAD_PEER,
    CLUSTER_OF_ANOTHER_TENANT,
    CONNECTION_UNKNOWN,
    DOMAINS_OVERLAP,
    DUPLICATE_TENANT,
    NAMESPACE_NOWHERE,
    NAMESPACE_PROTECTED,
    NAMESPACE_TAKEN,
    POOL_NOT_SET_ASIDE,
    SHARE_MISSING,
    SHARES_ABOVE_QUOTA,
    TENANT_CLUSTER_UNKNOWN,
    TENANTS_WITHOUT_PODS,
)
from policies import check
from stacks.settings import Stack, from_config
from tests.infrastructure.examples import EXAMPLES
from tests.unit.own_programs import cluster_class, edge, management, run, workload

CLUSTERS = [
    {"name": "orders", "labels": {"tier": "production"}},
    {"name": "reports", "labels": {"tier": "production"}},
    {"name": "lab"},
]
NAMES = ("web", "data", "batch")


def stack(tenants: list[dict[str, Any]], **more: Any) -> Stack:
    clusters = more.pop("clusters", CLUSTERS)
    machines = {"version": "1.36.3", "workerPools": [{"name": "general", "replicas": 3}]}
    config = {
        "management": {"mode": "existing"},
        "infrastructure": {"provider": "openstack", **EXAMPLES["openstack"].least},
        "clusters": [{**machines, **each} for each in clusters],
        "tenants": tenants,
        **more,
    }
    return from_config({f"caas:{key}": value for key, value in config.items()})


def refused(tenants: list[dict[str, Any]], **more: Any) -> list[tuple[str, str]]:
    with pytest.raises(CaasError) as caught:
        stack(tenants, **more)
    return [(each.code.reason, each.what) for each in caught.value.problems]


def objects(target: ClusterFacts, kind: str) -> dict[tuple[str, str], Manifest]:
    found = (each for addon in resolved(target) for each in addon.objects)
    return {
        (each["metadata"].get("namespace", ""), each["metadata"]["name"]): each
        for each in found
        if each["kind"] == kind
    }


def test_a_namespace_is_in_the_clusters_that_it_names() -> None:
    made = stack(
        [
            {
                "name": "shop",
                "namespaces": [
                    "tools",
                    {"name": "web", "in": {"labels": {"tier": "production"}}},
                    {"name": "data", "in": {"clusters": ["orders"]}},
                ],
            }
        ]
    )
    found = {
        each.name: {name for _, name in objects(made.target(each), "Namespace")}
        for each in made.clusters
    }
    assert found == {
        "orders": {"tools", "web", "data"},
        "reports": {"tools", "web"},
        "lab": {"tools"},
    }


def test_alike_clusters_share_what_is_delivered() -> None:
    clusters = [{"name": f"c{number}"} for number in range(40)]
    tenants = [{"name": f"t{number}", "namespaces": [f"ns{number}"]} for number in range(5)]
    made = stack(tenants, clusters=clusters)
    fleet = plan(map(made.target, made.clusters))
    sets = [each.addon for each in fleet.sets]
    assert sorted(each for each in sets if each.startswith("ten")) == [
        "tenancy",
        *(f"tenant-t{number}" for number in range(5)),
    ]


def test_people_and_connections_that_leave_are_changes_in_place() -> None:
    """No object is removed from clusters, so the same objects are there without them."""
    entry: dict[str, Any] = {"name": "shop", "namespaces": ["web", "data"]}
    opened = {
        **entry,
        "people": {"members": ["devs"]},
        "connections": [{"from": "web", "to": "data", "ports": [1]}],
    }
    found = []
    for each in (opened, entry, {**opened, "leaving": True}):
        made = stack([each])
        target = made.target(made.clusters[0])
        found.append([objects(target, kind) for kind in ("RoleBinding", "NetworkPolicy")])
    (bindings, policies), *others = found
    assert bindings["web", "caas-tenant-member"]["subjects"]
    assert policies["web", "caas-connections"]["spec"]["egress"]
    for closed, shut in others:
        assert (closed.keys(), shut.keys()) == (bindings.keys(), policies.keys())
        assert not any(each["subjects"] for each in closed.values())
        assert shut["web", "caas-connections"]["spec"]["egress"] == []
        assert shut["data", "caas-connections"]["spec"]["ingress"] == []


def test_other_tenants_are_denied_above_network_policies() -> None:
    asked = {"from": "web", "to": "payments/api", "ports": [1]}
    accepted = {"from": "payments/api", "to": "web", "ports": [1]}
    shop = {"name": "shop", "namespaces": ["web"], "connections": [asked], "accepts": [accepted]}
    tenants = [shop, {"name": "payments", "namespaces": ["api"]}]
    made = stack(tenants)
    (spec,) = (
        each["spec"]
        for (_, name), each in objects(
            made.target(made.clusters[0]), "ClusterNetworkPolicy"
        ).items()
        if name == "caas-tenant-web"
    )
    other = {"kubernetes.io/metadata.name": "api", "caas.dev/tenant": "payments"}
    for side, peers in (("ingress", "from"), ("egress", "to")):
        own, entries, rest = spec[side]
        assert [each["action"] for each in (own, entries, rest)] == ["Pass", "Pass", "Deny"]
        assert entries[peers] == [{"namespaces": {"matchLabels": other}}]
        (every,) = rest[peers]
        assert every["namespaces"]["matchExpressions"][0]["operator"] == "Exists"
    # Flannel has no definition of the kind.
    policies = {"flannel": {"networkPolicies": True}, "calico": None}
    flat = stack(tenants, addons=policies)
    assert not objects(flat.target(flat.clusters[0]), "ClusterNetworkPolicy")


def test_the_internet_is_without_the_cluster() -> None:
    connection = {"from": "web", "to": "internet", "ports": [443]}
    pods = {"pods": ["100.0.0.0/16"], "services": ["10.96.0.0/16"]}
    made = stack(
        [{"name": "shop", "namespaces": ["web"], "connections": [connection]}],
        clusters=[{"name": "orders", "network": pods}],
    )
    policies = objects(made.target(made.clusters[0]), "NetworkPolicy")
    (rule,) = policies["web", "caas-connections"]["spec"]["egress"]
    blocks = {each["ipBlock"]["cidr"]: each["ipBlock"]["except"] for each in rule["to"]}
    assert {"100.0.0.0/16", "169.254.0.0/16"} <= set(blocks["0.0.0.0/0"])
    assert "10.96.0.0/16" not in blocks["0.0.0.0/0"]  # 10.0.0.0/8 contains it


def test_gateways_of_the_cluster_reach_the_namespaces() -> None:
    made = stack(
        [{"name": "shop", "namespaces": ["web"]}], addons={"envoyGateway": {}, "certManager": {}}
    )
    policies = objects(made.target(made.clusters[0]), "NetworkPolicy")
    (rule,) = policies["web", "caas-gateway"]["spec"]["ingress"]
    (peer,) = rule["from"]
    labels = peer["namespaceSelector"]["matchLabels"]
    assert labels == {"kubernetes.io/metadata.name": "envoy-gateway-system"}


def test_the_platforms_prometheus_and_pods_of_one_namespace_reach_pods() -> None:
    """And other pods in the namespace of Prometheus do not; both can be closed."""

    def reached(**defaults: Any) -> list[bool]:
        web = {"name": "shop", "namespaces": ["web", {"name": "data", "openWithin": False}]}
        made = stack([web], addons={"monitoring": {}}, tenantDefaults=defaults)
        target = made.target(made.clusters[0])
        paths = PolicySet(objects(target, "NetworkPolicy").values())
        prometheus = replace(place("monitoring"), labels={"app.kubernetes.io/name": "prometheus"})
        own, data = (place(name, {"caas.dev/tenant": "shop"}) for name in ("web", "data"))
        pairs = [(prometheus, own), (own, own), (place("monitoring"), own), (data, data)]
        return [paths.verdict(Flow(*pair, 9090)).allowed for pair in [*pairs, (own, prometheus)]]

    assert reached() == [True, True, False, False, False]
    assert not any(reached(metrics=False, openWithin=False))


def test_a_pool_is_set_aside_for_namespaces() -> None:
    key = "caas.dev/pool"
    taint = {"key": key, "value": "data", "effect": "NoSchedule"}
    pool = {"name": "data", "labels": {key: "data"}, "taints": [taint]}
    entry = [{"name": "shop", "namespaces": [{"name": "web", "pool": "data"}]}]
    for version, kinds in (("1.36.3", 1), ("1.35.4", 0)):
        cluster = {"name": "one", "version": version, "workerPools": [{"name": "general"}, pool]}
        made = stack(entry, clusters=[cluster])
        target = made.target(made.clusters[0])
        assert objects(target, "Namespace")["", "web"]["metadata"]["labels"][key] == "data"
        assert len(objects(target, "MutatingAdmissionPolicy")) == kinds
    for wrong in ({"labels": {}}, {"taints": []}, {"taints": [{**taint, "value": "other"}]}):
        pools = [{"name": "general"}, {**pool, **wrong}]
        (found,) = refused(entry, clusters=[{"name": "one", "workerPools": pools}])
        assert found[0] == POOL_NOT_SET_ASIDE.reason


def test_storage_classes_of_one_tenant_are_for_no_other() -> None:
    shop = {"name": "shop", "namespaces": ["web"], "storageClasses": ["fast"]}
    share = {"quota": {"storageByClass": {"fast": "1Ti"}}, "storageClasses": ["standard"]}
    made = stack([shop, {"name": "pay", "namespaces": ["api"]}], tenantDefaults=share)
    target = made.target(made.clusters[0])
    found = {
        name: each["metadata"]["annotations"]["caas.dev/storage-classes"]
        for (_, name), each in objects(target, "Namespace").items()
    }
    assert found == {"web": "standard,fast", "api": "standard"}
    hard = objects(target, "ResourceQuota")["web", "caas-tenant"]["spec"]["hard"]
    assert hard["fast.storageclass.storage.k8s.io/requests.storage"] == "1Ti"


def test_shares_count_once_for_each_cluster() -> None:
    production = {"name": "web", "in": {"labels": {"tier": "production"}}, "quota": {"cpu": 8}}
    entry = {"name": "shop", "quota": {"cpu": 16}, "namespaces": [production]}
    stack([entry])
    ((code, what),) = refused([entry | {"quota": {"cpu": 15}}])
    assert (code, "16 of 15 cpu" in what) == (SHARES_ABOVE_QUOTA.reason, True)


def test_the_network_plug_in_has_to_hold_policies() -> None:
    entry = [{"name": "shop", "namespaces": ["web"]}]
    flannel = {"flannel": {}, "calico": None}
    (found,) = refused(entry, addons=flannel)
    assert found[0] == POLICIES_NOT_ENFORCED.reason
    stack(entry, addons={"flannel": {"networkPolicies": True}, "calico": None})
    (found,) = refused(entry, addons={"calico": None})
    assert found[0] == ADDON_NEEDS.reason


def test_namespaces_of_add_ons_are_not_for_tenants() -> None:
    (found,) = refused(
        [{"name": "shop", "namespaces": ["cert-manager"]}], addons={"certManager": {}}
    )
    assert found[0] == NAMESPACE_PROTECTED.reason


def test_a_namespace_has_one_tenant_in_each_cluster() -> None:
    one = {"name": "shop", "namespaces": [{"name": "web", "in": {"clusters": ["orders"]}}]}
    two = {"name": "pay", "namespaces": [{"name": "web", "in": {"clusters": ["lab"]}}]}
    stack([one, two])
    (found,) = refused([one, {"name": "pay", "namespaces": ["web"]}])
    assert found[0] == NAMESPACE_TAKEN.reason


def test_a_whole_cluster_is_of_one_tenant() -> None:
    people = {"owners": ["leads"], "members": ["devs"]}
    shop = {"name": "shop", "people": people, "clusters": ["lab"], "namespaces": ["web"]}
    made = stack([shop, {"name": "pay", "namespaces": ["api"]}])
    found = {
        each.name: {name for _, name in objects(made.target(each), "Namespace")}
        for each in made.clusters
    }
    assert found == {"orders": {"web", "api"}, "reports": {"web", "api"}, "lab": {"web"}}
    lab = made.clusters[2]
    bindings = objects(made.target(lab), "ClusterRoleBinding")
    subjects = {
        name: [each["name"] for each in bindings["", name]["subjects"]] for _, name in bindings
    }
    assert subjects == {
        "caas-tenant-cluster-owner": ["leads"],
        "caas-tenant-cluster-member": ["devs"],
        "caas-tenant-cluster-viewer": [],
    }
    assert not objects(made.target(made.clusters[0]), "ClusterRoleBinding")
    left = stack([{**shop, "leaving": True}])
    shut = objects(left.target(left.clusters[2]), "ClusterRoleBinding")
    assert shut.keys() == bindings.keys()
    assert not any(each["subjects"] for each in shut.values())


def test_a_whole_cluster_counts_with_its_workers() -> None:
    lab = {"name": "lab", "workerPools": [{"name": "general", "autoscaling": {"min": 1, "max": 3}}]}
    shop = {"name": "shop", "clusters": ["lab"], "namespaces": ["web"]}
    ((code, what),) = refused([shop | {"quota": {"cpu": 15}}], clusters=[lab, {"name": "orders"}])
    assert (code, "16 of 15 cpu" in what) == (SHARES_ABOVE_QUOTA.reason, True), what
    stack([shop | {"quota": {"cpu": 16}}], clusters=[lab, {"name": "orders"}])


WEB = {"name": "shop", "namespaces": ["web"]}
PAY = {"name": "pay", "namespaces": ["api"]}
REFUSED: list[tuple[Code, list[dict[str, Any]]]] = [
    (DUPLICATE_TENANT, [WEB, {**PAY, "name": "shop"}]),
    (
        NAMESPACE_NOWHERE,
        [{"name": "shop", "namespaces": [{"name": "a", "in": {"clusters": ["x"]}}]}],
    ),
    (
        NAMESPACE_NOWHERE,
        [{"name": "shop", "namespaces": [{"name": "a", "in": {"labels": {"x": "y"}}}]}],
    ),
    (POOL_NOT_SET_ASIDE, [{"name": "shop", "namespaces": [{"name": "web", "pool": "general"}]}]),
    (SHARE_MISSING, [WEB | {"quota": {"storage": "4Gi"}}]),
    (DOMAINS_OVERLAP, [WEB | {"domains": ["a.example.com"]}, PAY | {"domains": ["example.com"]}]),
    (TENANT_CLUSTER_UNKNOWN, [{"name": "shop", "clusters": ["x"]}]),
    (
        CLUSTER_OF_ANOTHER_TENANT,
        [{"name": "shop", "clusters": ["lab"]}, {"name": "pay", "clusters": ["lab"]}],
    ),
    (
        CLUSTER_OF_ANOTHER_TENANT,
        [
            {"name": "shop", "clusters": ["lab"]},
            {"name": "pay", "namespaces": [{"name": "a", "in": {"clusters": ["lab", "orders"]}}]},
        ],
    ),
    (BAD_PEER, [WEB | {"connections": [{"from": "web", "to": "a/b/c", "ports": [1]}]}]),
    *(
        (CONNECTION_UNKNOWN, [WEB | {key: [{"from": source, "to": to, "ports": [1]}]}, PAY])
        for key, source, to in (
            ("connections", "api", "web"),
            ("connections", "web", "api"),
            ("connections", "web", "pay/web"),
            ("accepts", "pay/web", "web"),
            ("accepts", "pay/api", "api"),
        )
    ),
]


@pytest.mark.parametrize(("code", "tenants"), REFUSED)
def test_what_is_wrong_between_values_has_one_code(
    code: Code, tenants: list[dict[str, Any]]
) -> None:
    assert [found for found, _ in refused(tenants)] == [code.reason]


def test_clusters_of_the_embedded_plane_have_no_tenants() -> None:
    embedded = {"management": {"mode": "embedded"}, "infrastructure": {}}
    (found,) = refused([WEB], **embedded)
    assert found[0] == TENANTS_WITHOUT_PODS.reason


ENDS = [(tenant, f"{tenant}-{name}") for tenant in ("a", "b", "c") for name in NAMES]
PAIRS = st.tuples(st.sampled_from(ENDS), st.sampled_from(ENDS))
OPENED = st.lists(PAIRS, max_size=8)


def _file(opened: list[Any], accepted: list[Any]) -> list[dict[str, Any]]:
    def of(tenant: str) -> dict[str, Any]:
        return {
            "name": tenant,
            "namespaces": [f"{tenant}-{name}" for name in NAMES],
            "connections": [
                {"from": source, "to": f"{owner}/{to}", "ports": [80]}
                for (mine, source), (owner, to) in opened
                if mine == tenant
            ],
            "accepts": [
                {"from": f"{owner}/{source}", "to": to, "ports": [80]}
                for (owner, source), (mine, to) in accepted
                if mine == tenant
            ],
        }

    return [of(tenant) for tenant in ("a", "b", "c")]


def _named(rules: list[dict[str, Any]], side: str) -> set[tuple[str, str]]:
    """The tenants and namespaces that rules name."""
    labels = (each["namespaceSelector"]["matchLabels"] for rule in rules for each in rule[side])
    return {(each["caas.dev/tenant"], each["kubernetes.io/metadata.name"]) for each in labels}


@settings(max_examples=100, deadline=None)
@given(OPENED, OPENED)
@pytest.mark.slow
def test_no_path_between_tenants_without_consent_of_both(
    opened: list[Any], accepted: list[Any]
) -> None:
    made = stack(_file(opened, accepted), clusters=[{"name": "one"}])
    target = made.target(made.clusters[0])
    policies = objects(target, "NetworkPolicy")
    every = {each for each in policies if each[1] == "caas-connections"}
    assert len(every) == len(ENDS)
    paths = PolicySet([*policies.values(), *objects(target, "ClusterNetworkPolicy").values()])
    # What an owner of the namespace might add with rights that the platform gave later.
    hole = {"spec": {"podSelector": {}, "ingress": [{}], "egress": [{}]}}
    holes = [
        {"kind": "NetworkPolicy", "metadata": {"name": "hole", "namespace": name}} | hole
        for _, name in ENDS
    ]
    pierced = PolicySet([*paths.manifests(), *holes])
    for source in ENDS:
        egress = _named(policies[source[1], "caas-connections"]["spec"]["egress"], "to")
        for to in ENDS:
            ingress = _named(policies[to[1], "caas-connections"]["spec"]["ingress"], "from")
            is_open = to in egress and source in ingress
            agreed = (source, to) in opened and (source[0] == to[0] or (source, to) in accepted)
            assert is_open == agreed, (source, to)
            agreed |= source == to
            if (source, to) not in {*opened, *accepted, (ENDS[0], ENDS[1]), (ENDS[0], ENDS[-1])}:
                continue
            one, other = (place(name, {"caas.dev/tenant": tenant}) for tenant, name in (source, to))
            assert paths.verdict(Flow(one, other, 80)).allowed == agreed, (source, to)
            assert paths.verdict(Flow(one, other, 81)).allowed == (source == to)
            named = (source, to) in opened and (source, to) in accepted
            crossed = pierced.verdict(Flow(one, other, 80)).allowed
            assert crossed == (source[0] == to[0] or named), (source, to)


def test_two_tenants_in_a_program_of_ones_own() -> None:
    """Directly in a cluster, and through a management cluster."""

    def directly() -> None:
        here = edge(provides=["network"])
        SharedTenancy("tenancy", cluster=here)
        Tenant("shop", cluster=here, people={"members": ["devs"]}, namespaces=[{"name": "web"}])
        Tenant("second", cluster=here, tenant="pay", namespaces=[{"name": "api"}])

    made = [each.inputs for each in run(directly).resources if each.inputs.get("kind")]
    namespaces = {
        each["metadata"]["name"]: each["metadata"]["labels"]["caas.dev/tenant"]
        for each in made
        if each["kind"] == "Namespace"
    }
    assert namespaces == {"web": "shop", "api": "pay"}

    def through() -> None:
        where = management()
        cluster_class(where)
        here = [workload(where, name) for name in ("one", "two")]
        Calico("network", cluster=here)
        SharedTenancy("tenancy", cluster=here)
        for tenant in ("shop", "pay"):
            Tenant(tenant, cluster=here, namespaces=[{"name": f"{tenant}-web"}])

    objects = [each.inputs for each in run(through).resources]
    sets = [each for each in objects if each.get("kind") == "ClusterResourceSet"]
    assert len(sets) == 4


def test_a_tenant_needs_what_tenants_share() -> None:
    def program() -> None:
        Tenant("shop", cluster=edge(provides=["network"]), namespaces=[{"name": "web"}])

    with pytest.raises(CaasError) as caught:
        run(program)
    assert [each.code for each in caught.value.problems] == [ADDON_NEEDS]


def test_the_program_of_a_stack_registers_tenants(tmp_path: Path) -> None:
    config = {
        "management": {"mode": "existing"},
        "infrastructure": {"provider": "openstack", **EXAMPLES["openstack"].least},
        "clusters": [{"name": "orders", "version": "1.36.3"}],
        "tenants": [{"name": "shop", "namespaces": ["web"]}],
    }
    file = tmp_path / "Pulumi.unit.yaml"
    file.write_text(yaml.safe_dump({"config": {f"caas:{key}": config[key] for key in config}}))
    recording = run_program("unit", file)
    refused = [each for each in check(recording.resources, date.today()) if each.is_mandatory]
    assert not [each for each in refused if each.rule.name.startswith("tenants-")]
    found = list(recording.objects())
    (cluster,) = (each for each in found if each["kind"] == "Cluster")
    label = cluster["metadata"]["labels"]["objects.caas.dev/tenant-shop"]
    assert f"tenant-shop-{label}" in {
        each["metadata"]["name"] for each in found if each["kind"] == "ClusterResourceSet"
    }
