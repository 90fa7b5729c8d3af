"""What an infrastructure must give so that clusters can land on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from components.manifest import Manifest

INFRASTRUCTURE_GROUP = "infrastructure.cluster.x-k8s.io"


@dataclass(frozen=True, slots=True)
class Template:
    """An object that Cluster API clones: `kind` of `api_version`, with `spec.template.spec`."""

    api_version: str
    kind: str
    spec: dict[str, Any]

    def manifest(self, name: str, namespace: str) -> Manifest:
        """The template as an object."""
        return {
            "apiVersion": self.api_version,
            "kind": self.kind,
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"template": {"spec": self.spec}},
        }


@dataclass(frozen=True, slots=True)
class NodeRegistration:
    """What kubeadm tells the kubelet of every machine of this infrastructure."""

    cri_socket: str = "unix:///var/run/containerd/containerd.sock"
    kubelet_extra_args: tuple[dict[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ClassParts:
    """What an infrastructure adds to a ClusterClass.

    Attributes:
        cluster: the template of the infrastructure cluster.
        control_plane_machine: the template of control-plane machines.
        worker_machine: the template of worker machines.
        node_registration: kubelet defaults that the infrastructure needs.
        cert_sans: names that the API server's certificate must be valid for, besides the user's.
        variables: ClusterClass variables of the infrastructure, `spec.variables[]`.
        patches: ClusterClass patches that use them, `spec.patches[]`.
    """

    cluster: Template
    control_plane_machine: Template
    worker_machine: Template
    node_registration: NodeRegistration = NodeRegistration()
    cert_sans: tuple[str, ...] = ()
    variables: tuple[dict[str, Any], ...] = ()
    patches: tuple[dict[str, Any], ...] = field(default=())


class Infrastructure(Protocol):
    """A provider plug-in: a name, and the parts of its ClusterClass."""

    @property
    def name(self) -> str:
        """The name that a stack file uses, `in-memory`."""

    def class_parts(self) -> ClassParts:
        """The templates, variables and patches for the ClusterClass."""
