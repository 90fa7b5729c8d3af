"""Settings of one layer that another layer of the same stack file excludes, over all add-ons."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from cli.addon_pages import settings_class
from components.addon_settings import AddonSettings
from components.chart import CLUSTER_NAME
from components.delivery.contents import contents
from components.delivery.mirror import Mirror
from components.delivery.rules import check_target
from components.facts import ClusterFacts
from components.fields import Settings
from components.infrastructure.interface import Infrastructure
from components.infrastructure.registry import infrastructure
from components.network.mtu import Overhead
from components.placeholders import CLUSTER, knows, unfilled
from components.service_domain import AT
from errors import CaasError
from errors.ingress import DNS_CREDENTIALS
from errors.layers import (
    MTU_TOO_LARGE,
    NOT_IN_THE_MIRROR,
    PLACEHOLDER_NOT_FILLED,
    POD_WITHOUT_IDENTITY,
    STORE_SHARED,
)
from stacks.settings import from_config
from stacks.settings.addons import NETWORKS, Addons, addons_of
from stacks.settings.rules import check_infrastructure
from stacks.settings.rules.addons import check
from stacks.settings.stack import Management
from tests.addons import upstream
from tests.addons.examples import addon
from tests.addons.examples import cluster as cluster_settings
from tests.infrastructure.examples import EXAMPLES

FIELDS = Addons.model_fields_by_alias()
KEYS = [key for key in FIELDS if key != "ingressNginx"]
DOMAIN = "mng.corp.internal"


def cloud(name: str, **settings: Any) -> Infrastructure:
    kind = infrastructure(name)
    return kind.model_validate({"provider": name} | EXAMPLES[name].least | settings)


def target(on: Infrastructure, addons: dict[str, Any], **cluster: Any) -> ClusterFacts:
    return addons_of(Addons(), cluster_settings(**{"addons": addons} | cluster), on)


def openstack(mtu: int) -> Infrastructure:
    return cloud("openstack", network={"mtu": mtu})


# ---- packets -----------------------------------------------------------------------------------

WAYS: list[tuple[str, dict[str, Any], int]] = [
    ("calico", {}, 50),
    ("calico", {"encapsulation": "VXLANCrossSubnet"}, 50),
    ("calico", {"encapsulation": "IPIP", "bgp": {}}, 20),
    ("calico", {"encapsulation": "None", "bgp": {}}, 0),
    ("calico", {"wireguard": True}, 60),
    ("calico", {"encapsulation": "None", "bgp": {}, "wireguard": True}, 60),
    ("cilium", {}, 0),
    ("cilium", {"encryption": {}}, 0),
    ("flannel", {}, 0),
    ("flannel", {"backend": "wireguard"}, 0),
]


@pytest.mark.parametrize(("plugin", "settings", "overhead"), WAYS)
@pytest.mark.parametrize("network", [1450, 1500, 8950])
def test_the_largest_packet_that_fits(
    plugin: str, settings: dict[str, Any], overhead: int, network: int
) -> None:
    def found(mtu: int) -> list[str]:
        addons = {"calico": None, plugin: settings | {"mtu": mtu}}
        facts = target(openstack(network), addons)
        broken = [each for each in check_target(facts) if each.code is MTU_TOO_LARGE]
        assert all(each.path == (plugin, "mtu") for each in broken)
        return [each.fix for each in broken]

    largest = network - overhead
    assert found(largest) == []
    assert found(largest + 1) == [f"Use at most {largest}, or leave `mtu` out."]


def test_every_network_plugin_is_compared() -> None:
    assert {plugin for plugin, _, _ in WAYS} == set(NETWORKS)
    with_mtu = {key for key in KEYS if "mtu" in settings_class(FIELDS[key].annotation).model_fields}
    assert with_mtu == set(NETWORKS)


def test_packets_over_ipv6_have_a_longer_header() -> None:
    pods = {"pods": ["192.168.0.0/16", "fd00:1::/56"]}
    ranges = {"network": pods | {"services": ["10.96.0.0/16", "fd00:2::/112"]}}
    facts = target(openstack(1500), {"calico": {"mtu": 1431}}, **ranges)
    assert [each.fix for each in check_target(facts)][-1].startswith("Use at most 1430")
    assert Overhead.NONE.over(facts) == 0


def test_a_network_that_is_not_known_refuses_nothing() -> None:
    network = {"existing": {"network": {"name": "n"}, "subnets": [{"name": "s"}]}, "mtu": 1400}
    facts = target(cloud("openstack", network=network), {"calico": {"mtu": 8950}})
    assert not [each for each in check_target(facts) if each.code is MTU_TOO_LARGE]


# ---- the domain of Services --------------------------------------------------------------------

LARGE: dict[str, list[dict[str, Any]]] = {
    "logs": [
        {"mode": "distributed", "objectStorage": {"bucket": "logs", "secret": "logs"}},
        {"store": "victoriaLogs"},
    ],
    "cilium": [{"hubble": {"relay": True, "ui": True}}],
    "monitoring": [{"alerts": {"email": {"host": "h.example.com", "from": "a@b", "to": ["c@d"]}}}],
}


@pytest.mark.parametrize("key", KEYS)
def test_another_domain_reaches_every_value_and_object(key: str) -> None:
    least = dict(settings_class(FIELDS[key].annotation).EXAMPLE)
    for settings in ({}, *LARGE.get(key, ())):
        found = addon(key, least | settings, network={"serviceDomain": DOMAIN})
        for chart in found.charts:
            text = json.dumps(chart.values)
            assert "cluster.local" not in text, chart.name
            if chart.name in AT:
                path, end = AT[chart.name]
                assert upstream.at(chart.values, path) == DOMAIN + end
        assert "cluster.local" not in json.dumps(found.objects)


def test_a_users_own_domain_wins_and_the_usual_one_needs_no_value() -> None:
    values = {"global": {"clusterDomain": "own.example"}}
    (loki, *_) = addon("logs", {"values": values}, network={"serviceDomain": DOMAIN}).charts
    assert loki.values["global"] == values["global"]
    (loki, *_) = addon("logs", {}).charts
    assert "global" not in loki.values


@pytest.mark.parametrize("key", KEYS)
def test_every_chart_that_takes_a_domain_gets_it(key: str) -> None:
    """The charts' own defaults, where they are here, name the domain in the places of the table."""
    least = dict(settings_class(FIELDS[key].annotation).EXAMPLE)
    for chart in addon(key, least).charts:
        try:
            known = upstream.defaults(chart.name)
        except pytest.skip.Exception:
            continue
        named = {path for path, value in _texts(known) if "cluster.local" in value}
        assert named <= {AT.get(chart.name, ("", ""))[0]}, chart.name


