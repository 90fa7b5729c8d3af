"""Cluster API on a management cluster, and its prerequisites."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from catalog import catalog
from components.base import Component
from components.chart import Chart
from components.delivery.direct import release
from components.delivery.mirror import Mirror, mirrored
from components.infrastructure.interface import Infrastructure, Provider
from components.manifest import core_object, custom_resource, of_stack, wait_for

OPERATOR_API = "operator.cluster.x-k8s.io/v1alpha2"
OPERATOR_NAMESPACE = "capi-operator-system"
REPLICAS = 2
_APART = {
    "podAntiAffinity": {
        "preferredDuringSchedulingIgnoredDuringExecution": [
            {
                "weight": 100,
                "podAffinityTerm": {
                    "labelSelector": {"matchLabels": {"control-plane": "controller-manager"}},
                    "topologyKey": "kubernetes.io/hostname",
                },
            }
        ]
    }
}
CONTROL_PLANE = "node-role.kubernetes.io/control-plane"
VARIABLES = "caas-variables"
"""The Secret with a provider's variables, in its namespace."""


# Providers are separate objects, below: the chart's hooks would create them only once.
OPERATOR = Chart(
    "cluster-api-operator",
    OPERATOR_NAMESPACE,
    {"replicaCount": REPLICAS, "enableHelmHook": False},
)


def providers(infrastructure: Infrastructure) -> Sequence[Mapping[str, Any]]:
    """The operator's objects, in the order of their needs."""
    versions = catalog()
    core = versions.modules["cluster-api"]
    topology = {"ClusterTopology": True}
    # Labels of pools reach their nodes, whatever their domain: stack files say which may be there.
    labels = {"--additional-sync-machine-labels": ".*"}
    found = [
        _provider("CoreProvider", "cluster-api", "capi-system", core, topology, arguments=labels),
        _provider("BootstrapProvider", "kubeadm", "capi-kubeadm-bootstrap-system", core, {}),
        _provider(
            "ControlPlaneProvider", "kubeadm", "capi-kubeadm-control-plane-system", core, topology
        ),
    ]
    if own := infrastructure.PROVIDER:
        found.append(_infrastructure(own, own.release))
    helm = versions.providers["helm"]
    return [*found, _provider("AddonProvider", "helm", "caaph-system", helm, {})]


def namespaces(infrastructure: Infrastructure) -> Mapping[str, str]:
    """Each namespace that is made, and the Pod Security level that it enforces.

    They are as restricted as can be; a provider of a cloud may mount the host's certificates.
    """
    found = {OPERATOR_NAMESPACE: "restricted"}
    found |= {each["metadata"]["namespace"]: "restricted" for each in providers(infrastructure)}
    if infrastructure.PROVIDER:
        found[infrastructure.PROVIDER.namespace] = "baseline"
    return found


class ClusterApi(Component):
    """Installs Cluster API on a cluster that has a network and cert-manager.

    The Cluster API operator, and its providers: core, kubeadm, the infrastructure's, and the
    add-on provider. Everything runs twice, on different hosts where there are several.

    Args:
        name: of the component.
        infrastructure: whose provider is installed.
        mirror: where the chart comes from, where it is not the internet.
        opts: `providers` has the Kubernetes provider of that cluster.

    Outputs:
        providers: the names of the installed providers.
    """

    def __init__(
        self,
        name: str,
        infrastructure: Infrastructure,
        *,
        mirror: Mirror | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, opts)
        made = {
            namespace: kubernetes.core.v1.Namespace(
                f"{name}-{namespace}",
                metadata=of_stack({"name": namespace, "labels": _security(level)}),
                opts=self.child(),
            )
            for namespace, level in namespaces(infrastructure).items()
        }
        before: list[pulumi.Resource] = list(made.values())
        options = self.child(depends_on=list(before))
        chart = mirrored(OPERATOR, mirror)
        before.append(release(f"{name}-{chart.name}", chart, options, mirror))
        before += self._prerequisites(infrastructure, before)
        before += [
            core_object(f"{name}-variables", dict(manifest), self.child(depends_on=list(before)))
            for manifest in variables(infrastructure)
        ]
        manifests = providers(infrastructure)
        for manifest in manifests:
            resource = f"{name}-{manifest['kind']}".lower()
            # The operator looks for the core provider before it installs another.
            before.append(
                custom_resource(resource, dict(manifest), self.child(depends_on=list(before)))
            )
        self.register_outputs({"providers": [each["metadata"]["name"] for each in manifests]})

    def _prerequisites(
        self, infrastructure: Infrastructure, before: Sequence[pulumi.Resource]
    ) -> list[pulumi.Resource]:
        own = infrastructure.PROVIDER
        if own is None or not own.prerequisites:
            return []
        file = own.prerequisites.format_map(catalog().providers)
        options = self.child(depends_on=list(before))
        return [kubernetes.yaml.v2.ConfigFile(f"{self.name}-{own.name}", file=file, opts=options)]


def _provider(
    kind: str,
    name: str,
    namespace: str,
    version: str,
    gates: Mapping[str, bool],
    *,
    arguments: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    options = {"featureGates": dict(gates), "additionalArgs": dict(arguments or {})}
    options = {key: value for key, value in options.items() if value}
    manager = {"manager": options} if options else {}
    return {
        "apiVersion": OPERATOR_API,
        "kind": kind,
        "metadata": {
            "name": name,
            "namespace": namespace,
            "annotations": wait_for("Ready"),
        },
        "spec": {
            "version": f"v{version}",
            **manager,
            "deployment": {"replicas": REPLICAS, "affinity": _APART},
        },
    }


def _infrastructure(own: Provider, version: str) -> dict[str, Any]:
    kind = "InfrastructureProvider"
    manifest = _provider(kind, own.name, own.namespace, version, own.feature_gates)
    secret = own.config_secret or (VARIABLES if own.variables else "")
    if secret:
        manifest["spec"]["configSecret"] = {"name": secret, "namespace": own.namespace}
    if own.url:
        manifest["spec"]["fetchConfig"] = {"url": own.url}
    if own.on_control_plane:
        manifest["spec"]["deployment"] |= {
            "nodeSelector": {CONTROL_PLANE: ""},
            "tolerations": [{"key": CONTROL_PLANE, "effect": "NoSchedule"}],
        }
    return manifest


def variables(infrastructure: Infrastructure) -> Sequence[Mapping[str, Any]]:
    """The Secret with the variables of the infrastructure's provider, where it has any."""
    own = infrastructure.PROVIDER
    if own is None or not own.variables:
        return ()
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": VARIABLES, "namespace": own.namespace},
        "stringData": dict(own.variables),
    }
    return (secret,)


def _security(level: str) -> dict[str, str]:
    return {
        "pod-security.kubernetes.io/enforce": level,
        "pod-security.kubernetes.io/warn": level,
    }
