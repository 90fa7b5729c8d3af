"""The collectors: Fluent Bit on every node, and one more for the events of the cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from components.chart import CLUSTER_NAME
from components.logging import pipeline
from components.logging.forwards import CA_FOLDER, Forward, authorities
from components.logging.outputs import STATE
from components.logging.settings import Bucket, LogSource

NODES, EVENTS = "fluent-bit", "fluent-bit-events"
"""The releases; the beginning of the names of their pods."""
HOST_STATE = "/var/lib/caas/fluent-bit"
"""The folder of the node collector's state on the machine."""
_USER = 65532
_POSITIONS_MIB = 64
"""The size limit of a collector's database, in MiB."""
_CONTAINER = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}

Values = dict[str, Any]


def nodes(
    collect: Sequence[LogSource], own: str, outputs: str, script: str, shared: Values
) -> Values:
    """The values of the chart for every node, whatever taints it has.

    Args:
        collect: what it reads.
        own: the beginning of the files of collectors, which it does not read.
        outputs: where it writes.
        script: what becomes of records.
        shared: what all collectors have.
    """
    inputs = pipeline.inputs_of_nodes(collect, own)
    folders = {
        "varlog": ("/var/log", True),
        "runlog": ("/run/log/journal", True),
        "state": (HOST_STATE, False),
    }
    return shared | {
        "fullnameOverride": NODES,
        "kind": "DaemonSet",
        "config": _config(inputs, pipeline.filters(collect), outputs),
        "luaScripts": {pipeline.SCRIPT: script},
        "priorityClassName": "system-node-critical",
        "tolerations": [{"operator": "Exists"}],
        "updateStrategy": {"rollingUpdate": {"maxUnavailable": "10%"}},
        # Logs on a machine are for root only; it has no capability beyond being root.
        "securityContext": _CONTAINER | {"runAsUser": 0},
        "resources": {
            "requests": {"cpu": "100m", "memory": "128Mi"},
            "limits": {"memory": "512Mi"},
        },
        "daemonSetVolumes": [
            *(
                {"name": name, "hostPath": {"path": path, "type": "DirectoryOrCreate"}}
                for name, (path, _) in folders.items()
            ),
            {"name": "machine-id", "hostPath": {"path": "/etc/machine-id", "type": "File"}},
        ],
        "daemonSetVolumeMounts": [
            *(
                {
                    "name": name,
                    "mountPath": STATE if name == "state" else path,
                    "readOnly": read_only,
                }
                for name, (path, read_only) in folders.items()
            ),
            {"name": "machine-id", "mountPath": "/etc/machine-id", "readOnly": True},
        ],
    }


def events(outputs: str, script: str, shared: Values, buffer_mib: int) -> Values:
    """The values of the chart for the events: one pod, because each would read all of them.

    Args:
        outputs: where it writes.
        script: what becomes of records.
        shared: what all collectors have.
        buffer_mib: how much waits for destinations at the most, in MiB.
    """
    state = {"name": "state", "emptyDir": {"sizeLimit": f"{buffer_mib + _POSITIONS_MIB}Mi"}}
    return shared | {
        "fullnameOverride": EVENTS,
        "kind": "Deployment",
        "replicaCount": 1,
        "updateStrategy": {"type": "Recreate"},
        "rbac": {"create": True, "eventsAccess": True},
        "config": _config(
            pipeline.input_of_events(), pipeline.filters([LogSource.EVENTS]), outputs
        ),
        "luaScripts": {pipeline.SCRIPT: script},
        "podSecurityContext": {"fsGroup": _USER, "runAsNonRoot": True, "runAsUser": _USER},
        "securityContext": _CONTAINER,
        "resources": {
            "requests": {"cpu": "25m", "memory": "64Mi"},
            "limits": {"memory": "256Mi"},
        },
        "extraVolumes": [*shared["extraVolumes"], state],
        "extraVolumeMounts": [
            *shared["extraVolumeMounts"],
            {"name": "state", "mountPath": STATE},
        ],
    }


def shared(forwards: Sequence[Forward], buckets: Sequence[Bucket], *, metrics: bool) -> Values:
    """The common parts of both collectors: names, credentials, CAs, and monitoring."""
    found = list(authorities(forwards))
    return {
        "env": list(_environment(forwards, buckets)),
        "extraVolumes": [
            {"name": f"ca-{name}", "secret": {"secretName": secret}} for name, secret in found
        ],
        "extraVolumeMounts": [
            {"name": f"ca-{name}", "mountPath": f"{CA_FOLDER}/{name}", "readOnly": True}
            for name, _ in found
        ],
        # It would pull an image without a version.
        "testFramework": {"enabled": False},
        "serviceMonitor": {"enabled": metrics},
    }


def _config(inputs: str, filters: str, outputs: str) -> Values:
    return {
        "service": pipeline.service(),
        "inputs": inputs,
        "filters": filters,
        "outputs": outputs,
        "customParsers": "",
    }


def _environment(forwards: Sequence[Forward], buckets: Sequence[Bucket]) -> Iterator[Values]:
    yield {"name": "CLUSTER_NAME", "value": CLUSTER_NAME}
    yield {"name": "NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}
    # Fluent Bit has one identity for all buckets.
    for secret in sorted({each.secret for each in buckets if each.secret})[:1]:
        yield from s3_environment(secret)
    for forward in forwards:
        for key in forward.secret_keys if forward.login else ():
            yield _of_secret(forward.variable(key), forward.login, key)


def s3_environment(secret: str) -> list[Values]:
    """The access keys of a Secret where every client of S3 looks for them."""
    return [
        _of_secret("AWS_ACCESS_KEY_ID", secret, "accessKeyId"),
        _of_secret("AWS_SECRET_ACCESS_KEY", secret, "secretAccessKey"),
    ]


def _of_secret(variable: str, secret: str, key: str) -> Values:
    reference = {"name": secret, "key": key}
    return {"name": variable, "valueFrom": {"secretKeyRef": reference}}
