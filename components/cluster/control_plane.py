"""A highly available control plane: what it needs on the management cluster beside its machines."""

from __future__ import annotations

import pulumi

from components.base import Component
from components.cluster import encryption
from components.cluster.kinds import CLUSTER_NAME_LABEL
from components.cluster.settings import Cluster
from components.manifest import adopted, core_object


class HAControlPlane(Component):
    """Makes the Secret with the key that the cluster's Secrets are encrypted with in etcd.

    Machines, certificates, etcd and their upkeep are Cluster API's, told by the ClusterClass and
    the Cluster's topology: see `components.cluster.kubeadm`.

    The key is made once. The Secret is immutable, and changes of its content are ignored: each run
    of the program has another random key, which only the first one uses. The Secret stays when the
    cluster goes, because its snapshots of etcd are worth nothing without the key.

    Args:
        settings: what the stack file says about the cluster.
        namespace: where the Cluster lives.

    Attributes:
        resources: what the Cluster needs to be there before it.
    """

    def __init__(
        self, settings: Cluster, *, namespace: str, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"{settings.name}-control-plane", opts)
        wanted = settings.control_plane.encryption
        self.resources: list[pulumi.Resource] = []
        if wanted.enabled:
            name = encryption.secret_name(settings.name)
            labels = {encryption.MOVE_LABEL: "true", CLUSTER_NAME_LABEL: settings.name}
            manifest = {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": name, "namespace": namespace, "labels": labels},
                "type": "Opaque",
                "immutable": True,
                "stringData": {
                    encryption.FILE: pulumi.Output.secret(encryption.new_configuration())
                },
            }
            options = self.child(
                ignore_changes=["data", "stringData"],
                retain_on_delete=True,
                import_=adopted(namespace, name),
            )
            self.resources.append(core_object(name, manifest, options))
        self.register_outputs({})
