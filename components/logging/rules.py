"""The problems of the settings of logs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from components import pod_identity
from components.facts import ClusterFacts
from components.finding import Finding
from components.logging import lua_pattern
from components.logging.forwards import HttpForward, S3Forward
from components.logging.options import LogsOptions
from components.logging.settings import DEFAULT_CLASS, LogSource, LogStore, Mode
from components.logging.tenants import CLASSES
from errors import logs as codes
from errors.observability import HALF_CREDENTIALS

Place = tuple[str | int, ...]
_RESERVED = ("store", "archive")


def check(logs: LogsOptions, target: ClusterFacts) -> Iterator[Finding]:
    """LOG_PATTERN and the other codes of `errors.logs`, each where it has to be mended."""
    yield from _patterns(logs)
    yield from _store(logs)
    yield from _destinations(logs)
    yield from _names(logs)
    yield from _limits(logs)
    yield from _sources(logs, target)
    yield from _identities(logs, target)


def _identities(logs: LogsOptions, target: ClusterFacts) -> Iterator[Finding]:
    own = (logs.values, logs.collector_values)
    if logs.store is LogStore.LOKI and logs.object_storage and not logs.object_storage.secret:
        yield from pod_identity.check(target, "aws", ("objectStorage",), "`objectStorage`", *own)
    if logs.archive and not logs.archive.secret:
        yield from pod_identity.check(target, "aws", ("archive",), "`archive`", *own)
    for place, each in enumerate(logs.forward):
        if isinstance(each, S3Forward) and not each.secret:
            what = f"the destination `{each.name}`"
            yield from pod_identity.check(target, "aws", ("forward", place), what, *own)


def _patterns(logs: LogsOptions) -> Iterator[Finding]:
    for place, each in enumerate(logs.redact.patterns):
        where: Place = ("redact", "patterns", place)
        if fault := lua_pattern.fault(each.pattern):
            what = f"`{each.name}` is not a Lua pattern"
            yield Finding(codes.LOG_PATTERN, (*where, "pattern"), what, why=fault)
            continue
        count = lua_pattern.captures(each.pattern)
        if fault := lua_pattern.fault_of_replacement(each.replacement, count):
            what = f"the replacement of `{each.name}` is not valid in Lua"
            yield Finding(codes.LOG_PATTERN, (*where, "replacement"), what, why=fault)


def _store(logs: LogsOptions) -> Iterator[Finding]:
    if logs.store is not LogStore.LOKI:
        yield from (
            Finding(
                codes.LOG_STORE_CANNOT,
                place,
                f"`{'.'.join(map(str, place))}` is for Loki, and the store is `{logs.store}`",
                key=True,
            )
            for place in _only_of_loki(logs)
        )
        return
    if logs.object_storage:
        return
    if logs.mode is Mode.DISTRIBUTED:
        what = "`mode: distributed` has no `objectStorage`"
        yield Finding(codes.LOKI_NEEDS_OBJECT_STORAGE, ("mode",), what)
    elif logs.loki_replicas > 1:
        what = f"{logs.loki_replicas} replicas have no `objectStorage`"
        yield Finding(codes.LOKI_NEEDS_OBJECT_STORAGE, ("replicas",), what)


def _only_of_loki(logs: LogsOptions) -> Iterator[Place]:
    if logs.object_storage:
        yield ("objectStorage",)
    if logs.mode is not Mode.MONOLITHIC:
        yield ("mode",)
    if logs.loki_replicas > 1 and not logs.object_storage:
        yield ("replicas",)
    if logs.limits.store.model_fields_set:
        yield ("limits", "store")
    if logs.store is LogStore.NONE:
        if "volume" in logs.model_fields_set:
            yield ("volume",)
        if "days" in logs.retention.model_fields_set:
            yield ("retention", "days")
    elif any(each.days != logs.retention.days for each in logs.retention.classes):
        yield ("retention", "classes")


def _destinations(logs: LogsOptions) -> Iterator[Finding]:
    if logs.store is LogStore.NONE and not logs.archive and not logs.forward:
        what = "no store, no `archive` and nothing in `forward`"
        yield Finding(codes.NO_LOG_DESTINATION, ("store",), what)
    secrets = {each.secret for each in logs.buckets}
    if len(secrets) > 1:
        names = " and ".join(
            sorted(f"`{each}`" if each else "the machines' role" for each in secrets)
        )
        yield Finding(
            codes.LOG_BUCKET_SECRETS,
            ("archive",) if logs.archive else ("forward",),
            f"collectors would be {names}",
            key=True,
        )
    for place, forward in enumerate(logs.forward):
        if isinstance(forward, HttpForward) and forward.bearer and not forward.secret:
            what = f"`{forward.name}` sends a token, and no Secret has one"
            yield Finding(HALF_CREDENTIALS, ("forward", place, "bearer"), what)
    known = {DEFAULT_CLASS, *(each.name for each in logs.retention.classes)}
    for place, forward in enumerate(logs.forward):
        for inner, name in enumerate(forward.classes):
            if name not in known:
                yield Finding(
                    codes.UNKNOWN_LOG_CLASS,
                    ("forward", place, "classes", inner),
                    f"there is no class `{name}`",
                    why=f"there is {', '.join(f'`{each}`' for each in sorted(known))}",
                )


def _names(logs: LogsOptions) -> Iterator[Finding]:
    named: list[tuple[Place, Iterable[str], tuple[str, ...]]] = [
        (
            ("retention", "classes"),
            (each.name for each in logs.retention.classes),
            (DEFAULT_CLASS,),
        ),
        (("forward",), (each.name for each in logs.forward), _RESERVED),
        (("redact", "patterns"), (each.name for each in logs.redact.patterns), ()),
    ]
    for where, names, reserved in named:
        seen = set(reserved)
        for place, name in enumerate(names):
            if where[-1] == "classes" and name.startswith(CLASSES):
                what = f"names that begin with `{CLASSES}` are for retentions of tenants"
                yield Finding(codes.LOG_NAME_TWICE, (*where, place, "name"), what)
            if name in seen:
                what = f"the name `{name}` is taken"
                yield Finding(codes.LOG_NAME_TWICE, (*where, place, "name"), what)
            seen.add(name)


def _limits(logs: LogsOptions) -> Iterator[Finding]:
    limits = logs.limits
    if limits.node is None:
        return
    said = limits.model_fields_set
    single: list[tuple[Place, int | None]] = [
        *((("namespace",), limits.namespace) for _ in said & {"namespace"}),
        *((("tenant",), limits.tenant) for _ in said & {"tenant"}),
        *((("namespaces", name), lines) for name, lines in limits.namespaces.items()),
        *((("tenants", name), lines) for name, lines in limits.tenants.items()),
    ]
    for place, lines in single:
        if lines is not None and lines > limits.node:
            yield Finding(
                codes.LOG_LIMIT_UNREACHABLE,
                ("limits", *place),
                f"{lines} lines in a second, of a node that passes on {limits.node}",
            )


def _sources(logs: LogsOptions, target: ClusterFacts) -> Iterator[Finding]:
    if not logs.collect:
        yield Finding(codes.LOGS_COLLECT_NOTHING, ("collect",), "`collect` is empty")
    asked = "collect" in logs.model_fields_set and LogSource.AUDIT in logs.collect
    if asked and not target.control_plane.audit:
        place = logs.collect.index(LogSource.AUDIT)
        what = f"the API server of `{target.name}` writes no audit log"
        yield Finding(codes.AUDIT_LOG_IS_OFF, ("collect", place), what)
