"""The volume provisioners of a cluster: classes and drivers, and their owners."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

from components.addon_settings import AddonSettings
from components.cluster_volumes import VolumeClass, Volumes
from components.facts import ClusterFacts

DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


class VolumeSettings(AddonSettings):
    """The base of add-ons that make storage classes."""

    @abstractmethod
    def cluster_volumes(self) -> Volumes:
        """The classes that it makes, and the drivers behind them."""


def volumes_of(target: ClusterFacts) -> Iterator[tuple[str, Volumes]]:
    """Everything that provisions volumes in a cluster, by the add-on's key.

    What comes with the infrastructure is first, and its key is empty.
    """
    yield "", target.infrastructure.cluster_volumes()
    for key, settings in target.addons.items():
        if isinstance(settings, VolumeSettings):
            yield key, settings.cluster_volumes()


def default_annotation(volume_class: VolumeClass) -> dict[str, str]:
    """The annotation of a class that says whether it is the default one."""
    return {DEFAULT_CLASS: str(volume_class.is_default).lower()}


def storage_nodes(target: ClusterFacts, selector: dict[str, str]) -> int:
    """The smallest number of machines that hold data, rollouts aside.

    Args:
        target: the cluster.
        selector: labels of the worker pools that hold data; empty for all of them.
    """
    pools = target.pools
    return sum(pool.fewest for pool in pools if selector.items() <= pool.labels.items())


def node_affinity(selector: dict[str, str]) -> dict[str, Any]:
    """An affinity to nodes with these labels."""
    wanted = [{"key": key, "operator": "In", "values": [value]} for key, value in selector.items()]
    required = {"nodeSelectorTerms": [{"matchExpressions": wanted}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}
