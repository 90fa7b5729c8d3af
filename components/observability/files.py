"""Dashboards and alert rules as files: those of the project, and a user's own folders."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictInt,
    TypeAdapter,
    ValidationError,
    model_validator,
)

CHECKOUT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
OWN_FOLDER = "caas"
"""The folder in Grafana of the project's dashboards."""
USERS_FOLDER = "custom"
"""The folder of a user's dashboards that are in no folder."""


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A dashboard.

    Attributes:
        file: where it is, relative to its folder.
        folder: its folder in Grafana.
        uid: its identity in Grafana.
        text: its JSON, in one line.
    """

    file: str
    folder: str
    uid: str
    text: str


@dataclass(frozen=True, slots=True)
class Rules:
    """A file of Prometheus rules.

    Attributes:
        file: where it is, relative to its folder.
        groups: its `groups`.
    """

    file: str
    groups: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """The reason why a file cannot be used."""

    file: str
    what: str


_UNITS = "".join(f"([0-9]+{unit})?" for unit in ("y", "w", "d", "h", "m", "s", "ms"))
_Span = Annotated[str, Field(min_length=1, pattern=f"^(0|{_UNITS})$")]
_Texts = dict[str, str]


class _Rule(BaseModel):
    """A rule as the operator's definition takes it: a number where a text belongs, such as
    `severity: 1`, would be refused in the cluster, together with all other rules of the file."""

    model_config = ConfigDict(extra="forbid")

    alert: Annotated[str, Field(min_length=1)] | None = None
    record: Annotated[str, Field(min_length=1)] | None = None
    expr: StrictInt | str
    for_: Annotated[_Span | None, Field(alias="for")] = None
    keep_firing_for: _Span | None = None
    labels: _Texts | None = None
    annotations: _Texts | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.alert is None) == (self.record is None):
            raise ValueError("a rule is either an `alert` or a `record`")
        return self


class _Group(BaseModel):
    """A group of rules, likewise."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1)]
    interval: _Span | None = None
    query_offset: _Span | None = None
    limit: StrictInt | None = None
    labels: _Texts | None = None
    rules: Annotated[list[_Rule], Field(min_length=1)]


_GROUPS = TypeAdapter(list[_Group])


@lru_cache
def own_dashboards() -> Mapping[str, Dashboard]:
    """The project's dashboards, by the names of their files."""
    files = sorted((HERE / "dashboards").glob("*.json"))
    found = (_dashboard(file, file.name, OWN_FOLDER) for file in files)
    return {Path(each.file).stem: each for each in found if isinstance(each, Dashboard)}


@lru_cache
def own_rules() -> Mapping[str, Rules]:
    """The project's rules, by the names of their files."""
    files = sorted((HERE / "rules").glob("*.yaml"))
    found = (_rules(file, file.name) for file in files)
    return {Path(each.file).stem: each for each in found if isinstance(each, Rules)}


def folder(path: str) -> Path | None:
    """A folder of the checkout; None where it is none, or lies outside."""
    found = (CHECKOUT / path).resolve()
    return found if found.is_dir() and found.is_relative_to(CHECKOUT) else None


def dashboards(path: str) -> list[Dashboard | Fault]:
    """The dashboards in a folder of the checkout: `*.json`, and those of its folders."""
    return list(_dashboards(path, _stamp(path, "json")))


def rules(path: str) -> list[Rules | Fault]:
    """The rule files in a folder of the checkout: `*.yaml`, `*.yml`."""
    return list(_rule_files(path, (*_stamp(path, "yaml"), *_stamp(path, "yml"))))


Stamp = tuple[tuple[str, int, int], ...]


def _stamp(path: str, ending: str) -> Stamp:
    """The files below a folder, and when they were changed: they are read once for all clusters."""
    top = folder(path)
    files = sorted(top.rglob(f"*.{ending}")) if top else []
    return tuple(
        (str(file), file.stat().st_mtime_ns, file.stat().st_size)
        for file in files
        if file.is_file()
    )


@lru_cache
def _dashboards(path: str, stamp: Stamp) -> tuple[Dashboard | Fault, ...]:
    return tuple(_read_dashboards(path, stamp))


def _read_dashboards(path: str, stamp: Stamp) -> Iterator[Dashboard | Fault]:
    top = folder(path) or CHECKOUT
    for name, _, _ in stamp:
        place = Path(name).relative_to(top)
        where = USERS_FOLDER if place.parent == Path() else str(place.parent)
        yield _dashboard(Path(name), str(place), where)


@lru_cache
def _rule_files(path: str, stamp: Stamp) -> tuple[Rules | Fault, ...]:
    top = folder(path) or CHECKOUT
    return tuple(_rules(Path(name), str(Path(name).relative_to(top))) for name, _, _ in stamp)


def _dashboard(file: Path, place: str, where: str) -> Dashboard | Fault:
    try:
        content = json.loads(file.read_text())
    except (OSError, ValueError, RecursionError) as error:
        return Fault(place, f"is no JSON: {error}")
    if not isinstance(content, dict) or "panels" not in content:
        return Fault(place, "is no dashboard: it has no `panels`")
    uid, title = content.get("uid"), content.get("title")
    if not isinstance(title, str) or not title:
        return Fault(place, "has no `title`")
    if not isinstance(uid, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", uid):
        return Fault(place, "has no `uid` of at most 40 letters, digits, `-` and `_`")
    content["id"] = None  # a number of the Grafana that it was exported from
    return Dashboard(place, where, uid, json.dumps(content, separators=(",", ":")))


def _rules(file: Path, place: str) -> Rules | Fault:
    try:
        content = yaml.load(file.read_text(), yaml.CSafeLoader)
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        return Fault(place, f"is no YAML: {' '.join(str(error).split())}")
    groups = content.get("groups") if isinstance(content, dict) else None
    if not isinstance(groups, list) or not groups:
        return Fault(place, "is no rule file: it has no `groups`")
    try:
        found = _GROUPS.validate_python(groups)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, ("groups", *first["loc"])))
        return Fault(place, f"has a mistake at `{where}`: {first['msg']}")
    if len({group.name for group in found}) != len(found):
        return Fault(place, "has two groups of one name")
    return Rules(place, tuple(groups))
