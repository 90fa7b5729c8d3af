"""Rules about what outlives a mistake."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from components.mappings import section
from policies.clouds import clouds
from policies.rules.frameworks import CAAS
from policies.rules.rule import ADVISORY, HIGH, LOW, MANDATORY, MEDIUM, Context, Rule
from policies.subjects.charts import HELM
from policies.subjects.resource import Item, Kind
from policies.subjects.subject import (
    RegisteredStack,
    StackSubject,
    Subject,
    itself,
    objects,
    resources,
)

TITLE = "Lifecycle"


def _data(stack: RegisteredStack) -> Iterator[tuple[Item, Item]]:
    types = {(cloud.provider, each) for cloud in clouds() for each in cloud.hold_data}
    if stack.is_production:
        for item in stack.every():
            if (item.kind.provider, item.kind.group) in types:
                yield item, item


def _protected(item: Item, _context: Context) -> Iterator[str]:
    if not item.protect:
        yield f"{item.name} holds data, and `pulumi destroy` deletes it"


def _keeps(bucket: Item, _context: Context) -> Iterator[str]:
    if str(bucket.props.get("forceDestroy")).lower() == "true":
        yield "it is deleted with all that is in it: `forceDestroy` is true"


def _keep(_kind: Kind, props: Any) -> bool:
    if props.get("forceDestroy") is not True:
        return False
    props["forceDestroy"] = False
    return True


def _waits(release: Item, _context: Context) -> Iterator[str]:
    for key in ("skipAwait", "disableWebhooks", "disableOpenapiValidation"):
        if release.props.get(key) is True:
            yield f"it counts as installed before its objects are ready: `{key}` is true"


def _slow_deletion(key: Item, _context: Context) -> Iterator[str]:
    days = key.props.get("deletionWindowInDays")
    if isinstance(days, int | float) and days < 14:  # noqa: PLR2004 - two weeks, the message says
        yield f"after {int(days)} days nothing that it encrypted can be read: fewer than 14"


def _long_wait(_kind: Kind, props: Any) -> bool:
    days = props.get("deletionWindowInDays")
    if not isinstance(days, int | float) or days >= 14:  # noqa: PLR2004 - two weeks
        return False
    props["deletionWindowInDays"] = 30
    return True


def _continuous(proxy: Item, _context: Context) -> Iterator[str]:
    if proxy.spec.get("reconcileStrategy") == "InstallOnce":
        yield "clusters with the chart don't get a newer version: InstallOnce"


def _not_forced(item: Item, _context: Context) -> Iterator[str]:
    options = section(item.spec, "options")
    forced = section(options, "upgrade").get("force") or item.props.get("forceUpdate")
    if forced is True:
        yield "an upgrade deletes objects that it can't change, and creates them anew"


BUCKETS = Subject(
    "buckets and object containers",
    lambda kind: (
        resources("aws", "Bucket", "BucketV2")(kind) or resources("openstack", "Container")(kind)
    ),
    itself,
)
RELEASES = Subject("Helm releases", objects("Release", group=HELM, patches=False), itself)
PROXIES = Subject("HelmChartProxies", objects("HelmChartProxy", patches=False), itself)
KEYS = Subject("KMS keys", lambda kind: kind.provider == "aws" and kind.group == "kms/key", itself)
INSTALLED = Subject(
    "Helm releases and HelmChartProxies",
    objects("Release", "HelmChartProxy", patches=False),
    itself,
)

RULES: tuple[Rule[Item], ...] = (
    Rule(
        "production-data-is-protected",
        "Resources that hold the data of a production stack are protected from deletion.",
        HIGH,
        MANDATORY,
        CAAS,
        "Register the resource with `protect=True`.",
        StackSubject("resources of production stacks that hold data", _data),
        _protected,
    ),
    Rule(
        "buckets-are-not-emptied",
        "A bucket that is not empty is not deleted.",
        HIGH,
        MANDATORY,
        CAAS,
        "Set `forceDestroy` to false.",
        BUCKETS,
        _keeps,
        fix=_keep,
    ),
    Rule(
        "keys-end-slowly",
        "The deletion of a key can be cancelled for at least two weeks.",
        MEDIUM,
        MANDATORY,
        CAAS,
        "Set `deletionWindowInDays` to 14 or more.",
        KEYS,
        _slow_deletion,
        fix=_long_wait,
    ),
    Rule(
        "releases-are-awaited",
        "A chart counts as installed when its objects are ready.",
        LOW,
        ADVISORY,
        CAAS,
        "Remove `skipAwait` and the settings that switch checks off.",
        RELEASES,
        _waits,
    ),
    Rule(
        "upgrades-are-not-forced",
        "An upgrade of a chart does not replace objects by force.",
        MEDIUM,
        MANDATORY,
        CAAS,
        "Remove `force` from the options of the upgrade.",
        INSTALLED,
        _not_forced,
    ),
    Rule(
        "charts-stay-up-to-date",
        "A chart of the fleet is upgraded when its version changes.",
        MEDIUM,
        ADVISORY,
        CAAS,
        "Set `reconcileStrategy: Continuous`.",
        PROXIES,
        _continuous,
    ),
)
