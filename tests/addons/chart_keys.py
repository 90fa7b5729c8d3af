"""The keys that each chart's `values.yaml` knows, committed without their values.

`keys/<chart>.txt` has a line for each key, indented below its parent: `key?` has an empty
default, so anything may stand there. Keys that `values.yaml` has in comments come first. Write the
files anew with

    python -m tests.addons.chart_keys                     from ../shared/upstream/charts
    python -m tests.addons.chart_keys harbor-1.18.0.tgz   from archives or folders of charts
"""

from __future__ import annotations

import re
import sys
import tarfile
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from catalog import catalog
from components.addon_settings import merged

KEYS = Path(__file__).parent / "keys"
APP_KEYS = KEYS.parent / "app_keys"
"""The same of charts that the store's entries install."""
CHARTS = Path(__file__).resolve().parents[3] / "shared/upstream/charts"
CHARTS_OF = {"fluent-bit-events": "fluent-bit"}
"""The chart of an entry of the catalog, where it is not its name."""
PARTS = {"kube-prometheus-stack": {"grafana": "grafana"}}
"""Charts that a chart brings along, by the key of their values."""
HIDDEN = {"kube-prometheus-stack": ("kube-state-metrics", "prometheus-node-exporter")}
"""Keys of charts that a chart brings along and that are not looked into."""
UNNAMED = {
    # Of both plugins; templates/operatorConfig.yaml reads them.
    "ceph-csi-drivers": frozenset({"priorityClassName", "resources"}),
    "grafana": frozenset({"fullnameOverride"}),
    # Whole mappings that templates hand on: `toYaml .Values…`.
    "flannel": frozenset({"limits"}),
    "snapshot-controller": frozenset({"allowPrivilegeEscalation"}),
}
"""Values that a chart's templates read, though its `values.yaml` does not name them."""
OPEN = ({}, [], None, "")
"""Defaults that say nothing about what may stand in their place."""

Tree = Mapping[str, Any]
"""Keys with their trees; None where anything may stand, () where one value stands."""


@dataclass(frozen=True)
class Values:
    """A chart's `values.yaml`, and those of the charts in it."""

    chart: str
    version: str
    text: str
    parts: Mapping[str, str]

    @property
    def defaults(self) -> dict[str, Any]:
        """The default values, with those of the charts in it below their keys."""
        found = plain(self.text)
        for key, text in self.parts.items():
            found[key] = merged(plain(text), found.get(key, {}))
        return found | dict.fromkeys(HIDDEN.get(self.chart, ()))

    @property
    def commented(self) -> frozenset[str]:
        """The keys in comments: options without a default."""
        texts = (self.text, *self.parts.values())
        found = {key for text in texts for key in re.findall(COMMENTED, text, re.M)}
        names = (self.chart, *PARTS.get(self.chart, {}).values())
        return frozenset(found).union(*(UNNAMED.get(name, frozenset()) for name in names))


COMMENTED = r"^ *#+[ -]*([A-Za-z][A-Za-z0-9_.-]*):"


def plain(text: str) -> dict[str, Any]:
    """A `values.yaml` as values; a copy of sources has `image: ${GatewayImage}`."""
    found: dict[str, Any] = yaml.load(
        re.sub(r": \$\{\w+\}$", ': ""', text, flags=re.M), yaml.CSafeLoader
    )
    return found


def chart_of(entry: str) -> str:
    """The chart of an entry of the catalog."""
    return CHARTS_OF.get(entry, entry)


@lru_cache
def known(entry: str, folder: Path | None = None) -> tuple[Tree, frozenset[str]]:
    """The tree of keys of a chart, and the keys in comments; `folder` in place of the catalog's."""
    lines = ((folder or KEYS) / f"{chart_of(entry)}.txt").read_text().splitlines()
    commented = {word for line in lines if line.startswith("#  ") for word in line[1:].split()}
    keys = [line for line in lines if not line.startswith("#")]
    return _tree(keys, 0)[0], frozenset(commented)


def _tree(lines: list[str], depth: int, start: int = 0) -> tuple[Tree, int]:
    found: dict[str, Any] = {}
    at = start
    while at < len(lines):
        key = lines[at].lstrip(" ")
        if len(lines[at]) - len(key) < depth:
            break
        below, after = _tree(lines, depth + 1, at + 1)
        if key.endswith("?"):
            found[key[:-1]] = None
        else:
            found[key] = below or ()
        at = after
    return found, at


def written(values: Values) -> str:
    """The committed file of a chart."""
    head = f"# {values.chart} {values.version}: keys of values.yaml; see ../chart_keys.py"
    words = " ".join(sorted(values.commented))
    comments = textwrap.wrap(words, 96, break_on_hyphens=False, break_long_words=False)
    lines = [head, *(f"#  {line}" for line in comments), *_lines(values.defaults, "")]
    return "\n".join(lines) + "\n"


def _lines(values: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, value in values.items():
        yield f"{indent}{key}{'?' if value in OPEN else ''}"
        if isinstance(value, Mapping):
            yield from _lines(value, f"{indent} ")


def from_folder(folder: Path) -> Values:
    """A chart's values out of its folder; charts in it are in `charts/`, or beside the folder."""
    described = next(iter(yaml.safe_load_all((folder / "Chart.yaml").read_text())))
    name = str(described["name"])
    parts = {}
    for key, part in PARTS.get(folder.name, PARTS.get(name, {})).items():
        places = (folder / "charts" / part, folder.parent / part)
        parts[key] = next((at / "values.yaml").read_text() for at in places if at.is_dir())
    text = (folder / "values.yaml").read_text()
    return Values(name, str(described.get("version", "")), text, parts)


def from_archive(archive: Path) -> Values:
    """A chart's values out of a `.tgz` as Helm repositories have it."""
    with tarfile.open(archive) as tar:
        texts = {
            member.name: stream.read().decode()
            for member in tar.getmembers()
            if Path(member.name).name in ("Chart.yaml", "values.yaml")
            and (stream := tar.extractfile(member))
        }
    root = min(texts, key=lambda path: path.count("/")).partition("/")[0]
    described = yaml.safe_load(texts[f"{root}/Chart.yaml"])
    parts = {
        key: texts[f"{root}/charts/{part}/values.yaml"] for key, part in PARTS.get(root, {}).items()
    }
    return Values(root, str(described["version"]), texts[f"{root}/values.yaml"], parts)


def main(places: list[str]) -> None:
    """Writes the files of the charts at `places`, or of all that are in ../shared."""
    wanted = {chart_of(entry) for entry in catalog().charts}
    there = [CHARTS / name for name in sorted(wanted) if (CHARTS / name / "values.yaml").exists()]
    for path in map(Path, places) if places else there:
        values = from_folder(path) if path.is_dir() else from_archive(path)
        name = path.name if path.is_dir() and path.name in wanted else values.chart
        (KEYS / f"{name}.txt").write_text(written(values))
        sys.stdout.write(f"{name} {values.version}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
