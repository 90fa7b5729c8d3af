"""Storage classes of your own, of whatever driver the cluster has."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import Field

from components.addon import VOLUMES, Addon
from components.cluster_volumes import VolumeClass, Volumes
from components.facts import ClusterFacts
from components.fields import Flag, ObjectName, Settings
from components.storage.volumes import VolumeSettings, default_annotation


class ReclaimPolicy(StrEnum):
    """The effect of a claim's deletion on its volume."""

    DELETE = "Delete"
    RETAIN = "Retain"


class BindingMode(StrEnum):
    """The time at which a claim gets its volume."""

    WAIT_FOR_FIRST_CONSUMER = "WaitForFirstConsumer"
    IMMEDIATE = "Immediate"


class OwnClass(Settings):
    """A storage class. Its driver, parameters, binding and reclaim policy are immutable:
    give a changed one another name."""

    name: ObjectName
    provisioner: Annotated[str, Field(min_length=1, max_length=253)]
    """The driver, `ebs.csi.aws.com`."""
    parameters: dict[str, str] = Field(default_factory=dict)
    """The parameters of the driver; see its documentation."""
    reclaim_policy: ReclaimPolicy = ReclaimPolicy.DELETE
    """The effect of a claim's deletion on its volume."""
    allow_volume_expansion: Flag = True
    """Allows the expansion of claims."""
    binding_mode: BindingMode = BindingMode.WAIT_FOR_FIRST_CONSUMER
    """`WaitForFirstConsumer` makes a volume where its pod will run; `Immediate` at once."""
    mount_options: Annotated[tuple[str, ...], Field(max_length=20)] = ()
    """Options of `mount`."""
    default: Flag = False
    """Makes this the default class; a cluster has exactly one default class."""

    @property
    def volume_class(self) -> VolumeClass:
        """The class as the checks see it."""
        return VolumeClass(self.name, self.provisioner, self.default)

    def manifest(self) -> dict[str, Any]:
        """The StorageClass."""
        options = {"mountOptions": list(self.mount_options)} if self.mount_options else {}
        return {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {
                "name": self.name,
                "annotations": default_annotation(self.volume_class),
            },
            "provisioner": self.provisioner,
            "parameters": dict(self.parameters),
            "reclaimPolicy": self.reclaim_policy.value,
            "allowVolumeExpansion": self.allow_volume_expansion,
            "volumeBindingMode": self.binding_mode.value,
        } | options


class StorageClassesSettings(VolumeSettings):
    """Storage classes beside those that drivers bring along."""

    TITLE: ClassVar = "Storage classes"
    SUMMARY: ClassVar = "Storage classes of any driver that the cluster has."
    EXAMPLE: ClassVar = {
        "classes": [
            {
                "name": "fast",
                "provisioner": "ebs.csi.aws.com",
                "parameters": {"type": "gp3", "encrypted": "true"},
                "default": True,
            }
        ]
    }

    classes: Annotated[tuple[OwnClass, ...], Field(min_length=1, max_length=50)]
    """The classes."""

    def cluster_volumes(self) -> Volumes:
        """The classes; their drivers belong to other add-ons."""
        return Volumes(tuple(each.volume_class for each in self.classes))

    def addon(self, target: ClusterFacts) -> Addon:
        """Objects only."""
        return Addon(
            "storageClasses",
            objects=tuple(each.manifest() for each in self.classes),
            provides=(VOLUMES,),
            ready=tuple(f"StorageClass {each.name}" for each in self.classes),
        )
