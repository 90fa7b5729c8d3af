"""Parts of a delivery: the Kubernetes objects and Helm releases that bring an add-on to clusters.

A part is plain data, so that it can be planned before anything is registered; see
`components.arguments`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pulumi
from pulumi_kubernetes.helm.v3 import Release as HelmRelease

from catalog import catalog
from components.addon import Addon
from components.base import Component
from components.chart import CLUSTER_NAME, Chart, rendered
from components.delivery.mirror import Mirror, mirrored, repository
from components.delivery.plan import kebab, namespaces
from components.manifest import core_object
from components.mappings import Manifest

RELEASE_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Part:
    """One resource.

    Attributes:
        name: of the Pulumi resource.
        body: the object, or the arguments of the Helm release.
        stage: parts of a stage are registered after those of all earlier stages.
        is_release: whether it is a Helm release.
        keep: whether it stays in the cluster when it leaves the program.
    """

    name: str
    body: Mapping[str, Any]
    stage: int = 0
    is_release: bool = False
    keep: bool = False


def direct_parts(
    name: str, addon: Addon, known: Mapping[str, str], mirror: Mirror | None = None
) -> list[Part]:
    """The Helm releases and objects of an add-on in one cluster that Pulumi reaches itself.

    Args:
        name: the first part of the names of the resources.
        addon: what is installed.
        known: the values of templates in it, such as the name of the cluster.
        mirror: the source of charts and images that replaces the internet.
    """
    parts = list(_objects(name, addon, namespaces(addon), known, 0))
    if addon.objects_first:
        parts += _objects(name, addon, addon.objects, known, 1)
    stage = 2
    for chart in addon.charts:
        parts.append(replace(_release(name, chart, known, mirror), stage=stage))
        stage += 1
    if not addon.objects_first:
        parts += _objects(name, addon, addon.objects, known, stage)
    return parts


def register(
    component: Component,
    parts: Iterable[Part],
    before: Sequence[pulumi.Resource] = (),
    options: Mapping[str, Any] | None = None,
) -> list[pulumi.Resource]:
    """Registers parts as children of a component, in the order of their stages.

    Args:
        component: the parent.
        parts: in the order of their stages.
        before: resources that all of them wait for.
        options: more options of each resource.
    """
    made: list[pulumi.Resource] = []
    stages: dict[int, list[Part]] = {}
    for part in parts:
        stages.setdefault(part.stage, []).append(part)
    for stage in sorted(stages):
        after = [*before, *made]
        for part in stages[stage]:
            kept = {"retain_on_delete": True} if part.keep else {}
            opts = component.child(depends_on=list(after), **kept, **(options or {}))
            if part.is_release:
                made.append(HelmRelease(part.name, opts=opts, **part.body))
            else:
                made.append(core_object(part.name, dict(part.body), opts))
    return made


def _objects(
    name: str,
    addon: Addon,
    manifests: Iterable[Manifest],
    known: Mapping[str, str],
    stage: int,
) -> Iterator[Part]:
    for manifest in manifests:
        own = rendered(manifest, known)
        kind, metadata = own["kind"].lower(), own["metadata"]
        place = f"{metadata['namespace']}-" if "namespace" in metadata else ""
        resource = f"{name}-{kebab(addon.name)}-{kind}-{place}{metadata['name']}"
        # A namespace may have been there before, and others may have put things into it.
        yield Part(resource, own, stage, keep=kind == "namespace")


def _release(name: str, chart: Chart, known: Mapping[str, str], mirror: Mirror | None) -> Part:
    """A Helm release of a chart, which waits until its resources are ready."""
    found = mirrored(chart, mirror)
    body = release_arguments(
        Chart(found.name, found.namespace, rendered(found.values, known)), mirror
    )
    return Part(f"{name}-{chart.name}", body, is_release=True)


def release_arguments(chart: Chart, mirror: Mirror | None = None) -> dict[str, Any]:
    """The arguments of `kubernetes.helm.v3.Release` for a chart of the catalog."""
    known = catalog().charts[chart.name]
    source = repository(known, mirror)
    oci = source.startswith("oci://")
    return {
        "name": chart.name,
        "chart": f"{source}/{known.name}" if oci else known.name,
        "version": known.version,
        **({} if oci else {"repository_opts": {"repo": source}}),
        "namespace": chart.namespace,
        "values": dict(chart.values),
        "timeout": RELEASE_SECONDS,
    }


def only_name(cluster: str) -> dict[str, str]:
    """The one template in add-ons, with its value for a cluster."""
    return {CLUSTER_NAME: cluster}
