"""The gate of an entry of the store: its chart is fetched by digest, rendered, and looked through.

Each version that is no draft is rendered with the defaults of its form, and with each limit of it,
on every Kubernetes minor that it supports.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from catalog import catalog
from components.mappings import Manifest
from components.store.entry import AppEntry, AppState, AppVersion
from components.store.form import FieldType, FormField
from components.tenancy.access import DEPLOYED, RBAC
from errors import Problem, Where
from errors.store import ENTRY_BEYOND_TENANT, ENTRY_NOT_RENDERED

SECONDS = 300
"""Seconds that one run of Helm may take."""
ALLOWED = {
    **DEPLOYED,
    "": [*DEPLOYED[""], "persistentvolumeclaims", "secrets"],
    RBAC: ["rolebindings", "roles"],
}
"""The resources that a tenant's deployer writes, by group."""
EXAMPLES: Mapping[FieldType, Any] = {
    FieldType.COUNT: 1,
    FieldType.SIZE: "1Gi",
    FieldType.CPU: "100m",
    FieldType.TEXT: "example",
    FieldType.FLAG: True,
    FieldType.HOST: "example.com",
}
"""Values of fields without a default."""


@dataclass(frozen=True, slots=True)
class AppGate:
    """Renders charts with Helm.

    Attributes:
        helm: the program.
        plain_http: whether registries are spoken to without TLS, as the tests' own are.
    """

    helm: Path
    plain_http: bool = False

    def problems(self, name: str, entry: AppEntry) -> Iterator[Problem]:
        """ENTRY_NOT_RENDERED and ENTRY_BEYOND_TENANT of an entry, each once for a version."""
        for version in entry.versions:
            if version.state is not AppState.DRAFT:
                yield from self._of_version(name, entry.of(version), version)

    def _of_version(self, name: str, entry: AppEntry, version: AppVersion) -> Iterator[Problem]:
        where = Where(object=f"{name} {version.version}")
        told: set[str] = set()
        for settings in _settings(entry):
            values = json.dumps(entry.values(settings))
            for minor in _minors(entry):
                done = self._render(entry, version, minor, values)
                if done.returncode:
                    why = (done.stderr.strip().splitlines() or ["no output"])[-1][:400]
                    what = f"the chart is not rendered for Kubernetes {minor} with {settings}"
                    yield Problem(ENTRY_NOT_RENDERED, what, where, why)
                    return
                for kind in _beyond(yaml.load_all(done.stdout, yaml.CSafeLoader)):
                    if kind not in told:
                        told.add(kind)
                        what = f"it has the kind {kind}, which tenants may not write"
                        yield Problem(ENTRY_BEYOND_TENANT, what, where)

    def _render(
        self, entry: AppEntry, version: AppVersion, minor: str, values: str
    ) -> subprocess.CompletedProcess[str]:
        insecure = ["--plain-http"] if self.plain_http else []
        command = [str(self.helm), "template", "gate", f"{entry.chart}@{version.digest}"]
        command += [f"--kube-version={minor}", "--namespace=gate", "--values=-", *insecure]
        return subprocess.run(
            command, input=values, capture_output=True, text=True, timeout=SECONDS, check=False
        )


def _settings(entry: AppEntry) -> Iterator[dict[str, Any]]:
    """The settings of the form's defaults, and of each limit beside them."""
    least = {key: _example(field) for key, field in entry.form.items() if field.default is None}
    yield least
    for key, field in entry.form.items():
        for limit in field.limits():
            if limit != field.default:
                yield least | {key: limit}


def _example(field: FormField) -> Any:
    return field.least or (field.choices or (EXAMPLES.get(field.type),))[0]


def _minors(entry: AppEntry) -> list[str]:
    """The newest release of each minor of the catalog in the range of an entry."""
    found = {(each.major, each.minor): str(each) for each in catalog().kubernetes_versions}
    return [release for release in found.values() if release in entry.specifiers]


def _beyond(manifests: Iterable[Manifest | None]) -> Iterator[str]:
    """The kinds that a tenant's deployer may not write; hooks are objects as well."""
    for each in manifests:
        if each:
            group = each["apiVersion"].rpartition("/")[0]
            if _plural(each["kind"]) not in ALLOWED.get(group, ()):
                yield f"{each['kind']} ({each['apiVersion']})"


def _plural(kind: str) -> str:
    """The resource of a kind: `networkpolicies` for NetworkPolicy."""
    name = re.sub("y$", "ie", kind.lower())
    return f"{name}es" if name.endswith("s") else f"{name}s"
