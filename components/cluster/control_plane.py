"""A highly available control plane: its encryption key and etcd snapshots, beside its machines."""

from __future__ import annotations

import pulumi

from components.base import Component
from components.cluster import encryption
from components.cluster.etcd_snapshots import EtcdSnapshotJobs, snapshot_labels
from components.cluster.existing import ManagementCluster
from components.cluster.kinds import CLUSTER_NAME_LABEL
from components.cluster.settings import Cluster
from components.manifest import adopted, core_object


class HAControlPlane(Component):
    """Makes the encryption key of a control plane, and the schedule of its etcd snapshots.

    Machines, certificates, etcd and their upkeep are Cluster API's, told by the ClusterClass and
    the Cluster's topology: see `components.cluster.kubeadm`.

    The key is made once. The Secret is immutable, and changes of its content are ignored: each run
    of the program has another random key, which only the first one uses. The Secret stays when the
    cluster goes, because its snapshots of etcd are worth nothing without the key.

    Args:
        settings: what the stack file says about the cluster.
        namespace: where the Cluster lives.
        management: the management cluster; the schedule of etcd snapshots is made too. A stack
            makes the schedules of all its clusters together.

    Attributes:
        resources: what the Cluster needs to be there before it.
    """

    def __init__(
        self,
        settings: Cluster,
        *,
        namespace: str,
        management: ManagementCluster | None = None,
        opts: pulumi.ResourceOptions | None = None,
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
                # An import tells Pulumi no more than the name; a change of the type replaces.
                ignore_changes=["data", "stringData", "immutable", "type"],
                retain_on_delete=True,
                import_=adopted(namespace, name),
            )
            self.resources.append(core_object(name, manifest, options))
        saved = set(snapshot_labels(settings.control_plane.etcd).values())
        if management and saved - management.snapshots:
            management.snapshots |= saved
            EtcdSnapshotJobs(settings.name, [settings], namespace=namespace, opts=self.child())
        self.register_outputs({})
