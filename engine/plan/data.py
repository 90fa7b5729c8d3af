"""The effect of an apply on data in clusters: losses with an add-on, and with machines.

Helm deletes what a chart made, its definitions included, and with a definition every object of its
kind. What stays, stays: PersistentVolumeClaims of StatefulSets, and definitions that a chart keeps
in its folder `crds` or marks with `helm.sh/resource-policy: keep`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from components.delivery.plan import ADDON_LABEL
from components.mappings import Manifest
from engine.objects import Objects
from engine.plan.clusters import ClusterAction, ClusterChange, Locate, running
from engine.plan.objects import ObjectPlan
from errors import CaasError
from errors.storage import DATA_GOES_WITH_ADDON

GOES_WITH: Mapping[str, str] = {
    "calico": "every object of projectcalico.org: IP pools, BGP settings, Calico's own policies",
    "metallb": "every address pool and announcement; Services lose their addresses",
    "kubeVip": "the addresses of Services",
    "envoyGateway": "every Gateway and route, where it defines the Gateway API",
    "traefik": "its entry points, and the Gateways and routes where it defines the Gateway API",
    "snapshots": "every VolumeSnapshot, and what its storage keeps of it unless it is retained",
    "nfs": "the mounts of volumes; what is on the NFS servers stays",
    "rookCeph": "the Ceph cluster, and every volume and bucket in it",
    "longhorn": "every volume of Longhorn, with its replicas and snapshots",
    "localPath": "the provisioner of volumes; existing volumes stay on their machines",
    "velero": "schedules; backups stay in their bucket",
    "harbor": "the registry; the volumes with its images stay",
    "monitoring": "the collection of metrics; the volumes with existing metrics stay",
    "logs": "the collection and search of logs, and the logs on its volumes",
    "certManager": "the renewal of certificates; Certificates and their Secrets stay",
}
"""The losses of a cluster with each add-on, in addition to its function; other add-ons hold no
data."""
HOLD_DATA = ("snapshots", "rookCeph", "longhorn", "logs")
"""Add-ons whose removal deletes data; `discard` of the cluster has to name them."""
KEPT_BY: Mapping[str, str] = {
    "snapshots": "set `deletionPolicy: Retain` of every VolumeSnapshotContent: the storage keeps "
    "the snapshots",
    "rookCeph": "move the volumes to another class with `./caas volumes move` and copy the buckets",
    "longhorn": "move the volumes to another class with `./caas volumes move`",
    "logs": "set `archive` for logs from then on; those on its volumes go",
}
"""The way to keep the data of each add-on that holds data."""
ON_MACHINES: Mapping[str, str] = {
    "localPath": "volumes of local-path on the machines that go are lost",
    "longhorn": "Longhorn moves the last replica of a volume before its machine goes, and "
    "rebuilds the others: keep `maxUnavailable` low and wait for it",
    "rookCeph": "Ceph rebuilds from replicas what was on the machines that go, unless its disks "
    "are claims",
}
"""The effect of the replacement or removal of workers on volumes."""


@dataclass(frozen=True, slots=True)
class DataChange:
    """The effect on data, or on objects of users, in a cluster.

    Attributes:
        cluster: its name.
        addon: whose data it is.
        what: what becomes of it, a clause.
    """

    cluster: str
    addon: str
    what: str

    def as_dict(self) -> dict[str, Any]:
        """For `--output json`."""
        return {"cluster": self.cluster, "addon": self.addon, "what": self.what}

    def __str__(self) -> str:
        return f"cluster `{self.cluster}`: {self.what}"


def plan_data(plan: ObjectPlan, clusters: Iterable[ClusterChange]) -> Iterator[DataChange]:
    """The losses with add-ons that leave clusters, and with workers that are replaced or removed.

    Args:
        plan: the object changes.
        clusters: what they mean for clusters.
    """
    after = plan.after()
    for key, old in plan.live.items():
        if key.kind == "Cluster" and key in after:
            for addon in _removed(old, after[key]):
                if addon in GOES_WITH:
                    what = f"with the add-on `{addon}` goes {GOES_WITH[addon]}"
                    yield DataChange(key.name, addon, what)
    there = {key.name: _addons(each) for key, each in plan.live.items() if key.kind == "Cluster"}
    for change in clusters:
        workers = change.machines[1:]
        going = any(group.rounds or group.deleted or group.most for group in workers)
        if going and change.action is ClusterAction.UPDATE:
            for addon in sorted(there.get(change.name, set()) & ON_MACHINES.keys()):
                yield DataChange(change.name, addon, ON_MACHINES[addon])


def judge_data(
    live: Objects, wanted: Objects, discards: Callable[[str], Collection[str]], locate: Locate
) -> None:
    """Refuses the removal of an add-on that holds data, unless the stack file says so.

    Args:
        live: the objects that are there.
        wanted: the objects that shall be.
        discards: the add-ons that a cluster of the stack file may lose with their data.
        locate: gives places in the stack file.

    Raises:
        CaasError: CAAS-1291.
    """
    for name, old, new in running(live, wanted):
        for addon in _removed(old, new):
            if addon in HOLD_DATA and addon not in discards(name):
                raise CaasError(
                    DATA_GOES_WITH_ADDON,
                    f"the cluster `{name}` would lose `{addon}`, and with it {GOES_WITH[addon]}",
                    where=locate(name, "addons"),
                    fix=f"Put the add-on back. Or to keep data, {KEPT_BY[addon]}; then write "
                    f"`discard: [{addon}]` into the cluster.",
                )


def _removed(old: Manifest, new: Manifest) -> list[str]:
    return sorted(_addons(old) - _addons(new))


def _addons(cluster: Manifest) -> set[str]:
    labels = cluster["metadata"].get("labels", {})
    return {key.removeprefix(ADDON_LABEL) for key in labels if key.startswith(ADDON_LABEL)}