def _texts(values: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(values, dict):
        for key, value in values.items():
            yield from _texts(value, f"{path}.{key}" if path else str(key))
    elif isinstance(values, str):
        yield path, values


# ---- who a pod is ------------------------------------------------------------------------------

AWS_BUCKET = {"bucket": "some-bucket", "region": "eu-central-1"}
NEEDY: dict[str, tuple[str, dict[str, Any]]] = {
    "Location": ("aws", {"velero": {"locations": [{"name": "main", **AWS_BUCKET}]}}),
    "Location gcs": (
        "gcp",
        {"velero": {"locations": [{"name": "main", "kind": "gcs", "bucket": "some-bucket"}]}},
    ),
    "Bucket": ("aws", {"logs": {"objectStorage": AWS_BUCKET}}),
    "Archive": ("aws", {"logs": {"archive": AWS_BUCKET}}),
    "S3Forward": ("aws", {"logs": {"forward": [{"name": "a", "type": "s3", **AWS_BUCKET}]}}),
    "Sns": (
        "aws",
        {
            "monitoring": {
                "alerts": {
                    "sms": {"numbers": ["+4915112345678"], "sns": {"region": "eu-central-1"}}
                }
            }
        },
    ),
    "S3": ("aws", {"harbor": {"host": "r.example.com", "images": {"s3": AWS_BUCKET}}}),
    "Route53Records": ("aws", {"externalDns": {"aws": {"region": "eu-central-1"}}}),
    "Google": ("gcp", {"externalDns": {"google": {"project": "p"}}}),
    "Route53": ("aws", {"issuers": {"acme": [{"route53": {"region": "eu-central-1"}}]}}),
    "CloudDns": ("gcp", {"issuers": {"acme": [{"cloudDNS": {"project": "p"}}]}}),
}
"""Add-ons that need no Secret where pods have an identity: by the class of their settings, the
cloud whose credentials they use, and settings."""
SECRETS_OF_THEIR_OWN = {
    "AzureDns": "its Secret holds an application, and a managed identity is a setting",
    "AzureRecords": "always needs a Secret",
    "CloudflareSolver": "always needs a Secret",
    "Rfc2136Solver": "always needs a Secret",
    "CloudflareRecords": "always needs a Secret",
    "Designate": "always needs a Secret",
    "Rfc2136Records": "always needs a Secret",
    "WebhookSolver": "has credentials of its own",
}


def _settings(needy: dict[str, Any]) -> dict[str, Any]:
    found = json.loads(json.dumps(needy))
    for issuer in found.get("issuers", {}).get("acme", ()):
        key = next(iter(issuer))
        solver = {"zones": ["example.com"], key: issuer.pop(key)}
        issuer |= {"name": "letsencrypt", "email": "ops@example.com", "dns01": [solver]}
    return dict(found)


def codes(facts: ClusterFacts) -> set[Any]:
    found = {each.code for settings in facts.addons.values() for each in settings.check(facts)}
    return found & {POD_WITHOUT_IDENTITY, DNS_CREDENTIALS}


@pytest.mark.parametrize("provider", sorted(EXAMPLES))
@pytest.mark.parametrize("name", NEEDY)
def test_a_secret_is_demanded_where_pods_have_no_identity(name: str, provider: str) -> None:
    whose, needy = NEEDY[name]
    on = cloud(provider)
    if on.PROVIDER is None:
        return  # no pod runs there
    assert bool(codes(target(on, _settings(needy)))) == (whose != on.IDENTITY_OF_PODS)
    text = json.dumps(_settings(needy))
    for key in ("bucket", "region", "project"):
        if f'"{key}"' in text:
            named = re.sub(rf'"{key}": "', f'"secret": "mine", "{key}": "', text, count=1)
            break
    assert not codes(target(on, json.loads(named)))


def test_pods_on_workers_of_aws_do_not_reach_their_machines_role() -> None:
    assert cloud("aws").IDENTITY_OF_MACHINES == "aws"
    assert cloud("aws").IDENTITY_OF_PODS == ""


def test_a_role_of_the_service_account_will_do() -> None:
    values = {"serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:a"}}}
    needy = {"velero": {"locations": [{"name": "main", **AWS_BUCKET}], "values": values}}
    assert not codes(target(cloud("aws"), needy))


