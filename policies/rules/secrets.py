"""Rules about secrets: none where anyone who reads a manifest reads it too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from components.mappings import entries, section
from policies.rules.frameworks import cis, nsa
from policies.rules.rule import ADVISORY, HIGH, MANDATORY, MEDIUM, Context, Rule
from policies.subjects.charts import CHARTS, InstalledChart, settings
from policies.subjects.pods import ALL_CONTAINERS, PODS, Container, Pod
from policies.subjects.resource import Item
from policies.subjects.subject import Subject, itself, objects

TITLE = "Secrets"
CONFIG_MAPS = Subject("ConfigMaps", objects("ConfigMap", group="core"), itself)
CONTENT = re.compile(
    r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{36}\b"
    r"|\bglpat-[A-Za-z0-9_-]{20}\b"
    r"|\bxox[abps]-[A-Za-z0-9-]{10,}"
    r"|\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\."
)
"""Secrets by their form: private keys, cloud keys, tokens of code hosts, JSON web tokens."""
KEY = re.compile(
    r"(?:^|[^a-z])(?:passwords?|passwd|passphrase|secretkey|accesskey|apikey|token|authtoken"
    r"|privatekey|clientsecret)$"
)
"""The names of keys that hold secrets, in snake_case; `secret` alone is usually a name."""
NOT_ONE = re.compile(
    r"^(?:\s*|\{\{.*\}\}|\$\{.*\}|\$\(.*\)|\$__\w+\{.*\}|\[secret\]|<.*>|true|false|none)$",
    re.I | re.S,
)
"""Values that are no secrets: empty ones, templates, references such as Grafana's
`$__file{/etc/password}`, and masked values."""
NAMES_SECRET = re.compile(r"(?:^|[^a-z])existing_?secret")
"""Keys, in snake_case, whose value is the name of a Secret, such as Harbor's
`existingSecretAdminPassword`."""
OBJECT_NAME = re.compile(r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$")
_JOINS = re.compile(r"(?:(secret|access|api|auth|private)_key|(client)_secret|(auth)_token)$")


def _snake(key: str) -> str:
    """`adminPassword` as `admin_password`, `secret-key` as `secretkey`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key).lower()
    joined = re.sub(r"[-.]", "_", spaced)
    return _JOINS.sub(lambda found: found[0].replace("_", ""), joined)


def is_secret(key: str, value: Any) -> bool:
    """True if a value is a secret, by its key or by its form."""
    if not isinstance(value, str) or NOT_ONE.match(value):
        return False
    name = _snake(key)
    is_reference = NAMES_SECRET.search(name) and OBJECT_NAME.match(value)
    return bool(KEY.search(name) and not is_reference) or bool(CONTENT.search(value))


def _config_map(item: Item, _context: Context) -> Iterator[str]:
    data = section(item.props, "data")
    for key in data:
        if is_secret(key.rpartition("/")[2], data[key]):
            yield f"`{key}` is a secret, and permission to read ConfigMaps suffices to read it"


def _values(chart: InstalledChart, _context: Context) -> Iterator[str]:
    for path, key, value, _ in settings(chart.values or {}):
        if is_secret(key, value):
            yield f"the value `{path}` is a secret, and is readable in the program's source"


def _environment(container: Container, _context: Context) -> Iterator[str]:
    for variable in entries(container.props, "env"):
        if is_secret(str(variable.get("name", "")), variable.get("value")):
            yield f"{container.title}: the variable {variable.get('name')} is a secret"


def _command(container: Container, _context: Context) -> Iterator[str]:
    for key in ("command", "args"):
        for word in container.props.get(key) or ():
            name, equals, value = str(word).lstrip("-").partition("=")
            if equals and is_secret(name, value) and not CONTENT.search(name):
                yield f"{container.title}: --{name} on its command line is a secret"
            elif CONTENT.search(str(word)):  # which is not repeated
                yield f"{container.title}: a word of its `{key}` is a secret"


def _files(pod: Pod, _context: Context) -> Iterator[str]:
    for container in pod.containers:
        for variable in entries(container.props, "env"):
            if section(variable, "valueFrom", "secretKeyRef"):
                yield (
                    f"{container.title}: the variable {variable.get('name')} shows a Secret to "
                    "every program that it starts"
                )


RULES: tuple[Rule[Item] | Rule[InstalledChart] | Rule[Container] | Rule[Pod], ...] = (
    Rule(
        "config-maps-hold-no-secrets",
        "No ConfigMap holds a secret.",
        HIGH,
        MANDATORY,
        nsa("Authentication and authorization"),
        "Put it into a Secret, and refer to that.",
        CONFIG_MAPS,
        _config_map,
    ),
    Rule(
        "chart-values-hold-no-secrets",
        "The values of a chart hold no secret.",
        HIGH,
        MANDATORY,
        nsa("Authentication and authorization"),
        "Put it into a Secret, and name that in the values, most charts take `existingSecret`.",
        CHARTS,
        _values,
    ),
    Rule(
        "environments-hold-no-secrets",
        "No environment variable of a container holds a secret as plain text.",
        HIGH,
        MANDATORY,
        cis("5.4.1"),
        "Put it into a Secret, and mount that as a file, or refer to it with `valueFrom`.",
        ALL_CONTAINERS,
        _environment,
    ),
    Rule(
        "command-lines-hold-no-secrets",
        "No secret is on the command line of a container.",
        HIGH,
        MANDATORY,
        nsa("Authentication and authorization"),
        "Mount a Secret as a file, and name the file.",
        ALL_CONTAINERS,
        _command,
    ),
    Rule(
        "secrets-are-mounted-as-files",
        "Secrets reach a container as files, not as variables.",
        MEDIUM,
        ADVISORY,
        cis("5.4.1"),
        "Mount the Secret as a volume.",
        PODS,
        _files,
    ),
)
