"""Volumes that are folders of the machine that their pod runs on."""

from __future__ import annotations

from typing import ClassVar

from catalog import catalog
from components.addon import VOLUMES, Addon, SecurityLevel
from components.addon_settings import merged
from components.chart import Chart
from components.cluster_volumes import VolumeClass, Volumes
from components.facts import ClusterFacts
from components.fields import Flag, ObjectName, Path
from components.pods import CRITICAL
from components.storage.classes import ReclaimPolicy
from components.storage.volumes import VolumeSettings

CHART = "local-path-provisioner"
NAMESPACE = "local-path-storage"
DRIVER = "rancher.io/local-path"


class LocalPathSettings(VolumeSettings):
    """Folders on machines: fast, and gone with the machine. For data that can be created again."""

    TITLE: ClassVar = "Local path"
    SUMMARY: ClassVar = "Volumes in a folder of the machine; a replaced machine takes them along."

    class_name: ObjectName = "local-path"
    """The name of the storage class."""
    path: Path = "/opt/local-path-provisioner"
    """The folder on every machine."""
    reclaim_policy: ReclaimPolicy = ReclaimPolicy.DELETE
    """The effect of a claim's deletion on its folder."""
    default: Flag = False
    """Makes this the default class; a cluster has exactly one default class."""

    def cluster_volumes(self) -> Volumes:
        """One class, without snapshots."""
        return Volumes((VolumeClass(self.class_name, DRIVER, self.default),))

    def addon(self, target: ClusterFacts) -> Addon:
        """One chart; a pod with the machine's folder makes and removes each volume."""
        (helper,) = (image for image in catalog().charts[CHART].images if image.at == "helperImage")
        values = {
            "priorityClassName": CRITICAL,
            "storageClass": {
                "name": self.class_name,
                "provisionerName": DRIVER,
                "defaultClass": self.default,
                "reclaimPolicy": self.reclaim_policy.value,
            },
            "nodePathMap": [
                {"node": "DEFAULT_PATH_FOR_NON_LISTED_NODES", "paths": [self.path]},
            ],
            # The chart's own is `latest`.
            "helperImage": {"tag": helper.tag},
        }
        return Addon(
            "localPath",
            charts=(Chart(CHART, NAMESPACE, merged(values, self.values)),),
            namespaces={NAMESPACE: SecurityLevel.PRIVILEGED},
            provides=(VOLUMES,),
            privileges=("a folder of the machines",),
            ready=(f"Deployment {NAMESPACE}/{CHART}",),
        )
