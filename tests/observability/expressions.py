"""The PromQL in dashboards and rules, and the names of metrics in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from components.observability import files

HERE = Path(__file__).parent
VARIABLES = re.compile(r"\$(?:__)?[a-z_]+")
ENDINGS = ("_bucket", "_count", "_sum")


def of_dashboards() -> Iterator[tuple[str, str]]:
    """The place of each expression, and the expression with its variables filled in."""
    for name, dashboard in files.own_dashboards().items():
        content = json.loads(dashboard.text)
        for panel in content["panels"]:
            for target in panel["targets"]:
                yield f"{name}: {panel['title']}", VARIABLES.sub("any", target["expr"])


def of_rules() -> Iterator[tuple[str, str]]:
    """The place of each expression, and the expression."""
    for name, rules in files.own_rules().items():
        for group in rules.groups:
            for rule in group["rules"]:
                yield f"{name}: {rule.get('alert') or rule.get('record')}", rule["expr"]


def variables() -> Iterator[tuple[str, str]]:
    """The dashboards' variables: the metric that each takes its values from."""
    for name, dashboard in files.own_dashboards().items():
        for variable in json.loads(dashboard.text)["templating"]["list"]:
            found = re.fullmatch(r"label_values\((\S+), (\w+)\)", variable["query"]["query"])
            yield f"{name}: ${variable['name']}", found[1] if found else ""


def metrics(expression: str) -> set[str]:
    """The names of metrics in an expression."""
    text = re.sub(r'"(?:[^"\\]|\\.)*"', "", expression)
    text = re.sub(r"\{[^}]*\}|\[[^\]]*\]", " ", text)
    grouping = r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)"
    text = re.sub(grouping, " ", text)
    words = re.findall(r"(?<![\w:.])[a-zA-Z_:][\w:]*(?!\s*\()(?![\w:])", text)
    return set(words) - {"and", "or", "unless", "bool", "offset"}


def names_of(source: str) -> set[str]:
    """The names in metrics.yaml of the sources that begin so; empty for all of them."""
    rooms = yaml.load((HERE / "metrics.yaml").read_text(), yaml.CSafeLoader)
    found = (room for room in rooms if room["source"].startswith(source))
    return {name for room in found for name in room["names"]}


def known_metrics() -> set[str]:
    """The names in metrics.yaml, and those that a histogram is made of."""
    names = names_of("")
    return names | {f"{name}{ending}" for name in names for ending in ENDINGS}
