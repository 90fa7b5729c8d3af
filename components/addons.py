"""Every add-on that a stack file can name, and which of them a cluster gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.addon import Addon, AddonSettings, Target
from components.backup.velero import Velero
from components.basics.cert_manager import CertManager
from components.basics.metrics_server import MetricsServer
from components.fields import Settings
from components.network.calico import Calico
from components.registry.harbor import Harbor
from components.storage.classes import StorageClasses
from components.storage.local_path import LocalPath
from components.storage.longhorn import Longhorn
from components.storage.nfs import Nfs
from components.storage.rook_ceph import RookCeph
from components.storage.snapshots import Snapshots

if TYPE_CHECKING:  # a cluster has add-ons
    from components.cluster.settings import Cluster
    from components.infrastructure.interface import Infrastructure


class Addons(Settings):
    """What is installed in clusters. `calico: {}` installs Calico with its defaults.

    What a cluster says about an add-on takes the place of what the stack says about it; with `null`
    the cluster does not get it.
    """

    # ---- network -------------------------------------------------------------------------------

    calico: Calico | None = None
    """Network plug-in; clusters on a cloud get it where no other is named."""

    # ---- load balancing ------------------------------------------------------------------------

    # ---- ingress -------------------------------------------------------------------------------

    # ---- storage and backup --------------------------------------------------------------------

    storage_classes: StorageClasses | None = None
    """Storage classes of your own."""
    snapshots: Snapshots | None = None
    """Snapshots of volumes."""
    nfs: Nfs | None = None
    """Volumes on NFS servers."""
    rook_ceph: RookCeph | None = None
    """Block, file and object storage on the machines' disks, by Ceph."""
    longhorn: Longhorn | None = None
    """Replicated volumes on the machines' disks."""
    local_path: LocalPath | None = None
    """Volumes in a folder of the machine."""
    velero: Velero | None = None
    """Backups of namespaces and volumes."""

    # ---- registry ------------------------------------------------------------------------------

    harbor: Harbor | None = None
    """A registry of images."""

    # ---- metrics and alerts --------------------------------------------------------------------

    # ---- logs ----------------------------------------------------------------------------------

    # ---- basics --------------------------------------------------------------------------------

    cert_manager: CertManager | None = None
    """Makes and renews certificates."""
    metrics_server: MetricsServer | None = None
    """CPU and memory of pods and nodes, for `kubectl top` and autoscaling of pods."""


DEFAULT_NETWORK = "calico"
NETWORKS = (DEFAULT_NETWORK,)
"""The keys of the network plug-ins. Clusters whose machines run pods get the default where none is
named and it is not refused by `calico: null`."""


def addons_of(
    stack: Addons, cluster: Cluster, infrastructure: Infrastructure, *, management: bool = False
) -> Target:
    """A cluster with its add-ons: those of the stack, its own, and a network.

    Args:
        stack: what the stack says; of the management cluster all that there is.
        cluster: whose own `addons` win.
        infrastructure: what its machines are; where they are simulated, no network is added.
        management: whether it is the management cluster.
    """
    labels = cluster.labels.items()
    said = {
        key: settings
        for key, settings in _named(stack).items()
        if settings is None or settings.selector.items() <= labels
    } | _named(cluster.addons)
    found = {key: settings for key, settings in said.items() if settings}
    refused = DEFAULT_NETWORK in said and DEFAULT_NETWORK not in found
    if infrastructure.PROVIDER and not refused and not found.keys() & set(NETWORKS):
        found[DEFAULT_NETWORK] = Calico()
    ordered = {key: found[key] for key in Addons.model_fields_by_alias() if key in found}
    return Target(cluster, infrastructure, ordered, management)


def _named(addons: Addons) -> dict[str, AddonSettings | None]:
    """What is said about add-ons, by key; None where one is refused."""
    return {
        field.alias or name: getattr(addons, name)
        for name, field in Addons.model_fields.items()
        if name in addons.model_fields_set
    }


def resolved(target: Target) -> list[Addon]:
    """Each add-on of a cluster, in the order of their needs: what provides a role comes first.

    Add-ons that need each other keep the order of `Addons`.
    """
    waiting = [settings.addon(target) for settings in target.addons.values()]
    ordered: list[Addon] = []
    while waiting:
        missing = {role for addon in waiting for role in addon.provides}
        ready = [addon for addon in waiting if not missing & set(addon.needs)] or waiting[:1]
        ordered += ready
        waiting = [addon for addon in waiting if addon not in ready]
    return ordered