def _models(kind: type[BaseModel], seen: set[type[BaseModel]]) -> Iterator[type[BaseModel]]:
    if kind in seen:
        return
    seen.add(kind)
    yield kind
    for field in kind.model_fields.values():
        for inner in _inside(field.annotation):
            yield from _models(inner, seen)


def _inside(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        # A base of a union's members is named where they are.
    for argument in get_args(annotation):
        yield from _inside(argument)


def every_model() -> list[type[Settings]]:
    seen: set[type[BaseModel]] = set()
    found = [each for key in KEYS for each in _models(settings_class(FIELDS[key].annotation), seen)]
    return [each for each in found if issubclass(each, Settings)]


def test_every_model_that_may_go_without_a_secret_is_known() -> None:
    """Buckets, services of clouds and DNS providers, whose `secret` need not be named."""
    signs = {"bucket", "container", "region", "project", "zones"}
    may_lack = {
        each.__name__
        for each in every_model()
        if not issubclass(each, AddonSettings)
        and "secret" in each.model_fields
        and not each.model_fields["secret"].is_required()
        and signs & set(each.model_fields)
    }
    assert may_lack <= {name.split()[0] for name in NEEDY} | set(SECRETS_OF_THEIR_OWN)


# ---- placeholders ------------------------------------------------------------------------------

FILLED_FIELDS = {
    ("Grafana", "hostname"),
    ("Listener", "hostname"),
    ("Location", "prefix"),
    ("Receive", "hostname"),
}
"""The fields that know `{cluster}`, by model."""
FREE = {"values", "collector_values", "payload", "options"}
"""Mappings whose texts are those of charts and services."""


def test_the_fields_that_know_the_placeholder() -> None:
    found = {
        (model.__name__, name)
        for model in every_model()
        for name, field in model.model_fields.items()
        if knows(field)
    }
    assert found == FILLED_FIELDS


@pytest.mark.parametrize("model", every_model(), ids=lambda model: model.__name__)
def test_anywhere_else_it_is_refused(model: type[Settings]) -> None:
    for name, field in model.model_fields.items():
        if "str" not in str(field.annotation) or name in FREE:
            continue
        for value in (f"a-{CLUSTER}", (f"a-{CLUSTER}",)):
            settings = model.model_construct(**dict.fromkeys(model.model_fields) | {name: value})
            found = {path[0] for path in unfilled(settings)}
            assert (field.alias or name) in found or knows(field), name


def test_a_folder_of_backups_has_the_name_of_the_cluster() -> None:
    location = {"name": "main", "prefix": f"backups/{CLUSTER}", "secret": "s", **AWS_BUCKET}
    (velero,) = addon("velero", {"locations": [location], "volumes": "files"}).charts
    (store,) = velero.values["configuration"]["backupStorageLocation"]
    assert store["prefix"] == f"backups/{CLUSTER_NAME}"


def test_a_bucket_does_not_know_it() -> None:
    location = {"name": "main", "secret": "s", **AWS_BUCKET, "bucket": f"{CLUSTER}-backups"}
    facts = target(cloud("openstack"), {"velero": {"locations": [location], "volumes": "files"}})
    found = [each for each in check_target(facts) if each.code is PLACEHOLDER_NOT_FILLED]
    assert [each.path for each in found] == [("velero", "locations", 0, "bucket")]


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_field_of_an_infrastructure_knows_it(name: str) -> None:
    """One stack's settings are those of all its clusters."""
    least = EXAMPLES[name].least
    texts = [key for key, value in least.items() if isinstance(value, str)]
    own = cloud(name)
    for key in texts:
        changed = own.model_copy(update={field_of(own, key): f"a-{CLUSTER}"})
        found = check_infrastructure(changed, [], Management(), Addons())
        paths = [each.path for each in found if each.code is PLACEHOLDER_NOT_FILLED]
        assert paths == [("infrastructure", key)]


IN_CLUSTERS: dict[str, dict[str, Any]] = {
    "an audience of tokens": {
        "controlPlane": {
            "authentication": {
                "issuers": [{"url": "https://login.example.com", "audiences": [f"kube-{CLUSTER}"]}]
            }
        }
    },
    "an argument": {
        "controlPlane": {
            "kubeadm": {
                "apiServer": {"extraArgs": [{"name": "service-account-issuer", "value": CLUSTER}]}
            }
        }
    },
}


@pytest.mark.parametrize("name", IN_CLUSTERS)
@pytest.mark.parametrize("management", [False, True])
def test_no_field_of_a_cluster_knows_it(name: str, management: bool) -> None:
    own = {"name": "shop", "version": "1.36.3"} | IN_CLUSTERS[name]
    place = {"mode": "self-managed", "cluster": own}
    config = {"caas:management": place} if management else {"caas:clusters": [own]}
    with pytest.raises(CaasError) as caught:
        from_config(config)
    found = [each for each in caught.value.problems if each.code is PLACEHOLDER_NOT_FILLED]
    assert len(found) == 1
    assert str(found[0].where.path).startswith(
        "management.cluster" if management else "clusters[0]"
    )


def field_of(model: Any, alias: str) -> str:
    fields = type(model).model_fields
    return next(name for name, field in fields.items() if (field.alias or name) == alias)


# ---- what clusters may not share ---------------------------------------------------------------

STORES: dict[str, dict[str, Any]] = {
    "S3": {"images": {"s3": {**AWS_BUCKET, "secret": "s"}}},
    "Swift": {
        "images": {
            "swift": {
                "container": "images",
                "authUrl": "https://keystone.example.com/v3",
                "username": "harbor",
                "secret": "s",
            }
        }
    },
    "Database": {"database": {"host": "db.example.com", "secret": "s"}},
    "Valkey": {"valkey": {"addresses": ["valkey.example.com:6379"]}},
}
SHAREABLE = {
    "Location": "the policy `backups-of-clusters-are-apart` looks at its folder",
    "Bucket": "the index is in a folder of the cluster, and chunks carry its name",
    "Archive": "the cluster is a part of every path",
    "S3Forward": "the cluster is a part of every path",
}


def both(settings: dict[str, Any], **second: Any) -> list[Any]:
    addons = {"harbor": {"host": "registry.example.com", **settings}}
    clusters = [
        (("clusters", 0), cluster_settings(name="one")),
        (("clusters", 1), cluster_settings(name="two", **second)),
    ]
    stack = Addons.model_validate(addons)
    found = check(stack, clusters, cloud("openstack"), Management())
    return [each for each in found if each.code is STORE_SHARED]


@pytest.mark.parametrize("name", STORES)
def test_what_one_installation_has_for_itself(name: str) -> None:
    (finding,) = both(STORES[name])
    assert finding.path[:2] == ("addons", "harbor")
    assert finding.why == "`one` and `two` do"
    assert not both(STORES[name], addons={"harbor": None})


def test_every_store_is_known() -> None:
    """Models with a bucket, a container, a database or a cache of the user's."""
    signs = {"bucket", "container", "ssl", "sentinel_set"}
    found = {each.__name__ for each in every_model() if signs & set(each.model_fields)}
    assert found == set(STORES) | set(SHAREABLE)


# ---- without the internet ----------------------------------------------------------------------

MIRROR = Mirror(registry="mirror.example.com/m", charts="oci://mirror.example.com/charts")
ACME = {"name": "letsencrypt", "email": "ops@example.com"}
ROUTE53 = {"dns01": [{"route53": {"region": "eu-central-1", "secret": "s"}}]}
BASE: dict[str, Any] = {"certManager": {}, "longhorn": {"replicas": 1, "default": False}}
HARBOR = {"host": "registry.example.com", "expose": "ingress", "tlsSecret": "tls"}
ONLINE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "Trivy": ({"harbor": HARBOR}, {"harbor": {**HARBOR, "trivy": False}}),
    "Let's Encrypt": (
        {"issuers": {"acme": [{**ACME, **ROUTE53}]}},
        {"issuers": {"acme": [{**ACME, **ROUTE53, "server": "https://acme.example.com/d"}]}},
    ),
}
"""Add-ons whose pods download from the internet, and the same add-ons without it."""


