"""The pipeline of a collector: what Fluent Bit reads, what becomes of it, and where it goes.

Inputs tag what they read `in.<source>`. The script gives every record one shape, holds it against
the limits and takes secrets out; then its tag is `out.<class>.<source>`, which outputs choose by.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from components.cluster.audit import LOG_DIRECTORY
from components.logging.outputs import STATE, Properties
from components.logging.redaction import Redact, rules
from components.logging.settings import OLDEST_HOURS, Buffer, Limits, LogSource, Retention
from components.logging.tenants import NamespaceOwners

SCRIPT = "records.lua"
_FOLDER = "/fluent-bit/scripts"
_CONTAINERS = "/var/log/containers"
_TAG = "in.containers.var.log.containers."
_API = "https://kubernetes.default.svc"
_LIMITED = (LogSource.CONTAINERS, LogSource.JOURNAL, LogSource.KUBELET)
_UPLOADS = "1000"
"""The number of upload attempts for a file; with the pauses, several days."""
MEMORY_CHUNKS = 64
"""The number of chunks, of up to 2 MiB, in a collector's memory; the others wait on disk."""


def section(kind: str, properties: Mapping[str, str]) -> str:
    """A section of the classic format, `[INPUT]`."""
    lines = [f"    {key} {value}" for key, value in properties.items()]
    return "\n".join([f"[{kind}]", *lines, ""])


def service() -> str:
    """The service: metrics on port 2020, chunks on disk, what is damaged in them thrown away."""
    return section(
        "SERVICE",
        {
            "daemon": "Off",
            "flush": "1",
            "grace": "20",
            "log_level": "info",
            "parsers_file": "/fluent-bit/etc/parsers.conf",
            "http_server": "On",
            "http_listen": "0.0.0.0",  # noqa: S104 - Prometheus and the kubelet ask from outside the pod
            "http_port": "2020",
            "health_check": "On",
            "storage.path": f"{STATE}/chunks",
            "storage.sync": "normal",
            "storage.max_chunks_up": str(MEMORY_CHUNKS),
            "storage.backlog.mem_limit": "32M",
            "storage.metrics": "On",
            "storage.delete_irrecoverable_chunks": "On",
            "scheduler.cap": "60",
        },
    )


def inputs_of_nodes(collect: Iterable[LogSource], own: str) -> str:
    """The inputs of a node: container logs, the journal, and the audit log if it exists.

    Args:
        collect: what is read.
        own: the beginning of the files of collectors, which read nothing of themselves.
    """
    wanted = set(collect)
    common = {"storage.type": "filesystem"}
    file = {
        "name": "tail",
        "read_from_head": "On",
        "refresh_interval": "10",
        "rotate_wait": "30",
        "buffer_chunk_size": "64k",
        "buffer_max_size": "1M",
        "skip_long_lines": "On",
    }
    found: list[Properties] = []
    if LogSource.CONTAINERS in wanted:
        found.append(
            file
            | {
                "alias": "containers",
                "tag": "in.containers.*",
                "path": f"{_CONTAINERS}/*.log",
                "exclude_path": f"{_CONTAINERS}/{own}*.log",
                "multiline.parser": "cri",
                "db": f"{STATE}/containers.db",
                "db.locking": "true",
            }
        )
    if wanted & {LogSource.JOURNAL, LogSource.KUBELET}:
        only = {"systemd_filter": "_SYSTEMD_UNIT=kubelet.service"}
        found.append(
            {
                "name": "systemd",
                "alias": "journal",
                "tag": "in.journal",
                "read_from_tail": "Off",
                "db": f"{STATE}/journal.db",
            }
            | ({} if LogSource.JOURNAL in wanted else only)
        )
    if LogSource.AUDIT in wanted:
        found.append(
            file
            | {
                "alias": "audit",
                "tag": "in.audit",
                "path": f"{LOG_DIRECTORY}/audit.log",
                "db": f"{STATE}/audit.db",
                "db.locking": "true",
            }
        )
    return "\n".join(section("INPUT", each | common) for each in found)


def input_of_events() -> str:
    """The events of the cluster, each once, also after the collector has begun anew."""
    return section(
        "INPUT",
        {
            "name": "kubernetes_events",
            "alias": "events",
            "tag": "in.events",
            "kube_url": _API,
            "interval_sec": "5",
            "db": f"{STATE}/events.db",
            "storage.type": "filesystem",
        },
    )


