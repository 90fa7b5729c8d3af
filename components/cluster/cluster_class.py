"""One ClusterClass per infrastructure: what all its clusters have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pulumi
from packaging.version import Version

from catalog import catalog
from components.base import Component
from components.cluster import kubeadm
from components.cluster.existing import ManagementCluster
from components.cluster.kinds import BOOTSTRAP_API, CLUSTER_API, CONTROL_PLANE_API, WORKER_CLASS
from components.cluster.variables import DEFINITIONS, PATCHES, etcd_disk_patch
from components.delivery.clusters import FleetPlace
from components.digests import content_name
from components.infrastructure.interface import ClassParts, Infrastructure, Template
from components.manifest import core_object, custom_resource, wait_for
from components.mappings import Manifest


class ClusterClass(Component):
    """Makes a ClusterClass and the templates that it clones.

    Templates are immutable in Kubernetes, so their names carry a hash of their content: a change
    makes new ones, points the class at them, and Cluster API replaces the machines that differ.

    Args:
        name: the class's name.
        infrastructure: the plug-in that gives the infrastructure's parts.
        management: the management cluster; the identities that clusters refer to are made too. A
            stack gives `namespace` and providers in its place.
        namespace: the namespace of the class and its templates.
        kubernetes_versions: releases that clusters may run, every release of the catalog by
            default; upgrades walk them one minor at a time (`spec.kubernetesVersions`, Cluster API
            1.12 and later).

    Outputs:
        reference: the class's name; clusters of the stack refer to it.
    """

    def __init__(
        self,
        name: str,
        infrastructure: Infrastructure,
        *,
        management: ManagementCluster | None = None,
        namespace: str = "",
        kubernetes_versions: Sequence[Version] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        place = management.place if management else FleetPlace(namespace)
        super().__init__(name, place.options_of(opts))
        namespace = place.namespace
        kubernetes_versions = kubernetes_versions or catalog().kubernetes_versions
        parts = infrastructure.class_parts()
        templates = {
            role: template.manifest(content_name(f"{name}-{role}", template.spec), namespace)
            for role, template in _templates(parts).items()
        }
        children: list[pulumi.CustomResource] = [
            custom_resource(f"{name}-{role}", manifest, self.child())
            for role, manifest in templates.items()
        ]
        if management:
            children += self._identities(infrastructure, namespace)
        self.resource = custom_resource(
            f"{name}-class",
            {
                "apiVersion": CLUSTER_API,
                "kind": "ClusterClass",
                "metadata": {
                    "name": name,
                    "namespace": namespace,
                    "annotations": wait_for("VariablesReady", "RefVersionsUpToDate"),
                },
                "spec": _spec(parts, templates, kubernetes_versions),
            },
            self.child(depends_on=children),
        )
        if management:
            management.shared.append(self.resource)
        self.register_outputs({"reference": name})

    def _identities(
        self, infrastructure: Infrastructure, namespace: str
    ) -> Iterator[pulumi.CustomResource]:
        for manifest in infrastructure.objects(namespace):
            kind, metadata = manifest["kind"].lower(), manifest["metadata"]
            yield core_object(f"{self.name}-{kind}-{metadata['name']}", manifest, self.child())


def _templates(parts: ClassParts) -> dict[str, Template]:
    """Every template of the class, by its role in names."""
    return {
        "cluster": parts.cluster,
        "control-plane": Template(
            CONTROL_PLANE_API, "KubeadmControlPlaneTemplate", kubeadm.control_plane_spec(parts)
        ),
        "control-plane-machine": parts.control_plane_machine,
        "worker": Template(BOOTSTRAP_API, "KubeadmConfigTemplate", kubeadm.worker_spec(parts)),
        "worker-machine": parts.worker_machine,
    }


def _reference(template: Manifest) -> dict[str, Any]:
    return {
        "templateRef": {
            "apiVersion": template["apiVersion"],
            "kind": template["kind"],
            "name": template["metadata"]["name"],
        }
    }


def _spec(
    parts: ClassParts, templates: dict[str, Manifest], versions: Sequence[Version]
) -> dict[str, Any]:
    etcd_disk = [etcd_disk_patch(parts.etcd_device)] if parts.etcd_device else []
    return {
        "infrastructure": _reference(templates["cluster"]),
        "controlPlane": _reference(templates["control-plane"])
        | {"machineInfrastructure": _reference(templates["control-plane-machine"])},
        "workers": {
            "machineDeployments": [
                {
                    "class": WORKER_CLASS,
                    "bootstrap": _reference(templates["worker"]),
                    "infrastructure": _reference(templates["worker-machine"]),
                }
            ]
        },
        "variables": [*DEFINITIONS, *parts.variables],
        "patches": [*PATCHES, *etcd_disk, *parts.patches],
        "kubernetesVersions": [f"v{version}" for version in sorted(versions)],
    }
