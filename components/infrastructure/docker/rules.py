"""Rules for machines that are containers."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from packaging.version import Version

from components.cluster.machine import WorkerMachine
from components.cluster.settings import ApiEndpoint, Cluster
from components.finding import Finding
from components.infrastructure.groups import Path, groups
from errors import infrastructure as codes

_NONE = {
    "type": "sizes: each takes what it needs of this computer",
    "disk": "disks of a size: all use the one of Docker",
    "data_disks": "data disks",
    "placement": "hosts to be placed on: all are on this computer",
    "spot": "spot prices",
    "spot_max_price": "spot prices",
    "gpu": "GPUs",
}


def check_cluster(
    place: Path, cluster: Cluster, images: Collection[Version] | None
) -> Iterator[Finding]:
    """CONTAINERS_HAVE_NONE and NODE_IMAGE_UNKNOWN of one cluster.

    Args:
        place: of the cluster in the settings.
        cluster: its settings.
        images: the releases with a published node image; None where the stack has its own image.
    """
    endpoint = cluster.control_plane.endpoint
    for name, field in ApiEndpoint.model_fields.items():
        if getattr(endpoint, name) != field.default:
            below = (*place, "controlPlane", "endpoint", name)
            yield _none(below, f"no `{name}`: the API is reached on this computer alone")
    for index, pool in enumerate(cluster.worker_pools):
        if pool.failure_domain:
            yield _none((*place, "workerPools", index, "failureDomain"), "no zones")
    own_images = []
    for group in groups([(place, cluster)]):
        machine, standard = group.machine, type(group.machine)()
        own_images.append(bool(machine.image))
        for key, lacking in _NONE.items():
            if getattr(machine, key, None) != getattr(standard, key, None):
                name = WorkerMachine.model_fields[key].alias or key
                yield _none(group.at(name), f"no {lacking}")
    if images is not None and cluster.version not in images and not all(own_images):
        several = ", ".join(f"`{version}`" for version in sorted(images)) or "none"
        yield Finding(
            codes.NODE_IMAGE_UNKNOWN,
            (*place, "version"),
            f"there is no published node image of Kubernetes {cluster.version}",
            fix=f"Use a release that has one ({several}), or name an image of your own.",
        )


def _none(path: Path, what: str) -> Finding:
    return Finding(codes.CONTAINERS_HAVE_NONE, path, f"containers have {what}")
