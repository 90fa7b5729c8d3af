"""Requirements of an existing management cluster, checked before anything is applied.

Source: https://cluster-api.sigs.k8s.io/reference/api/labels-and-annotations and `main.go` of
Cluster API's core manager, for the flags and the labels that it brings to nodes by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from components.cluster_object import DeclaredCluster
from components.mappings import Manifest
from engine.api import Api, RefusedError, UnknownKindError
from errors import CaasError, Problem, Where
from errors.management import DEFINITION_MISSING, LABELS_STAY_OFF_NODES, TOPOLOGY_GATE_OFF

GROUP = "cluster.x-k8s.io"
PROVIDER = "cluster.x-k8s.io/provider"
"""The label of a provider's Deployment, with the provider's name."""
CORE, CONTROL_PLANE = "cluster-api", "control-plane-kubeadm"
FEATURE_GATES, SYNC_LABELS = "--feature-gates", "--additional-sync-machine-labels"
TOPOLOGY = "ClusterTopology"
SYNCED = ("node-role.kubernetes.io", "node-restriction.kubernetes.io", "node.cluster.x-k8s.io")
"""The domains of labels that the core manager brings from machines to nodes without a flag."""
BROUGHT_BY = {
    "HelmChartProxy": "Cluster API's add-on provider for Helm (`clusterctl init --addon helm`)",
    "ClusterResourceSet": "Cluster API's core provider",
}


def check(api: Api, wanted: Iterable[Manifest], where: Where) -> None:
    """Compares what a stack registers with what its management cluster can do.

    Args:
        api: the API server of the management cluster.
        wanted: the objects that the stack registers there.
        where: the stack file.

    Raises:
        CaasError: CAAS-3080 for kinds that are not served, CAAS-3081 and CAAS-3082 for flags of
            Cluster API's managers.
    """
    objects = list(wanted)
    found = list(_definitions(api, objects, where))
    found += _flags(_managers(api), objects, where)
    if found:
        raise CaasError.of(found)


def _definitions(api: Api, objects: Iterable[Manifest], where: Where) -> Iterator[Problem]:
    """DEFINITION_MISSING; kinds of other groups may be defined by what is installed first."""
    kinds = {(each["apiVersion"], each["kind"]) for each in objects}
    for version, kind in sorted(kinds):
        if not version.partition("/")[0].endswith(GROUP):
            continue
        try:
            api.collection(version, kind)
        except UnknownKindError:
            brings = BROUGHT_BY.get(kind, f"the provider of {version.partition('/')[0]}")
            yield Problem(
                DEFINITION_MISSING,
                f"The management cluster does not serve {kind} of {version}",
                where,
                fix=f"Install {brings} there, in a version that serves it.",
            )


def _managers(api: Api) -> dict[str, list[str]]:
    """The arguments of each provider's manager; none where Deployments may not be read."""
    try:
        found = api.list("/apis/apps/v1/deployments", labelSelector=PROVIDER)
    except RefusedError:
        return {}
    return {
        each["metadata"]["labels"][PROVIDER]: [
            argument
            for container in each["spec"]["template"]["spec"]["containers"]
            for argument in container.get("args", ())
        ]
        for each in found
    }


def _flags(
    managers: dict[str, list[str]], objects: Iterable[Manifest], where: Where
) -> Iterator[Problem]:
    """TOPOLOGY_GATE_OFF and LABELS_STAY_OFF_NODES."""
    for name in (CORE, CONTROL_PLANE):
        gates = ",".join(_values(managers.get(name, []), FEATURE_GATES))
        if name in managers and f"{TOPOLOGY}=true" not in gates.split(","):
            what = f"The manager of `{name}` runs without the feature gate {TOPOLOGY}"
            yield Problem(TOPOLOGY_GATE_OFF, what, where)
    if CORE not in managers:
        return
    patterns = [
        pattern for each in _values(managers[CORE], SYNC_LABELS) for pattern in each.split(",")
    ]
    for each in objects:
        if each["kind"] != "Cluster" or not each["apiVersion"].startswith(f"{GROUP}/"):
            continue
        labels = sorted(set(_labels(DeclaredCluster(each))))
        lost = [label for label in labels if not _reaches_nodes(label, patterns)]
        if lost:
            named = ", ".join(f"`{label}`" for label in lost)
            what = f"Labels of `{each['metadata']['name']}` would not reach its nodes: {named}"
            why = f"the core manager runs with {SYNC_LABELS} {', '.join(patterns) or 'unset'}"
            yield Problem(LABELS_STAY_OFF_NODES, what, where, why=why)


def _labels(cluster: DeclaredCluster) -> Iterator[str]:
    for group in cluster.groups:
        yield from (group.props.get("metadata") or {}).get("labels") or {}


def _reaches_nodes(label: str, patterns: Iterable[str]) -> bool:
    domain = label.partition("/")[0]
    own = any(domain == each or domain.endswith(f".{each}") for each in SYNCED)
    return own or any(re.search(pattern, label) for pattern in patterns if pattern)


def _values(arguments: Iterable[str], name: str) -> list[str]:
    """The values of an argument in the form `--name=value`."""
    return [each.partition("=")[2] for each in arguments if each.startswith(f"{name}=")]
