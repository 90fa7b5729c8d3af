"""Pods, wherever their template is: in a Pod, a controller of pods, a job; of every API version."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from components.mappings import Props, entries, number, section
from policies.subjects.resource import Item, Kind
from policies.subjects.subject import Subject

REPLICATED = ("Deployment", "StatefulSet")
CONTROLLERS = (*REPLICATED, "DaemonSet", "ReplicaSet", "ReplicationController")
JOBS = ("Job", "CronJob")
PLACES: dict[str, tuple[str, ...]] = {
    "Pod": ("spec",),
    "PodTemplate": ("template", "spec"),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
    "Job": ("spec", "template", "spec"),
    **dict.fromkeys(CONTROLLERS, ("spec", "template", "spec")),
}
"""The path of the pod's spec in an object, by kind."""
GROUPS = ("core", "apps", "batch", "extensions")
CONTAINERS = ("initContainers", "containers", "ephemeralContainers")
BASELINE_CAPABILITIES = frozenset(
    {
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    }
)
"""The capabilities that Pod Security's level `baseline` lets containers add."""


@dataclass(frozen=True, slots=True)
class Container:
    """A container of a pod.

    Attributes:
        props: the container.
        pod: its pod.
        role: the list that it is in, `containers`.
    """

    props: Props
    pod: Pod
    role: str

    @property
    def title(self) -> str:
        """The name in a message."""
        return f"container `{self.props.get('name', '')}`"

    @property
    def security(self) -> Props:
        """Its security context."""
        return section(self.props, "securityContext")

    @property
    def image(self) -> str:
        """Its image; empty where none is named."""
        return str(self.props.get("image") or "")

    def secured(self, key: str) -> Any:
        """A setting of the security context: the container's own, or else the pod's."""
        own = self.security.get(key)
        return self.pod.security.get(key) if own is None else own


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod, or the template of some.

    Attributes:
        item: the object that it is of.
        spec: its spec.
    """

    item: Item
    spec: Props

    @property
    def security(self) -> Props:
        """The security context of all containers."""
        return section(self.spec, "securityContext")

    @property
    def containers(self) -> Iterator[Container]:
        """All containers, those that start first among them."""
        for role in CONTAINERS:
            for props in entries(self.spec, role):
                yield Container(props, self, role)

    @property
    def namespace(self) -> str:
        """The namespace; `default` if none is set."""
        return self.item.namespace or "default"

    @property
    def is_whole(self) -> bool:
        """True if it is the whole pod, so that a missing field is not set."""
        return not self.item.kind.is_patch

    @property
    def is_windows(self) -> bool:
        """True if it runs on Windows, where other rules apply."""
        return bool(section(self.spec, "os").get("name") == "windows")

    @property
    def replicas(self) -> int:
        """The number of replicas; one if none is set."""
        given = number(self.item.spec.get("replicas"))
        return 1 if given is None else given


def has_pod(kind: Kind) -> bool:
    """True if an object contains a pod."""
    return kind.name in PLACES and kind.group in GROUPS and kind.is_kubernetes


def _only(*names: str, whole: bool = False) -> Callable[[Kind], bool]:
    return lambda kind: kind.name in names and has_pod(kind) and not (whole and kind.is_patch)


def pod_of(item: Item) -> Pod:
    """The pod in an object."""
    return Pod(item, section(item.props, *PLACES[item.kind.name]))


def _pods(item: Item) -> Iterator[Pod]:
    yield pod_of(item)


def _containers(item: Item) -> Iterator[Container]:
    yield from pod_of(item).containers


TITLE = "pods, and the templates of pods"
PODS = Subject(TITLE, has_pod, _pods)
WHOLE_PODS = Subject(TITLE, lambda kind: has_pod(kind) and not kind.is_patch, _pods)
ALL_CONTAINERS = Subject("containers", has_pod, _containers)
WHOLE_CONTAINERS = Subject(
    "containers", lambda kind: has_pod(kind) and not kind.is_patch, _containers
)
SERVING = Subject(
    "containers of Deployments, StatefulSets and DaemonSets",
    _only(*REPLICATED, "DaemonSet", whole=True),
    _containers,
)
REPLICATED_PODS = Subject("Deployments and StatefulSets", _only(*REPLICATED, whole=True), _pods)
JOB_OBJECTS = Subject("Jobs and CronJobs", _only(*JOBS, whole=True), _pods)
