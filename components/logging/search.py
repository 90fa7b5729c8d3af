"""Search in logs: Grafana's data source, a dashboard, and alerts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from components.mappings import Manifest
from components.observability.objects import finished, prometheus_rule

UID = "caas-logs"
_ALERTS = Path(__file__).parent / "alerts.yaml"
_ALWAYS = ("cluster", "source")
"""The labels that every line has."""
_VARIABLES = ("cluster", "tenant", "namespace", "pod", "container", "source")


@dataclass(frozen=True, slots=True)
class SearchKind:
    """A kind of store, as Grafana knows it.

    Attributes:
        plugin: the type of its data source.
        title: its name for people.
    """

    plugin: str
    title: str


LOKI = SearchKind("loki", "Loki")
VICTORIA_LOGS = SearchKind("victoriametrics-logs-datasource", "VictoriaLogs")
"""Grafana has its plug-in not by itself, see docs/logs.md."""


@lru_cache
def datasource(namespace: str, kind: SearchKind, url: str) -> Manifest:
    """The ConfigMap for Grafana's sidecar; `url` is the address of the store."""
    source = {
        "name": kind.title,
        "type": kind.plugin,
        "uid": UID,
        "access": "proxy",
        "url": url,
        "jsonData": {"maxLines": 1000},
    }
    content = {"apiVersion": 1, "datasources": [source]}
    return _config_map(namespace, "logs-datasource", "grafana_datasource", "logs.yaml", content)


@lru_cache
def dashboard(namespace: str) -> Manifest:
    """A dashboard to search in: by label, by text, and what was dropped."""
    chosen = ", ".join(f'{label}=~"${label}"' for label in _VARIABLES)
    lines = f"{{{chosen}}} |~ `(?i)$text`"
    dropped = f"{{{chosen}}} | dropped > 0"
    rate = f"sum by (source) (rate({lines} [$__auto]))"
    panels = [
        _panel("timeseries", "Lines in a second", rate, top=0, height=8),
        _panel("logs", "Lines", lines, top=8, height=22),
        _panel("logs", "Lines before which a limit dropped others", dropped, top=30, height=10),
    ]
    content = {
        "uid": UID,
        "title": "Logs",
        "tags": ["caas", "logs"],
        "time": {"from": "now-1h", "to": "now"},
        "templating": {"list": [*(_variable(label) for label in _VARIABLES), _TEXT]},
        "panels": panels,
        "schemaVersion": 39,
    }
    return _config_map(namespace, "logs-dashboard", "grafana_dashboard", "logs.json", content)


def alerts(namespace: str, runbooks: str = "") -> Manifest:
    """Alerts on collectors: lines dropped by a limit, and destinations that take nothing.

    Args:
        namespace: of the collectors.
        runbooks: where `docs/` is published; empty for pages of the checkout.
    """
    return prometheus_rule("logs", finished(_groups(), runbooks), namespace)


@lru_cache
def _groups() -> list[Manifest]:
    return list(yaml.load(_ALERTS.read_text(), yaml.CSafeLoader)["groups"])


def _panel(kind: str, title: str, query: str, *, top: int, height: int) -> Manifest:
    source = {"type": LOKI.plugin, "uid": UID}
    return {
        "id": top + 1,
        "type": kind,
        "title": title,
        "datasource": source,
        "gridPos": {"x": 0, "y": top, "w": 24, "h": height},
        "targets": [{"refId": "A", "expr": query, "datasource": source}],
    }


def _variable(label: str) -> Manifest:
    return {
        "name": label,
        "type": "query",
        "datasource": {"type": LOKI.plugin, "uid": UID},
        "query": {"type": 1, "label": label, "refId": label},
        "refresh": 2,
        "includeAll": True,
        # Loki wants one label at least that every line has.
        "allValue": ".+" if label in _ALWAYS else ".*",
        "multi": True,
        "current": {"text": "All", "value": "$__all"},
    }


_TEXT: Manifest = {
    "name": "text",
    "type": "textbox",
    "query": "",
    "label": "text (regular expression)",
}


def _config_map(namespace: str, name: str, label: str, file: str, content: Manifest) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace, "labels": {label: "1"}},
        "data": {file: json.dumps(content, indent=2)},
    }
