"""Velero: backups of namespaces with their volumes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import Field

from catalog import catalog
from components import pod_identity
from components.addon import SNAPSHOTS, Addon, SecurityLevel
from components.addon_settings import AddonSettings, merged
from components.backup.locations import CLOUDS, PLUGINS, Location, Schedule, hours
from components.chart import Chart
from components.cron import is_schedule
from components.facts import ClusterFacts
from components.fields import Duration, Flag
from components.finding import Finding
from errors.storage import (
    BAD_BACKUP_TIME,
    DEFAULT_LOCATION,
    DUPLICATE_BACKUP_NAME,
    INCOMPLETE_LOCATION,
    UNKNOWN_BACKUP_LOCATION,
)

NAMESPACE = "velero"
NODE_AGENT_CONFIG = "node-agent-config"
"""The chart puts its own name before it."""


class VolumeBackup(StrEnum):
    """The method of backing up the data of volumes."""

    SNAPSHOTS = "snapshots"
    FILES = "files"


class VeleroSettings(AddonSettings):
    """Velero with its node agents, which copy the data of volumes to the locations."""

    TITLE: ClassVar = "Velero"
    SUMMARY: ClassVar = "Backups of namespaces and the data of their volumes, by schedule."
    EXAMPLE: ClassVar = {
        "locations": [
            {
                "name": "main",
                "bucket": "backups",
                "region": "eu-central-1",
                "secret": "backup-credentials",
            }
        ]
    }

    locations: Annotated[tuple[Location, ...], Field(min_length=1, max_length=20)]
    """The locations of backups."""
    schedules: Annotated[tuple[Schedule, ...], Field(max_length=50)] = ()
    """The schedules of backups; without schedules, backups are only made manually."""
    keep: Duration = Duration(30 * 24 * 3600)
    """The default retention of a backup."""
    volumes: VolumeBackup = VolumeBackup.SNAPSHOTS
    """`snapshots`: a snapshot is taken, and copied to the location; needs the add-on `snapshots`.
    `files`: files are copied from running pods, which may write meanwhile."""
    keep_snapshots: Flag = False
    """Leaves snapshots on the storage instead of copying them; they are lost with it."""

    def check(self, target: ClusterFacts) -> Iterator[Finding]:
        """The problems of locations and schedules."""
        if not self._default:
            defaults = sum(each.default for each in self.locations)
            what = f"{defaults} of {len(self.locations)} locations are the default one"
            yield Finding(DEFAULT_LOCATION, ("locations",), what)
        names = [each.name for each in self.locations]
        yield from _twice("locations", names)
        yield from _twice("schedules", [each.name for each in self.schedules])
        for index, location in enumerate(self.locations):
            if missing := location.missing():
                what = f"`{location.name}` lacks {' and '.join(f'`{each}`' for each in missing)}"
                yield Finding(INCOMPLETE_LOCATION, ("locations", index), what)
            if not location.secret:
                cloud, path = CLOUDS[location.kind], ("locations", index)
                what = f"the location `{location.name}`"
                yield from pod_identity.check(target, cloud, path, what, self.values)
        yield from self._schedules(names)

    def _schedules(self, names: list[str]) -> Iterator[Finding]:
        writable = [each.name for each in self.locations if not each.read_only]
        fix = f"One of: {', '.join(writable)}." if writable else ""
        for index, schedule in enumerate(self.schedules):
            place = ("schedules", index)
            if not is_schedule(schedule.time):
                what = f"`{schedule.time}` is no time of cron"
                yield Finding(BAD_BACKUP_TIME, (*place, "time"), what)
            goal = schedule.location or self._default
            if goal and goal not in writable:
                missing = f"there is no location `{goal}`"
                what = f"the location `{goal}` is read-only" if goal in names else missing
                path = (*place, "location") if schedule.location else place
                yield Finding(UNKNOWN_BACKUP_LOCATION, path, what, fix=fix)

    def addon(self, target: ClusterFacts) -> Addon:
        """One chart."""
        snapshots = self.volumes is VolumeBackup.SNAPSHOTS
        return Addon(
            "velero",
            charts=(Chart("velero", NAMESPACE, merged(self._values(target), self.values)),),
            namespaces={NAMESPACE: SecurityLevel.PRIVILEGED},
            secrets=tuple(sorted({each.secret for each in self.locations if each.secret})),
            needs=(SNAPSHOTS,) if snapshots else (),
            privileges=(
                "everything in the cluster, as an administrator",
                "the folders of volumes on the machines",
            ),
            ready=(f"Deployment {NAMESPACE}/velero", f"DaemonSet {NAMESPACE}/node-agent"),
        )

    def _values(self, target: ClusterFacts) -> dict[str, Any]:
        snapshots = self.volumes is VolumeBackup.SNAPSHOTS
        monitored = {"enabled": target.has("monitoring")}
        agent = {
            # Volumes of stopped pods can be restored; docs/backup.md says what it means.
            "restorePVC": {"ignoreDelayBinding": True},
        }
        return {
            "fullnameOverride": NAMESPACE,
            "initContainers": [_plugin(name) for name in self._plugins()],
            "configuration": {
                "backupStorageLocation": [
                    each.values(is_default=each.name == self._default) for each in self.locations
                ],
                "features": "EnableCSI" if snapshots else "",
                "defaultSnapshotMoveData": snapshots and not self.keep_snapshots,
                "defaultVolumesToFsBackup": not snapshots,
                "defaultBackupTTL": hours(self.keep),
            },
            # Snapshots through the clouds' own interfaces, which CSI has replaced.
            "snapshotsEnabled": False,
            "credentials": {"useSecret": False},
            "deployNodeAgent": True,
            "nodeAgent": {
                "tolerations": [{"operator": "Exists"}],
                "extraArgs": [f"--node-agent-configmap={NAMESPACE}-{NODE_AGENT_CONFIG}"],
            },
            "configMaps": {NODE_AGENT_CONFIG: {"data": {"node-agent.json": json.dumps(agent)}}},
            "schedules": {each.name: each.values() for each in self.schedules},
            "metrics": {"serviceMonitor": monitored, "nodeAgentPodMonitor": monitored},
        }

    @property
    def _default(self) -> str:
        """The location of backups that name none; empty where it is not clear which."""
        names = [each.name for each in self.locations if each.default or len(self.locations) == 1]
        return names[0] if len(names) == 1 else ""

    def _plugins(self) -> list[str]:
        return sorted({PLUGINS[each.kind] for each in self.locations})


def _plugin(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "image": catalog().images[name],
        "imagePullPolicy": "IfNotPresent",
        "volumeMounts": [{"mountPath": "/target", "name": "plugins"}],
    }


def _twice(key: str, names: list[str]) -> Iterator[Finding]:
    for index, name in enumerate(names):
        if name in names[:index]:
            yield Finding(DUPLICATE_BACKUP_NAME, (key, index, "name"), f"`{name}` is there twice")
