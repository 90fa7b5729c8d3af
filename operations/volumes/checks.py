"""Preconditions of a move of volumes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence

from components.backup.velero import NAMESPACE as VELERO
from components.mappings import Manifest
from components.storage.snapshots import API as SNAPSHOT_API
from components.storage.snapshots import IS_DEFAULT, OF_VELERO
from engine.api import NOT_FOUND, Api, RefusedError
from errors import CaasError, Problem, Where
from errors import storage as codes
from operations.volumes.claims import CORE, STORAGE, Claim, listed, users_of
from operations.volumes.velero import API, CLASS_MAPPING, OF_MOVE

SHOWN = 5
_CONFIGURED = re.compile(r"--node-agent-configmap[= ](\S+)")


def velero_is_ready(api: Api, cluster: str) -> Manifest:
    """The default backup location of a cluster's Velero.

    Raises:
        CaasError: VELERO_NOT_READY.
    """
    where = Where(cluster=cluster)
    locations = list(_velero(api, "backupstoragelocations", where))
    default = next((each for each in locations if each["spec"].get("default")), None)
    agent = api.get(f"/apis/apps/v1/namespaces/{VELERO}/daemonsets/node-agent")
    if default is None:
        what = "Velero has no default backup location"
    elif (phase := default.get("status", {}).get("phase")) != "Available":
        state = phase or "not validated yet"
        what = f"Velero's backup location `{default['metadata']['name']}` is {state}"
    elif agent is None:
        what = "Velero has no node agents, which copy the data of volumes"
    else:
        return default
    raise CaasError(codes.VELERO_NOT_READY, what, where=where)


def _velero(api: Api, plural: str, where: Where) -> list[Manifest]:
    try:
        return listed(api, API, plural, VELERO)
    except RefusedError as error:
        if error.status != NOT_FOUND:
            raise
        raise CaasError(codes.VELERO_NOT_READY, "Velero is not installed", where=where) from error


def same_bucket(ours: Manifest, theirs: Manifest, cluster: str) -> None:
    """Checks that the other cluster's Velero finds the backups.

    Raises:
        CaasError: BACKUP_NOT_IN_TARGET.
    """
    first, second = (_bucket(each) for each in (ours, theirs))
    if first != second:
        raise CaasError(
            codes.BACKUP_NOT_IN_TARGET,
            f"The backups of this cluster go to {first}, and those of `{cluster}` to {second}",
            where=Where(cluster=cluster),
        )


def _bucket(location: Manifest) -> str:
    spec = location["spec"]
    store = spec["objectStorage"]
    config = spec.get("config", {})
    address = config.get("s3Url") or config.get("region") or config.get("storageAccount") or ""
    return "/".join(
        part for part in (spec["provider"], address, store["bucket"], store.get("prefix")) if part
    )


def target_class(api: Api, name: str, cluster: str) -> None:
    """Checks that a class can create volumes for stopped pods.

    Raises:
        CaasError: TARGET_CLASS_NOT_FOUND, CLASS_WAITS_FOR_PODS.
    """
    found = api.get(f"/apis/{STORAGE}/storageclasses/{name}")
    where = Where(cluster=cluster, object=f"StorageClass {name}")
    if found is None:
        there = [each["metadata"]["name"] for each in listed(api, STORAGE, "storageclasses")]
        raise CaasError(
            codes.TARGET_CLASS_NOT_FOUND,
            f"The cluster `{cluster}` has no storage class `{name}`",
            where=where,
            fix=f"One of: {', '.join(there)}." if there else "",
        )
    if found.get("volumeBindingMode") == "WaitForFirstConsumer" and not _binds_without_pods(api):
        raise CaasError(
            codes.CLASS_WAITS_FOR_PODS,
            f"The storage class `{name}` makes volumes only for pods that run",
            where=where,
        )


def _binds_without_pods(api: Api) -> bool:
    """Checks that the node agents restore volumes that no pod waits for."""
    agent = api.get(f"/apis/apps/v1/namespaces/{VELERO}/daemonsets/node-agent") or {}
    containers = agent.get("spec", {}).get("template", {}).get("spec", {}).get("containers", ())
    arguments = " ".join(
        word for each in containers for word in (*each.get("command", ()), *each.get("args", ()))
    )
    named = _CONFIGURED.search(arguments)
    if not named:
        return False
    config = api.get(f"/api/v1/namespaces/{VELERO}/configmaps/{named[1]}") or {}
    return any(_ignores_binding(text) for text in config.get("data", {}).values())


def _ignores_binding(text: str) -> bool:
    try:
        content = json.loads(text)
    except ValueError:
        return False
    part = content.get("restorePVC") if isinstance(content, dict) else None
    return isinstance(part, dict) and part.get("ignoreDelayBinding") is True


def movable(api: Api, claims: Sequence[Claim], cluster: str, namespace: str) -> None:
    """Checks that each volume supports snapshots.

    Raises:
        CaasError: VOLUME_NOT_MOVABLE, once for each.
    """
    try:
        snapshots = listed(api, SNAPSHOT_API, "volumesnapshotclasses")
    except RefusedError as error:
        if error.status != NOT_FOUND:
            raise
        snapshots = []
    where = f"PersistentVolumeClaim {namespace}/"
    problems = [
        Problem(
            codes.VOLUME_NOT_MOVABLE,
            f"`{claim.name}` {why}",
            Where(cluster=cluster, object=f"{where}{claim.name}"),
        )
        for claim in claims
        for why in _obstacles(claim, snapshots)
    ]
    if problems:
        raise CaasError.of(problems)


def _obstacles(claim: Claim, snapshots: Iterable[Manifest]) -> Iterator[str]:
    if not claim.volume:
        yield "is not bound to a volume"
    elif not claim.storage_class:
        yield "names no storage class"
    elif not claim.driver:
        yield f"is on the volume `{claim.volume}`, which no CSI driver made"
    else:
        usable = [each for each in snapshots if each["driver"] == claim.driver]
        if len(usable) != 1 and not any(map(_is_chosen, usable)):
            yield f"is of the driver `{claim.driver}`, for which Velero has no snapshot class"


def _is_chosen(snapshot_class: Manifest) -> bool:
    """True if Velero uses it among several classes of a driver: it only checks that the key exists.

    Source: pkg/util/csi/volume_snapshot.go of Velero 1.18.
    """
    metadata = snapshot_class["metadata"]
    return OF_VELERO in metadata.get("labels", {}) or IS_DEFAULT in metadata.get("annotations", {})


def unused(api: Api, claims: Sequence[Claim], cluster: str, namespace: str) -> None:
    """Checks that no pod writes to the volumes.

    Raises:
        CaasError: VOLUMES_IN_USE.
    """
    pods = users_of(api, namespace, (claim.name for claim in claims))
    if pods:
        more = f" and {len(pods) - SHOWN} more" if len(pods) > SHOWN else ""
        raise CaasError(
            codes.VOLUMES_IN_USE,
            f"{len(pods)} pods of `{namespace}` use its volumes",
            where=Where(cluster=cluster),
            why=f"{', '.join(pods[:SHOWN])}{more}",
            fix=f"Stop them: `kubectl -n {namespace} scale deployment,statefulset --all "
            "--replicas=0`, and suspend CronJobs.",
        )


def mapping_is_free(api: Api, move: str, cluster: str) -> None:
    """Checks that there is no other mapping of storage classes: Velero refuses two.

    Raises:
        CaasError: CLASS_MAPPING_TAKEN.
    """
    for each in listed(api, CORE, "configmaps", VELERO, labelSelector=CLASS_MAPPING):
        if each["metadata"].get("labels", {}).get(OF_MOVE) != move:
            name = f"{VELERO}/{each['metadata']['name']}"
            raise CaasError(
                codes.CLASS_MAPPING_TAKEN,
                f"The ConfigMap `{name}` changes storage classes of restores already",
                where=Where(cluster=cluster, object=f"ConfigMap {name}"),
            )