def offline(addons: dict[str, Any], **mirror: Any) -> list[Any]:
    settings = cluster_settings(workerPools=[{"name": "general", "replicas": 3}])
    stack = Addons.model_validate(BASE | addons)
    placed = [(("clusters", 0), settings)]
    mirrored = MIRROR.model_copy(update=mirror)
    found = list(check(stack, placed, cloud("openstack"), Management(), mirrored))
    assert {each.code for each in found} <= {NOT_IN_THE_MIRROR}
    return found


@pytest.mark.parametrize("name", ONLINE)
def test_what_pods_download_is_refused_behind_a_mirror_or_listed(name: str) -> None:
    online, without = ONLINE[name]
    (finding,) = offline(online)
    assert finding.fix
    assert not offline(without)
    assert not offline(online, downloads=True)
    facts = target(cloud("openstack"), BASE | online)
    listed = contents([], [facts], facts.infrastructure).open
    assert sum("download by themselves" in each for each in listed) == 1


def test_databases_in_the_mirror_will_do() -> None:
    databases = {"dbRepository": ["mirror.example.com/m/db:2"], "javaDBRepository": ["m/java:1"]}
    assert not offline({"harbor": {**HARBOR, "values": {"trivy": databases}}})


@pytest.mark.parametrize("key", KEYS)
def test_nothing_asks_for_newer_versions(key: str) -> None:
    """Update checks and reports that a chart switches on are off in its values."""
    asking = re.compile(r"check_?(for_?)?(new|upd|upgr)|upgrade_?checker$|anonymous", re.I)
    least = dict(settings_class(FIELDS[key].annotation).EXAMPLE)
    for chart in addon(key, least).charts:
        try:
            known = upstream.defaults(chart.name)
        except pytest.skip.Exception:
            continue
        for path in _flags(known):
            if asking.search(path[-1]):
                ours: Any = chart.values
                for key_of in path:  # a key may have dots in it
                    ours = ours[key_of]
                assert ours is False, (chart.name, path)


def _flags(values: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(values, dict):
        for key, value in values.items():
            yield from _flags(value, (*path, str(key)))
    elif values is True:
        yield path
