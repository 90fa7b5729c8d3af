"""Rules about add-ons of a stack file, and what can't be done to add-ons of a running cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from components.addon import EXCLUSIVE, Addon
from components.addon_settings import AddonSettings
from components.cluster.facts_of import facts_of
from components.cluster.settings import Cluster
from components.delivery.plan import plan
from components.delivery.rules import check_target
from components.facts import ClusterFacts
from components.infrastructure.in_memory import InMemory
from engine.objects import Key
from engine.plan.addons import judge_addons, plan_addons
from engine.plan.objects import ObjectPlan
from errors import CaasError, Code, Where, addons
from errors.infrastructure import MANAGEMENT_FACTS_MISSING
from errors.ingress import DNS_OWNER_SHARED
from errors.network import ADDRESSES_TAKEN
from stacks.settings import load_file
from stacks.settings.addons import Addons, ClusterSettings, addons_of
from tests.addons.examples import LEAST


def problems(folder: Path, **config: Any) -> list[tuple[Code, str | None]]:
    file = folder / "Pulumi.unit.yaml"
    config = {"clusters": [LEAST]} | config
    file.write_text(yaml.safe_dump({"config": {f"caas:{key}": config[key] for key in config}}))
    try:
        load_file(file)
    except CaasError as error:
        return [(problem.code, problem.where.path) for problem in error.problems]
    return []


def test_an_add_on_has_to_support_the_version(tmp_path: Path) -> None:
    newer = LEAST | {"version": "1.37.2"}
    stack = {"certManager": {}}
    found = problems(tmp_path, clusters=[newer, newer | {"name": "b"}], addons=stack)
    assert [code for code, _ in found] == [addons.ADDON_UNSUPPORTED] * 2
    assert {path for _, path in found} == {"addons.certManager"}
    own = newer | {"addons": stack}
    found = problems(tmp_path, clusters=[own])
    assert found == [(addons.ADDON_UNSUPPORTED, "clusters[0].addons.certManager")]
    knowing = {"certManager": {"allowUnsupported": True}}
    assert not problems(tmp_path, clusters=[newer], addons=knowing)
    assert not problems(tmp_path, addons=stack)


def test_values_have_to_reach_a_chart(tmp_path: Path) -> None:
    values = {"replicas": 2}
    network = {"flannel": {"networkPolicies": True}}
    policies = {"networkPolicies": {"namespaces": ["shop"], "values": values}}
    found = problems(tmp_path, addons=network | policies)
    assert found == [(addons.ADDON_VALUES_IGNORED, "addons.networkPolicies.values")]
    assert not problems(tmp_path, addons={"metricsServer": {"values": values}})


def test_clusters_do_not_delete_each_others_records(tmp_path: Path) -> None:
    dns = {"cloudflare": {"secret": "token"}, "policy": "sync", "domainFilters": ["example.com"]}
    three = [LEAST, LEAST | {"name": "b"}, LEAST | {"name": "c"}]
    owned = dns | {"owner": "blue"}
    found = problems(tmp_path, clusters=three, addons={"externalDns": owned})
    assert found == [(DNS_OWNER_SHARED, "addons.externalDns.owner")]
    own = LEAST | {"name": "b", "addons": {"externalDns": owned | {"policy": "upsert-only"}}}
    found = problems(tmp_path, clusters=[LEAST, own], addons={"externalDns": owned})
    assert found == [(DNS_OWNER_SHARED, "clusters[1].addons.externalDns.owner")]
    # Separate owners, one cluster alone, other domains, and a policy that deletes nothing.
    assert not problems(tmp_path, clusters=three, addons={"externalDns": dns})
    assert not problems(tmp_path, addons={"externalDns": owned})
    own["addons"] = {"externalDns": owned | {"domainFilters": ["example.org"]}}
    assert not problems(tmp_path, clusters=[LEAST, own], addons={"externalDns": owned})
    kept = owned | {"policy": "upsert-only"}
    assert not problems(tmp_path, clusters=three, addons={"externalDns": kept})


@pytest.mark.parametrize("management", [{"mode": "embedded"}, {}])
def test_the_embedded_plane_gets_no_add_ons(tmp_path: Path, management: dict[str, Any]) -> None:
    management = management | {"addons": {"certManager": {}}}
    found = problems(tmp_path, management=management)
    assert found == [(addons.ADDONS_WITHOUT_PODS, "management.addons")]


def test_an_existing_management_cluster_gets_add_ons(tmp_path: Path) -> None:
    management: dict[str, Any] = {"mode": "existing", "addons": {"certManager": {}}}
    assert not problems(tmp_path, management=management)
    management["addons"]["calico"] = {}
    found = problems(tmp_path, management=management)
    assert found == [(MANAGEMENT_FACTS_MISSING, "management.addons.calico")]
    facts = {"version": "1.36.3", "pods": ["10.244.0.0/16"], "services": ["10.96.0.0/12"]}
    management["facts"] = facts | {"controlPlanes": 3, "workers": 3}
    assert not problems(tmp_path, management=management)


def test_facts_of_an_existing_management_cluster_are_checked_with(tmp_path: Path) -> None:
    facts = {"version": "1.36.3", "pods": ["10.244.0.0/16"], "services": ["10.96.0.0/12"]}
    facts |= {"controlPlanes": 3, "workers": 3, "provides": ["network"]}
    addons_there = {"metallb": {"pools": [{"name": "a", "addresses": ["10.244.1.0/24"]}]}}
    management = {"mode": "existing", "facts": facts, "addons": addons_there | {"flannel": {}}}
    found = problems(tmp_path, management=management)
    assert found == [
        (ADDRESSES_TAKEN, "management.addons.metallb.pools[0].addresses[0]"),
    ]
    management["addons"] = {"flannel": {}, "harbor": {"host": "harbor.example.com"}}
    assert {code for code, _ in problems(tmp_path, management=management)} == {
        addons.ADDONS_EXCLUDE,
        addons.ADDON_NEEDS,
    }


@pytest.mark.parametrize(
    ("installed", "code", "path"),
    [
        ({"ingressNginx": {}}, addons.RETIRED_ADDON, "ingressNginx"),
        ({"calico": {}, "flannel": {}}, addons.ADDONS_EXCLUDE, "flannel"),
        (
            {"issuers": {"ca": [{"name": "own"}], "values": {"a": 1}}},
            addons.ADDON_VALUES_IGNORED,
            "issuers.values",
        ),
    ],
)
def test_what_no_cluster_can_have_an_existing_one_can_not(
    tmp_path: Path, installed: dict[str, Any], code: Code, path: str
) -> None:
    facts = {"version": "1.36.3", "pods": ["10.244.0.0/16"], "services": ["10.96.0.0/12"]}
    facts |= {"controlPlanes": 3, "workers": 3, "provides": ["certificates"]}
    management = {"mode": "existing", "addons": installed, "facts": facts}
    found = problems(tmp_path, management=management)
    assert found == [(code, f"management.addons.{path}")]


class _Settings(AddonSettings):
    """An add-on of the tests, which is what it is given."""

    name: str
    provides: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()

    def addon(self, target: ClusterFacts) -> Addon:
        return Addon(self.name, provides=self.provides, needs=self.needs)


def findings(*settings: _Settings) -> list[tuple[Code, tuple[str | int, ...]]]:
    cluster = Cluster.model_validate(LEAST)
    found = facts_of(cluster, InMemory(), {each.name: each for each in settings})
    return [(finding.code, finding.path) for finding in check_target(found)]


def test_what_an_add_on_needs_has_to_be_there() -> None:
    needs = _Settings(name="needs", needs=("certificates",))
    assert findings(needs) == [(addons.ADDON_NEEDS, ("needs",))]
    assert not findings(needs, _Settings(name="has", provides=("certificates",)))


@pytest.mark.parametrize("role", EXCLUSIVE)
def test_some_roles_are_had_once(role: str) -> None:
    first, second = (_Settings(name=name, provides=(role,)) for name in ("a", "b"))
    assert findings(first, second) == [(addons.ADDONS_EXCLUDE, ("b",))]
    assert not findings(first, _Settings(name="b", provides=("volumes",)))


# ---- running clusters ---------------------------------------------------------------------------

PROXY = "addons.cluster.x-k8s.io/v1alpha1"
SET = "addons.cluster.x-k8s.io/v1beta2"


def manifest(api: str, kind: str, name: str, **more: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "clusters"} | more.pop("metadata", {})
    return {"apiVersion": api, "kind": kind, "metadata": metadata} | more


def cluster(version: str = "1.36.3", labels: Any = (), annotations: Any = ()) -> dict[str, Any]:
    topology = {"version": f"v{version}", "classRef": {"name": "in-memory"}, "controlPlane": {}}
    return manifest(
        "cluster.x-k8s.io/v1beta2",
        "Cluster",
        "shop",
        metadata={"labels": dict(labels), "annotations": dict(annotations)},
        spec={"topology": topology},
    )


def proxy(version: str = "1", values: str = "a: 1\n") -> dict[str, Any]:
    label = {"addon.caas.dev/cert-manager": "enabled"}
    spec = {
        "clusterSelector": {"matchLabels": label},
        "version": version,
        "valuesTemplate": values,
    }
    return manifest(PROXY, "HelmChartProxy", "cert-manager", spec=spec)


def objects(*manifests: dict[str, Any]) -> dict[Key, dict[str, Any]]:
    return {Key.of(each): each for each in manifests}


def words(live: dict[Key, Any], wanted: dict[Key, Any]) -> list[str]:
    return [str(change) for change in plan_addons(_Plan(live, wanted, ()))]


class _Plan(ObjectPlan):
    """A plan after which everything is as it was wanted."""

    def after(self) -> dict[Key, Any]:
        return dict(self.desired)


ON = {"addon.caas.dev/cert-manager": "enabled"}
OWN = {"values.caas.dev/cert-manager": "a: shop\nb: '{{ x }}'\n"}


@pytest.mark.parametrize(
    ("live", "wanted", "said"),
    [
        (
            objects(cluster()),
            objects(cluster(labels=ON), proxy()),
            ["chart `cert-manager` 1: installed in `shop`"],
        ),
        (
            objects(cluster(labels=ON), proxy()),
            objects(cluster(labels=ON), proxy("2", "b: 1\n")),
            ["chart `cert-manager`: 1 → 2 in `shop`"],
        ),
        (
            objects(cluster(labels=ON), proxy()),
            objects(cluster(labels=ON), proxy(values="a: 2\n")),
            ["chart `cert-manager`: its values change in `shop`"],
        ),
        (
            objects(cluster(labels=ON), proxy()),
            objects(
                cluster(labels=ON, annotations={"values.caas.dev/cert-manager": "a: 2\n"}), proxy()
            ),
            ["chart `cert-manager`: its values change in `shop`"],
        ),
        (  # a value of one cluster becomes the default, which the others have
            objects(cluster(labels=ON, annotations=OWN), proxy()),
            objects(
                cluster(labels=ON),
                proxy(values="a: {{ .Cluster.metadata.name }}\nb: '{{ `{{` }} x }}'\n"),
            ),
            [],
        ),
        (
            objects(cluster(labels=ON), proxy()),
            objects(cluster(), proxy()),
            ["chart `cert-manager`: removed from `shop`"],
        ),
        (objects(cluster(labels=ON), proxy()), objects(cluster(labels=ON), proxy()), []),
    ],
)
def test_what_happens_to_charts_is_said(
    live: dict[Key, Any], wanted: dict[Key, Any], said: list[str]
) -> None:
    assert words(live, wanted) == said


def test_objects_that_nothing_brings_any_more_are_removed() -> None:
    def state(digest: str, *pools: str) -> dict[Key, Any]:
        texts = [
            yaml.safe_dump(
                {
                    "apiVersion": "metallb.io/v1beta1",
                    "kind": "IPAddressPool",
                    "metadata": {"name": pool, "namespace": "metallb-system"},
                }
            )
            for pool in pools
        ]
        text = {"objects.yaml": "---\n".join(texts)}
        spec = {
            "clusterSelector": {"matchLabels": {"objects.caas.dev/metallb": digest}},
            "resources": [{"kind": "ConfigMap", "name": f"metallb-{digest}-0"}],
        }
        return objects(
            cluster(labels={"objects.caas.dev/metallb": digest}),
            manifest("v1", "ConfigMap", f"metallb-{digest}-0", data=text),
            manifest(SET, "ClusterResourceSet", f"metallb-{digest}", spec=spec),
        )

    said = words(state("d1", "one", "two"), state("d2", "one"))
    assert said == ["`metallb`: IPAddressPool metallb-system/two removed from `shop`"]
    assert not words(state("d1", "one"), state("d2", "one", "two"))


def judged(live: dict[str, Any], wanted: dict[str, Any], **settings: Any) -> Code | None:
    found = ClusterSettings.model_validate(LEAST | settings)
    releases = ["v1.35.4", "v1.36.3", "v1.37.2"]
    cluster_class = manifest(
        "cluster.x-k8s.io/v1beta2",
        "ClusterClass",
        "in-memory",
        spec={"kubernetesVersions": releases},
    )
    try:
        judge_addons(
            objects(live),
            objects(wanted, cluster_class),
            lambda name: addons_of(Addons(), found, InMemory()),
            lambda name, field: Where(path=field),
        )
    except CaasError as error:
        return error.problems[0].code
    return None


def test_a_network_plug_in_is_not_changed_on_a_running_cluster() -> None:
    calico = {"addon.caas.dev/calico": "enabled"}
    other = {"addon.caas.dev/cilium": "enabled"}
    assert judged(cluster(labels=calico), cluster(labels=other)) is addons.NETWORK_PLUGIN_CHANGED
    assert judged(cluster(labels=calico), cluster()) is addons.NETWORK_PLUGIN_CHANGED
    assert judged(cluster(), cluster(labels=calico)) is None
    assert judged(cluster(labels=calico), cluster(labels=calico)) is None


def test_an_upgrade_does_not_walk_through_what_an_add_on_does_not_support() -> None:
    wanted = cluster("1.37.2")
    add = {"certManager": {}}
    assert judged(cluster("1.35.4"), wanted, addons=add) is addons.ADDON_STOPS_UPGRADE
    assert judged(cluster("1.35.4"), cluster("1.36.3"), addons=add) is None
    knowing = {"certManager": {"allowUnsupported": True}}
    assert judged(cluster("1.35.4"), wanted, addons=knowing) is None


def test_gateways_of_a_running_cluster_are_not_deleted_by_another_that_defines_them() -> None:
    def carried(addons: dict[str, Any]) -> dict[str, Any]:
        found = ClusterSettings.model_validate(LEAST | {"addons": addons})
        return cluster(
            labels=plan([addons_of(Addons(), found, InMemory())]).clusters["shop"].labels
        )

    alone: dict[str, Any] = {"traefik": {}}
    beside: dict[str, Any] = alone | {"envoyGateway": {}}
    live, wanted = carried(alone), carried(beside)
    assert judged(live, wanted, addons=beside) is addons.GATEWAY_API_DROPPED
    # Who wants no Gateways may lose them, and who has others' definitions keeps them.
    none: dict[str, Any] = {"traefik": {"gatewayApi": False}}
    assert judged(live, carried(none), addons=none) is None
    assert judged(wanted, live, addons=alone) is None
    assert judged(live, live, addons=alone) is None
