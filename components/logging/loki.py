"""Loki: keeps logs on a volume or in object storage, and answers searches."""

from __future__ import annotations

from typing import Any

from components.chart import CLUSTER_NAME
from components.logging.collector import s3_environment
from components.logging.settings import (
    OLDEST_HOURS,
    Bucket,
    LogVolume,
    Mode,
    Retention,
    RetentionClass,
    StoreLimits,
)

NAME = "loki"
PORT = 3100
SCHEMA_START = "2024-04-01"
"""Since when the schema holds: before any cluster; a new schema is a later entry beside it."""
_RUN = "/var/loki"
_FOLDER = f"{CLUSTER_NAME}/index/"
"""The path of an index in a bucket. Clusters may share one: chunks differ by the label
`cluster`."""
_STATELESS = ("distributor", "querier", "queryFrontend", "queryScheduler", "indexGateway")
_SEVERAL = 2
_COPIES = 3
_UNUSED = ("write", "read", "backend")

Values = dict[str, Any]


def values(
    *,
    mode: Mode,
    replicas: int,
    volume: LogVolume,
    bucket: Bucket | None,
    retention: Retention,
    limits: StoreLimits,
    metrics: bool,
) -> Values:
    """The values of the chart.

    Args:
        mode: one program, or one for each of its parts.
        replicas: how many of the program, or of the part that holds what is new.
        volume: of each of them.
        bucket: where chunks go; without one they stay on the volume.
        retention: how long logs are kept.
        limits: what it takes.
        metrics: whether the cluster has ServiceMonitors.
    """
    return {
        "fullnameOverride": NAME,
        "deploymentMode": "Monolithic" if mode is Mode.MONOLITHIC else "Distributed",
        "loki": {
            # One tenant for Loki; ours are labels, so that one search sees all of them.
            "auth_enabled": False,
            "commonConfig": {"path_prefix": _RUN, "replication_factor": _copies(replicas)},
            "schemaConfig": {"configs": [_schema(bucket)]},
            "storage": _storage(bucket),
            "limits_config": _limits(retention, limits),
            "compactor": _compactor(bucket),
            "analytics": {"reporting_enabled": False},
        },
        "defaults": {"extraEnv": s3_environment(bucket.secret) if bucket and bucket.secret else []},
        **_parts(mode, replicas, volume),
        # Gigabytes of memory that a cluster's own logs do not need.
        "chunksCache": {"enabled": False},
        "resultsCache": {"enabled": False},
        # Collectors and Grafana find the parts themselves; alerts on logs are Prometheus' business.
        "gateway": {"enabled": False},
        "ruler": {"enabled": False},
        "sidecar": {"rules": {"enabled": False}},
        "lokiCanary": {"enabled": False},
        "test": {"enabled": False},
        "rbac": {"namespaced": True},
        "monitoring": {"serviceMonitor": {"enabled": metrics}},
    }


def push_host(mode: Mode, namespace: str) -> str:
    """The host that takes logs."""
    name = NAME if mode is Mode.MONOLITHIC else f"{NAME}-distributor"
    return f"{name}.{namespace}.svc"


def search_url(mode: Mode, namespace: str) -> str:
    """The address that answers searches."""
    name = NAME if mode is Mode.MONOLITHIC else f"{NAME}-query-frontend"
    return f"http://{name}.{namespace}.svc:{PORT}"


def ready(mode: Mode, namespace: str) -> tuple[str, ...]:
    """The workloads that are available when it works."""
    if mode is Mode.MONOLITHIC:
        return (f"StatefulSet {namespace}/{NAME}",)
    return (
        f"StatefulSet {namespace}/{NAME}-ingester",
        *(f"Deployment {namespace}/{NAME}-{name}" for name in ("distributor", "query-frontend")),
    )


def _copies(replicas: int) -> int:
    """The number of replicas that hold a new line: one or three, since two tolerate no failure."""
    return _COPIES if replicas >= _COPIES else 1


def _schema(bucket: Bucket | None) -> Values:
    index = {"prefix": "loki_index_", "period": "24h"}
    return {
        "from": SCHEMA_START,
        "store": "tsdb",
        "object_store": "s3" if bucket else "filesystem",
        "schema": "v13",
        "index": index | ({"path_prefix": _FOLDER} if bucket else {}),
    }


def _compactor(bucket: Bucket | None) -> Values:
    deletions = {"delete_request_store_key_prefix": _FOLDER} if bucket else {}
    return {
        "working_directory": f"{_RUN}/compactor",
        "retention_enabled": True,
        "retention_delete_delay": "2h",
        "compaction_interval": "10m",
        "delete_request_store": "s3" if bucket else "filesystem",
        **deletions,
    }


def _storage(bucket: Bucket | None) -> Values:
    if not bucket:
        return {"type": "filesystem"}
    s3: Values = {"region": bucket.region}
    if bucket.endpoint:
        s3 |= {"endpoint": bucket.endpoint, "s3ForcePathStyle": True}
        s3 |= {"insecure": bucket.endpoint.startswith("http://")}
    names = dict.fromkeys(("chunks", "ruler", "admin"), bucket.bucket)
    return {"type": "s3", "bucketNames": names, "s3": s3}


def _limits(retention: Retention, limits: StoreLimits) -> Values:
    return {
        "retention_period": f"{retention.days}d",
        "retention_stream": [
            _of_class(each, len(retention.classes) - place)
            for place, each in enumerate(retention.classes)
        ],
        "ingestion_rate_mb": limits.ingestion_mib,
        "ingestion_burst_size_mb": limits.ingestion_mib * 2,
        "per_stream_rate_limit": f"{limits.stream_mib}MB",
        "per_stream_rate_limit_burst": f"{limits.stream_mib * 4}MB",
        "max_global_streams_per_user": limits.streams,
        "max_line_size": f"{limits.line_kib}KB",
        "max_line_size_truncate": True,
        "max_query_length": f"{limits.query_days}d1h",
        "reject_old_samples": True,
        "reject_old_samples_max_age": f"{OLDEST_HOURS}h",
        "allow_structured_metadata": True,
        "volume_enabled": True,
        "discover_service_name": [],
    }


def _of_class(each: RetentionClass, priority: int) -> Values:
    selector = f'{{class="{each.name}"}}'
    return {"selector": selector, "priority": priority, "period": f"{each.days}d"}


def _parts(mode: Mode, replicas: int, volume: LogVolume) -> Values:
    disk: Values = {"size": f"{volume.size_gib}Gi"}
    if volume.storage_class:
        disk |= {"storageClass": volume.storage_class}
    resources = {"requests": {"cpu": "200m", "memory": "512Mi"}, "limits": {"memory": "2Gi"}}
    none = {part: {"replicas": 0} for part in _UNUSED}
    if mode is Mode.MONOLITHIC:
        one = {
            "replicas": replicas,
            "persistence": {"enabled": True, **disk},
            "podDisruptionBudget": {"maxUnavailable": 1},
            "resources": resources,
        }
        return {"singleBinary": one, **none}
    claim = {"name": "data", "accessModes": ["ReadWriteOnce"], **disk}
    ingester = {
        "replicas": replicas,
        "maxUnavailable": 1,
        "persistence": {"enabled": True, "claims": [claim]},
        "resources": resources,
        # It needs a separate operator.
        "zoneAwareReplication": {"enabled": False},
    }
    several = {part: {"replicas": _SEVERAL, "maxUnavailable": 1} for part in _STATELESS}
    return {
        "singleBinary": {"replicas": 0},
        "ingester": ingester,
        "compactor": {"replicas": 1},
        **several,
        **none,
    }
