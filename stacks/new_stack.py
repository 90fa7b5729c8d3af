"""The text of a new stack file: the answers of its author, with short comments."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from components.cluster.settings import Cluster
from components.infrastructure.question import Question, Scope
from components.infrastructure.registry import infrastructure
from stacks.settings.stack import ManagementMode

MANAGEMENT = "management"
"""Name of the management cluster that a self-managed stack gets."""
PLAIN = re.compile(r"[A-Za-z/][\w./:@-]*[\w/]")
RESERVED = ("true", "false", "yes", "no", "on", "off", "null", "y", "n")
COMMENT_COLUMN = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of a new stack, for one cluster where each needs its own answer."""

    question: Question
    cluster: str = ""

    @property
    def key(self) -> str:
        """Name of the value on the command line: `account`, `orders.controlPlane.endpoint.host`."""
        return ".".join([*([self.cluster] if self.cluster else []), *self.question.path])


@dataclass(frozen=True)
class NewStack:
    """A stack file with one workload cluster, before it has answers.

    Attributes:
        name: the stack's name.
        provider: the infrastructure's name, as `infrastructure.provider` has it.
        mode: the place of Cluster API.
        cluster: the name of the workload cluster.
        version: its Kubernetes version, `1.36.3`.
        control_plane: its number of control-plane machines.
        workers: the number of machines in its worker pool.
        answers: values by the key of their question.
    """

    name: str
    provider: str
    mode: ManagementMode
    cluster: str
    version: str
    control_plane: int = 3
    workers: int = 2
    answers: dict[str, Any] = field(default_factory=dict)

    @property
    def clusters(self) -> tuple[str, ...]:
        """The names of all clusters, the management cluster first."""
        own = self.mode is ManagementMode.SELF_MANAGED
        return (*([MANAGEMENT] if own else []), self.cluster)

    def questions(self) -> Iterator[Asked]:
        """The questions of the infrastructure, in its order; fixed values are not asked."""
        for question in self._questions():
            if question.is_fixed:
                continue
            if question.scope is Scope.ONE_CLUSTER:
                yield from (Asked(question, cluster) for cluster in self.clusters)
            else:
                yield Asked(question)

    def read(self, asked: Asked, text: str) -> Any:
        """The value of an answer. Raises pydantic.ValidationError where the setting refuses it."""
        plugin = infrastructure(self.provider)
        model = plugin if asked.question.scope is Scope.INFRASTRUCTURE else Cluster
        return asked.question.read(model, text)

    def text(self) -> str:
        """The stack file."""
        lines = [
            "# yaml-language-server: $schema=../docs/stack.schema.json",
            "#",
            f"# Made by `./caas new {self.name}`; edit it, then `./caas preview {self.name}`.",
            "# Every field: docs/settings.md. How to use them: docs/stack-file.md.",
            "config:",
            *self._management(),
            "",
            *_block("caas:infrastructure", {"provider": self.provider}, self._values()),
            "",
            *self._addons(),
            "  caas:clusters:",
            *self._cluster(self.cluster, self.control_plane, self.workers),
        ]
        return "\n".join(lines) + "\n"

    def _questions(self) -> Sequence[Question]:
        own = MANAGEMENT if self.mode is ManagementMode.SELF_MANAGED else ""
        return infrastructure(self.provider).questions(own)

    def _values(self, cluster: str = "") -> Iterator[tuple[Question, Any]]:
        """The answers below the infrastructure, or below one cluster."""
        for question in self._questions():
            if (question.scope is Scope.INFRASTRUCTURE) == bool(cluster):
                continue
            asked = Asked(question, cluster if question.scope is Scope.ONE_CLUSTER else "")
            yield question, self.answers.get(asked.key, question.default)

    def _management(self) -> Iterator[str]:
        comment = {
            ManagementMode.EMBEDDED: "Cluster API runs on this machine, as plain processes",
            ManagementMode.EXISTING: "runs Cluster API; `kubeconfig` and `context` choose it",
            ManagementMode.SELF_MANAGED: f"made by `./caas bootstrap {self.name}`",
        }[self.mode]
        yield "  caas:management:"
        yield f"    mode: {self.mode} # {comment}"
        if self.mode is ManagementMode.SELF_MANAGED:
            yield "    cluster:"
            yield from self._cluster(MANAGEMENT, 3, 2, in_list=False)

    def _addons(self) -> Iterator[str]:
        if self.mode is ManagementMode.EMBEDDED:
            return
        yield "  caas:addons: # of every cluster; all of them: docs/addons.md"
        yield "    metricsServer: {}"
        yield ""

    def _cluster(
        self, name: str, control_plane: int, workers: int, *, in_list: bool = True
    ) -> Iterator[str]:
        start, indent = ("    - ", "      ") if in_list else ("      ", "      ")
        yield f"{start}name: {scalar(name)}"
        yield f"{indent}version: {self.version} # Kubernetes; raise it to upgrade"
        machines = {"controlPlane": {"replicas": control_plane}}
        values = [pair for pair in self._values(name) if pair[0].path[0] == "controlPlane"]
        comments = {("controlPlane", "replicas"): "1 to try things, 3 or 5 for high availability"}
        yield from _lines(_merged(machines, values), indent, comments | _comments(values))
        yield f"{indent}workerPools:"
        yield f"{indent}  - name: general"
        yield f"{indent}    replicas: {workers}"


def _block(
    key: str, first: Mapping[str, Any], values: Iterator[tuple[Question, Any]]
) -> Iterator[str]:
    found = list(values)
    yield f"  {key}:"
    yield from _lines(_merged(first, found), "    ", _comments(found))


def _comments(values: Sequence[tuple[Question, Any]]) -> dict[tuple[str, ...], str]:
    return {question.path: question.text for question, _ in values}


def _merged(first: Mapping[str, Any], values: Sequence[tuple[Question, Any]]) -> dict[str, Any]:
    """The values in one tree, each at the path of its question."""
    tree: dict[str, Any] = {
        key: dict(value) if isinstance(value, Mapping) else value for key, value in first.items()
    }
    for question, value in values:
        *above, last = question.path
        at = tree
        for key in above:
            at = at.setdefault(key, {})
        at[last] = value
    return tree


def _lines(
    tree: Mapping[str, Any],
    indent: str,
    comments: Mapping[tuple[str, ...], str],
    above: tuple[str, ...] = (),
) -> Iterator[str]:
    """A tree as YAML, with a comment behind a value, or before it where the line gets too long."""
    for key, value in tree.items():
        path = (*above, key)
        if isinstance(value, Mapping):
            yield f"{indent}{key}:"
            yield from _lines(value, f"{indent}  ", comments, path)
            continue
        line = f"{indent}{key}: {scalar(value)}"
        comment = comments.get(path)
        if comment and len(line) + len(comment) + 3 > COMMENT_COLUMN:
            yield f"{indent}# {comment}"
        elif comment:
            line += f" # {comment}"
        yield line


def scalar(value: Any) -> str:
    """A value as YAML of every dialect reads it: texts in quotes unless they are plain words."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(scalar, value))}]"
    if isinstance(value, bool | int):
        return json.dumps(value)
    text = str(value)
    if PLAIN.fullmatch(text) and text.lower() not in RESERVED:
        return text
    return json.dumps(text, ensure_ascii=False)