def filters(collect: Iterable[LogSource]) -> str:
    """The script, and what it needs: the labels of namespaces, asked for once in a while.

    Args:
        collect: what comes.
    """
    wanted = set(collect)
    # The journal has the kubelet in it. What the script drops counts as dropped by a limit.
    kubelet = {
        "name": "grep",
        "alias": "kubelet",
        "match": "in.journal",
        "exclude": r"_SYSTEMD_UNIT ^kubelet\.service$",
    }
    namespaces = {
        "name": "kubernetes",
        "alias": "namespaces",
        "match": "in.containers.*",
        "kube_url": _API,
        "kube_tag_prefix": _TAG,
        "namespace_labels": "On",
        "namespace_metadata_only": "On",
        "kube_meta_namespace_cache_ttl": "5m",
        "labels": "Off",
        "annotations": "Off",
        "buffer_size": "0",
    }
    script = {
        "name": "lua",
        "alias": "records",
        "match": "in.*",
        "script": f"{_FOLDER}/{SCRIPT}",
        "call": "process",
    }
    tag = {
        "name": "rewrite_tag",
        "alias": "classes",
        "match": "in.*",
        "rule": "$class ^.+$ out.$class.$source false",
        "emitter_name": "classified",
        "emitter_storage.type": "filesystem",
        # With a limit, what is beyond it would keep its old tag, which goes nowhere. There needs to
        # be none: what is emitted is on disk.
        "emitter_mem_buf_limit": "0",
    }
    chosen = [namespaces] if LogSource.CONTAINERS in wanted else []
    if LogSource.JOURNAL in wanted and LogSource.KUBELET not in wanted:
        chosen.append(kubelet)
    return "\n".join(section("FILTER", each) for each in (*chosen, script, tag))


def output(
    alias: str,
    properties: Properties,
    buffer: Buffer,
    sources: Sequence[str] = (),
    classes: Sequence[str] = (),
) -> str:
    """A destination, tried until its part of the buffer is full.

    A bucket has a separate buffer, files that become those in the bucket, and a limit of retries.

    Args:
        alias: its name in metrics.
        properties: of its plug-in.
        buffer: how much waits for it.
        sources: which sources it gets; all when empty.
        classes: which classes it gets; all when empty.
    """
    if sources or classes:
        chosen = [f"({'|'.join(each)})" if each else "[^.]+" for each in (classes, sources)]
        match = {"match_regex": f"^out\\.{chosen[0]}\\.{chosen[1]}$"}
    else:
        match = {"match": "out.*"}
    size = f"{buffer.destination_mib}M"
    if properties["name"] == "s3":
        limits = {"retry_limit": _UPLOADS, "store_dir_limit_size": size}
    else:
        limits = {"retry_limit": "no_limits", "storage.total_limit_size": size}
    return section("OUTPUT", {**properties, "alias": alias, **match, **limits})


def script(
    *,
    collect: Iterable[LogSource],
    tenant_label: str,
    retention: Retention,
    limits: Limits,
    redact: Redact,
    owners: NamespaceOwners,
) -> str:
    """The script with its settings before it."""
    settings = {
        "tenantLabel": tenant_label,
        "owners": dict(owners.owners),
        "rest": owners.rest or None,
        "platform": [f"^{each.replace('-', '%-')}$" for each in owners.platform],
        "collect": _set(collect),
        # A node that joins late has journals that the store would refuse, and all beside them.
        "oldestSeconds": (OLDEST_HOURS - 1) * 3600,
        "limited": _set(_LIMITED),
        "burstSeconds": limits.burst_seconds,
        "limits": {
            "node": limits.node,
            "namespace": limits.namespace,
            "tenant": limits.tenant,
            "namespaces": limits.namespaces,
            "tenants": limits.tenants,
        },
        "classes": [
            {
                "name": each.name,
                "sources": _set(each.sources),
                "namespaces": _set(each.namespaces),
                "tenants": _set(each.tenants),
            }
            for each in retention.classes
        ],
        "privateKeys": "privateKey" not in redact.without,
        "rules": [
            {
                "pattern": rule.pattern,
                "replacement": rule.replacement,
                "hint": rule.hint,
                "afterName": rule.after_name,
            }
            for rule in rules(redact)
        ],
    }
    return _written(json.dumps(settings))


@lru_cache
def _written(settings: str) -> str:
    """Most clusters are alike, and to write Lua takes a while."""
    text = (Path(__file__).parent / SCRIPT).read_text()
    return "settings = " + "".join(_lua(json.loads(settings), "")) + f"\n{text}"


def _set(values: Iterable[str]) -> dict[str, bool]:
    return {str(each): True for each in values}


def _lua(value: Any, indent: str) -> Iterator[str]:
    """A value as Lua writes it; no two braces meet, which the chart would take for a template."""
    if isinstance(value, bool):
        yield "true" if value else "false"
    elif value is None:
        yield "nil"
    elif isinstance(value, int):
        yield str(value)
    elif isinstance(value, str):
        yield _text(value)
    else:
        pairs = value.items() if isinstance(value, Mapping) else ((None, each) for each in value)
        deeper = indent + "  "
        yield "{\n"
        for key, inner in pairs:
            yield deeper if key is None else f"{deeper}[{_text(key)}] = "
            yield from _lua(inner, deeper)
            yield ",\n"
        yield indent + "}"


def _text(text: str) -> str:
    """A string of Lua: printable ASCII as it is, every other byte, braces too, by its number."""
    plain = set(map(chr, range(0x20, 0x7F))) - set('"\\{}')
    return (
        '"'
        + "".join(
            char if char in plain else "".join(f"\\{byte:03d}" for byte in char.encode())
            for char in text
        )
        + '"'
    )
