"""Translation of the stack file's settings to Harbor's API."""

from __future__ import annotations

import json
from typing import Any

from components.registry.contents import (
    ImageRetention,
    OtherRegistry,
    Project,
    Replication,
    ReplicationDirection,
    Robot,
)

Body = dict[str, Any]
UNLIMITED = -1
_UNITS = {"Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40}


def registry(wanted: OtherRegistry) -> Body:
    """A registry, without its credentials."""
    return {
        "name": wanted.name,
        "type": wanted.kind.value,
        "url": wanted.url.rstrip("/"),  # as Harbor keeps it
        "insecure": wanted.insecure,
    }


def metadata(wanted: Project) -> dict[str, str]:
    """The metadata of a project."""
    refused = {"severity": wanted.refuse.value} if wanted.refuse else {}
    return {
        "public": _text(wanted.public),
        "auto_scan": _text(wanted.scan),
        "prevent_vul": _text(wanted.refuse is not None),
    } | refused


def quota(wanted: Project) -> int:
    """The most bytes of a project; -1 for no limit."""
    if wanted.quota is None:
        return UNLIMITED
    return int(wanted.quota[:-2]) * _UNITS[wanted.quota[-2:]]


def retention(wanted: ImageRetention, project: int) -> Body:
    """A retention policy: what any rule keeps, stays."""
    kept = {
        "latestPushedK": wanted.newest,
        "nDaysSinceLastPush": wanted.days,
        "nDaysSinceLastPull": wanted.days,
    }
    return {
        "algorithm": "or",
        "rules": [_rule(name, count, wanted.tags) for name, count in kept.items() if count],
        "trigger": {"kind": "Schedule", "settings": {"cron": wanted.schedule}},
        "scope": {"level": "project", "ref": project},
    }


def _rule(template: str, count: int, tags: str) -> Body:
    repositories = {"kind": "doublestar", "decoration": "repoMatches", "pattern": "**"}
    selector = {"kind": "doublestar", "decoration": "matches", "pattern": tags}
    return {
        "disabled": False,
        "action": "retain",
        "template": template,
        "params": {template: count},
        "tag_selectors": [selector | {"extras": json.dumps({"untagged": tags == "**"})}],
        "scope_selectors": {"repository": [repositories]},
    }


def robot(wanted: Robot, project: str) -> Body:
    """A robot account of a project."""
    actions = [("repository", "pull"), ("repository", "list"), ("artifact", "read")]
    if wanted.push:
        actions += [("repository", "push"), ("tag", "create"), ("artifact", "create")]
    access = [{"resource": resource, "action": action} for resource, action in actions]
    return {
        "name": wanted.name,
        "level": "project",
        "duration": wanted.days or UNLIMITED,
        "disable": False,
        "permissions": [{"kind": "project", "namespace": project, "access": access}],
    }


def robot_name(wanted: Robot, project: str) -> str:
    """The name of a robot in Harbor."""
    return f"robot${project}+{wanted.name}"


def replication(wanted: Replication, registry_id: int) -> Body:
    """A replication policy."""
    theirs, ours = "src_registry", "dest_registry"
    if wanted.direction is ReplicationDirection.PUSH:
        theirs, ours = ours, theirs
    if wanted.schedule:
        trigger: Body = {
            "type": "scheduled",
            "trigger_settings": {"cron": wanted.schedule},
        }
    else:
        trigger = {
            "type": "event_based" if wanted.direction is ReplicationDirection.PUSH else "manual"
        }
    filters = {"name": wanted.images, "tag": wanted.tags}
    return {
        "name": wanted.name,
        theirs: {"id": registry_id},
        ours: {"id": 0},  # Harbor itself
        "dest_namespace": wanted.into or "",
        "trigger": trigger,
        "filters": [{"type": kind, "value": value} for kind, value in filters.items()],
        "override": wanted.override,
        "deletion": wanted.deletions,  # `replicate_deletion`, its successor, is not read yet
        "enabled": True,
    }


def _text(value: bool) -> str:
    return str(value).lower()
