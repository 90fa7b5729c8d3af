"""Rules about logs: each mistake has its code and place, and correct settings pass."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from components.delivery.rules import check_target
from components.logging.logs import LogsSettings
from errors import Code
from errors.addons import ADDON_NEEDS
from errors.logs import (
    AUDIT_LOG_IS_OFF,
    LOG_BUCKET_SECRETS,
    LOG_LIMIT_UNREACHABLE,
    LOG_NAME_TWICE,
    LOG_PATTERN,
    LOG_STORE_CANNOT,
    LOGS_COLLECT_NOTHING,
    LOKI_NEEDS_OBJECT_STORAGE,
    NO_LOG_DESTINATION,
    UNKNOWN_LOG_CLASS,
)
from errors.observability import HALF_CREDENTIALS
from stacks.settings.addons import Addons
from tests.addons.examples import target

BUCKET = {"bucket": "logs", "secret": "s3"}
SYSLOG = {"type": "syslog", "name": "siem", "host": "siem.example.com"}
VOLUME = {"localPath": {"default": True}}
CLASS = {"name": "audit", "days": 365, "sources": ["audit"]}


def pattern(text: str, replacement: str = "") -> dict[str, Any]:
    one = {"name": "pin", "pattern": text, "replacement": replacement}
    return {"redact": {"patterns": [one]}}


WRONG: list[tuple[dict[str, Any], Code, tuple[str | int, ...]]] = [
    (pattern(r"PIN-\d{4}"), LOG_PATTERN, ("redact", "patterns", 0, "pattern")),
    (pattern("[a-z"), LOG_PATTERN, ("redact", "patterns", 0, "pattern")),
    (pattern("PIN", "%2"), LOG_PATTERN, ("redact", "patterns", 0, "replacement")),
    ({"store": "victoriaLogs", "objectStorage": BUCKET}, LOG_STORE_CANNOT, ("objectStorage",)),
    ({"store": "victoriaLogs", "replicas": 3}, LOG_STORE_CANNOT, ("replicas",)),
    ({"store": "victoriaLogs", "mode": "distributed"}, LOG_STORE_CANNOT, ("mode",)),
    (
        {"store": "victoriaLogs", "retention": {"classes": [CLASS]}},
        LOG_STORE_CANNOT,
        ("retention", "classes"),
    ),
    (
        {"store": "victoriaLogs", "limits": {"store": {"streams": 1000}}},
        LOG_STORE_CANNOT,
        ("limits", "store"),
    ),
    ({"store": "none", "forward": [SYSLOG], "volume": {}}, LOG_STORE_CANNOT, ("volume",)),
    (
        {"store": "none", "forward": [SYSLOG], "retention": {"days": 3}},
        LOG_STORE_CANNOT,
        ("retention", "days"),
    ),
    ({"replicas": 2}, LOKI_NEEDS_OBJECT_STORAGE, ("replicas",)),
    ({"mode": "distributed"}, LOKI_NEEDS_OBJECT_STORAGE, ("mode",)),
    ({"store": "none"}, NO_LOG_DESTINATION, ("store",)),
    (
        {"archive": BUCKET, "forward": [{"type": "s3", "name": "b", "bucket": "other"}]},
        LOG_BUCKET_SECRETS,
        ("archive",),
    ),
    (
        {"forward": [SYSLOG | {"classes": ["default", "audits"]}]},
        UNKNOWN_LOG_CLASS,
        ("forward", 0, "classes", 1),
    ),
    (
        {
            "forward": [
                SYSLOG,
                {"type": "http", "name": "x", "url": "https://x.org", "bearer": True},
            ]
        },
        HALF_CREDENTIALS,
        ("forward", 1, "bearer"),
    ),
    ({"forward": [SYSLOG, SYSLOG]}, LOG_NAME_TWICE, ("forward", 1, "name")),
    ({"forward": [SYSLOG | {"name": "store"}]}, LOG_NAME_TWICE, ("forward", 0, "name")),
    (
        {"retention": {"classes": [CLASS | {"name": "default"}]}},
        LOG_NAME_TWICE,
        ("retention", "classes", 0, "name"),
    ),
    (
        {"limits": {"node": 100, "namespaces": {"shop": 500}}},
        LOG_LIMIT_UNREACHABLE,
        ("limits", "namespaces", "shop"),
    ),
    (
        {"retention": {"classes": [{"name": "tenants-9", "days": 9}]}},
        LOG_NAME_TWICE,
        ("retention", "classes", 0, "name"),
    ),
    ({"limits": {"tenant": 20000}}, LOG_LIMIT_UNREACHABLE, ("limits", "tenant")),
    ({"collect": []}, LOGS_COLLECT_NOTHING, ("collect",)),
]


@pytest.mark.parametrize(("settings", "code", "path"), WRONG)
def test_what_is_wrong_is_told(
    settings: dict[str, Any], code: Code, path: tuple[str | int, ...]
) -> None:
    found = list(check_target(target({"logs": settings})))
    assert [(each.code, each.path) for each in found] == [(code, ("logs", *path))]


NO_AUDIT = {"controlPlane": {"audit": {"enabled": False}}}


def test_an_audit_log_that_nobody_writes_is_not_collected() -> None:
    (found,) = check_target(target({"logs": {"collect": ["events", "audit"]}}, **NO_AUDIT))
    assert (found.code, found.path) == (AUDIT_LOG_IS_OFF, ("logs", "collect", 1))


RIGHT: list[dict[str, Any]] = [
    {},
    {"store": "victoriaLogs", "retention": {"days": 365, "classes": [CLASS]}},
    {"store": "none", "archive": BUCKET},
    {"store": "none", "forward": [SYSLOG]},
    {"replicas": 3, "objectStorage": BUCKET},
    {"mode": "distributed", "objectStorage": BUCKET},
    {"archive": BUCKET, "forward": [{"type": "s3", "name": "b", **BUCKET}]},
    {"retention": {"classes": [CLASS]}, "forward": [SYSLOG | {"classes": ["audit", "default"]}]},
    {"limits": {"node": None, "namespaces": {"shop": 500_000}}},
    {"limits": {"node": 1000}},
    pattern("PIN%-%d+"),
]


@pytest.mark.parametrize("settings", RIGHT)
def test_what_is_right_passes(settings: dict[str, Any]) -> None:
    assert not list(check_target(target({"logs": settings, **VOLUME})))


def test_without_an_audit_log_the_defaults_pass() -> None:
    assert not list(check_target(target({"logs": {}, **VOLUME}, **NO_AUDIT)))


def test_a_store_needs_volumes() -> None:
    (found,) = check_target(target({"logs": {}}))
    assert (found.code, found.path) == (ADDON_NEEDS, ("logs",))
    assert not list(check_target(target({"logs": {"store": "none", "forward": [SYSLOG]}})))


@pytest.mark.parametrize(
    "settings",
    [
        {"forward": [SYSLOG | {"host": "a b"}]},
        {"forward": [{"type": "http", "name": "x", "url": "https://x.example.com/\n[OUTPUT]"}]},
        {"forward": [{"type": "http", "name": "x", "url": "https://x.org", "path": "/${HOME}"}]},
        {"forward": [{"type": "kafka", "name": "x", "brokers": ["a"], "topic": "t"}]},
        {"forward": [{"type": "kafka", "name": "x", "brokers": [], "topic": "t"}]},
        {"archive": {"bucket": "logs", "prefix": "/a"}},
        {"archive": {"bucket": "Logs"}},
    ],
)
def test_values_cannot_break_out_of_their_line(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Addons.model_validate({"logs": settings})


def test_settings_compare() -> None:
    assert LogsSettings.model_validate({}) == LogsSettings()
