"""The text of messages: one line about a group of alerts, as templates of Alertmanager."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_LINE = (
    '{{ $line := printf "%s %s" (.Status | toUpper) .CommonLabels.alertname }}'
    '{{ with .CommonLabels.cluster }}{{ $line = printf "%s in %s" $line . }}{{ end }}'
    '{{ with .CommonLabels.namespace }}{{ $line = printf "%s/%s" $line . }}{{ end }}'
    "{{ with (index .Alerts 0).Annotations.summary }}"
    '{{ $line = printf "%s: %s" $line . }}{{ end }}'
    "{{ if gt (len .Alerts) 1 }}"
    '{{ $line = printf "%s (%d alerts)" $line (len .Alerts) }}{{ end }}'
)
"""`FIRING ClusterNotAvailable in shop: the control plane is gone (3 alerts)`, in `$line`."""
LINE = _LINE + "{{ $line }}"
"""The alerts of a message in one line."""
NUMBER = "number"
PLACES = {
    "text": "$line",
    "status": ".Status",
    "alert": ".CommonLabels.alertname",
    "severity": ".CommonLabels.severity",
    "cluster": ".CommonLabels.cluster",
    "namespace": ".CommonLabels.namespace",
}
"""The placeholders such as `{text}`, as Alertmanager's templates."""
_PLACE = re.compile(r"\{(\w+)\}")


def unknown_places(payload: object, known: frozenset[str]) -> list[str]:
    """The placeholders in the texts of a payload that nothing can fill."""
    if isinstance(payload, Mapping):
        return [name for value in payload.values() for name in unknown_places(value, known)]
    if isinstance(payload, list | tuple):
        return [name for value in payload for name in unknown_places(value, known)]
    found = _PLACE.findall(payload) if isinstance(payload, str) else []
    return [name for name in found if name not in known]


def body(payload: Mapping[str, Any], number: str = "") -> str:
    """A payload as one template that renders to JSON.

    Alertmanager reads what a template of a payload renders to as YAML once more: a text with a
    colon would become a mapping, a telephone number a number. One template for the whole payload,
    in which every text is quoted, is read as what it says.

    Source: `DeepCopyWithTemplate` in `template/template.go` of Alertmanager 0.34.

    Args:
        payload: what is posted, with placeholders in its texts.
        number: what takes the place of `{number}`.
    """
    return _LINE + _json(payload, number)


def _json(value: object, number: str) -> str:
    if isinstance(value, Mapping):
        pairs = (f"{_literal(str(key))}: {_json(each, number)}" for key, each in value.items())
        return "{ " + ", ".join(pairs) + " }"
    if isinstance(value, list | tuple):
        return "[ " + ", ".join(_json(each, number) for each in value) + " ]"
    if not isinstance(value, str):
        return json.dumps(value)
    text = value.replace(f"{{{NUMBER}}}", number) if number else value
    pieces = _PLACE.split(text)
    if len(pieces) == 1:
        return _literal(text)
    parts = [
        PLACES.get(piece, _quoted(f"{{{piece}}}")) if index % 2 else _quoted(piece)
        for index, piece in enumerate(pieces)
        if piece
    ]
    return "{{ print " + " ".join(parts) + " | toJson }}"


def _literal(text: str) -> str:
    """A text in JSON, also where it has the braces of a template in it."""
    if "{{" not in text:
        return json.dumps(text)
    return "{{ " + _quoted(text) + " | toJson }}"


def _quoted(text: str) -> str:
    """A text as Go writes it; JSON's escapes are Go's too, but for its surrogates."""
    return json.dumps(text, ensure_ascii=False)
