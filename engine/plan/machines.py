"""Prediction of replaced machines, from the content of their templates.

How many machines there are is what their owners say: an autoscaler or a hand moves the number of
a MachineDeployment whose Cluster names none. Where no management cluster is asked, the number is
only known to lie between the autoscaler's bounds.

Cluster API replaces a machine when what it was made from changes: the Kubernetes version, the
failure domain, the bootstrap or the infrastructure template. Labels, annotations, timeouts,
health checks and rollout strategies change in place.
Source: https://cluster-api.sigs.k8s.io/tasks/updating-machine-templates and
https://cluster-api.sigs.k8s.io/developer/providers/contracts (in-place propagation).

A template that Cluster API clones is made of the class's template and the patches with their
variables. This module does not apply patches: two machines' templates are alike when the class's
templates, the patches that select them and the variables that these use are alike.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from typing import Any

from components.cluster.kinds import CLUSTER_API
from components.cluster_object import DeclaredCluster, DeclaredGroup
from components.estimate import UNKNOWN, Counts
from components.mappings import Manifest, section
from engine.objects import Key, Objects

UPKEEP = ("rollout", "remediation")
"""Fields of a KubeadmControlPlaneTemplate that say when its machines are replaced, and make none of
them."""
_SPEC = "/spec/template/spec/"
_VARIABLE = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)")


@dataclass(frozen=True, slots=True)
class PlannedGroup:
    """The machines of a control plane or of a pool.

    Attributes:
        replicas: how many its Cluster names; None when something else decides.
        now: how many its MachineDeployment has; None where that was not looked at.
        version: what they run, `v1.36.3`.
        origin: a digest of everything but the version that they are made from.
        settings: a digest of what is changed in place.
        max_surge: machines above `replicas` during a rollout, as Kubernetes writes it.
        max_unavailable: machines below `replicas` during a rollout.
        bounds: the fewest and the most machines that the autoscaler makes; None without one.
    """

    replicas: int | None
    version: str
    origin: str
    settings: str
    max_surge: int | str = 1
    max_unavailable: int | str = 0
    bounds: tuple[int, int] | None = None
    now: int | None = None

    @property
    def before(self) -> tuple[int, int]:
        """The fewest and the most machines that there may be now; alike where it is known."""
        if self.replicas is not None:
            return self.replicas, self.replicas
        if self.now is not None:
            return self.now, self.now
        return self.bounds or (0, 0)

    def after(self, old: PlannedGroup | None) -> int:
        """The number of machines after Cluster API has finished; an autoscaler may change it later.

        A new pool with an autoscaler begins with its lower bound. One that is handed over to the
        autoscaler keeps what is within its bounds; one that it had already keeps what it has
        (`calculateMachineDeploymentReplicas` in Cluster API's webhook of MachineDeployments).
        """
        if self.replicas is not None:
            return self.replicas
        low, high = self.bounds or (0, 0)
        if old is None:
            return low
        fewest, _ = old.before
        return fewest if old.replicas is None else min(max(fewest, low), high)


def groups(
    cluster: Manifest, objects: Objects, counts: Counts = UNKNOWN
) -> dict[str, PlannedGroup]:
    """The machine groups of a Cluster by name; the control plane is `controlPlane`.

    Args:
        cluster: the Cluster object.
        objects: where its ClusterClass and the class's templates are found.
        counts: how many machines there are where something else decides.
    """
    declared = DeclaredCluster(cluster)
    namespace = declared.class_namespace
    key = Key(CLUSTER_API, "ClusterClass", namespace, declared.class_name)
    view = _ClassView(objects.get(key, {}).get("spec", {}), namespace, objects)
    place = declared.namespace, declared.name
    return {
        group.name: replace(_group(group, view), now=counts.get((*place, group.name)))
        for group in declared.groups
    }


class _ClassView:
    """The parts of a ClusterClass that machines are created from."""

    def __init__(self, spec: dict[str, Any], namespace: str, objects: Objects) -> None:
        self._spec = spec
        self._namespace = namespace
        self._objects = objects

    def templates(self, worker_class: str | None) -> list[Any]:
        """The specs of the templates behind the control plane or a class of workers."""
        references = self._references(worker_class)
        return [self._template(reference) for reference in references]

    def patches(self, worker_class: str | None) -> list[dict[str, Any]]:
        """The patches that change those templates."""
        return [
            {**patch, "definitions": selected}
            for patch in self._spec.get("patches", ())
            if (
                selected := [
                    definition
                    for definition in patch.get("definitions", ())
                    if _selects(definition["selector"]["matchResources"], worker_class)
                ]
            )
        ]

    def _references(self, worker_class: str | None) -> list[dict[str, Any]]:
        if worker_class is None:
            own = self._spec.get("controlPlane", {})
            holders = [own, own.get("machineInfrastructure", {})]
        else:
            workers = self._spec.get("workers", {}).get("machineDeployments", ())
            mine = [worker for worker in workers if worker["class"] == worker_class]
            holders = [worker[part] for worker in mine for part in ("bootstrap", "infrastructure")]
        return [holder["templateRef"] for holder in holders if "templateRef" in holder]

    def _template(self, reference: dict[str, Any]) -> Any:
        key = Key(reference["apiVersion"], reference["kind"], self._namespace, reference["name"])
        manifest = self._objects.get(key)
        # A foreign class: its templates are known by name only.
        return manifest["spec"] if manifest else reference


def _selects(match: dict[str, Any], worker_class: str | None) -> bool:
    if worker_class is None:
        return bool(match.get("controlPlane"))
    names = match.get("machineDeploymentClass", {}).get("names", ())
    return any(name in ("*", worker_class) for name in names)


def _used_variables(patches: list[dict[str, Any]]) -> set[str]:
    """Names of the variables that patches read; in Go templates every `.name` counts."""
    used: set[str] = set()
    for patch in patches:
        templates = [patch.get("enabledIf", "")]
        for definition in patch["definitions"]:
            for change in definition["jsonPatches"]:
                source = change.get("valueFrom", {})
                used.add(source.get("variable", "").partition(".")[0])
                templates.append(source.get("template", ""))
        used.update(name for text in templates for name in _VARIABLE.findall(text))
    return used - {""}


def _is_upkeep(patch: dict[str, Any]) -> bool:
    """True if a patch does not affect machines."""
    paths = [
        change["path"]
        for definition in patch["definitions"]
        for change in definition["jsonPatches"]
    ]
    fields = {path.removeprefix(_SPEC).partition("/")[0] for path in paths}
    return all(path.startswith(_SPEC) for path in paths) and fields <= set(UPKEEP)


def _split(templates: list[Any]) -> tuple[list[Any], list[Any]]:
    """The templates without their upkeep, and the upkeep."""
    specs = [each.get("template", {}).get("spec", each) for each in templates]
    without = [{key: spec[key] for key in spec if key not in UPKEEP} for spec in specs]
    return without, [{key: spec[key] for key in UPKEEP if key in spec} for spec in specs]


def _group(declared: DeclaredGroup, view: _ClassView) -> PlannedGroup:
    given, worker_class = declared.variables, declared.worker_class
    # A patch without any of its variables is not enabled, so it changes nothing.
    patches = [
        patch
        for patch in view.patches(worker_class)
        if not (used := _used_variables([patch])) or used & given.keys()
    ]
    making = [patch for patch in patches if not _is_upkeep(patch)]
    used = _used_variables(making)
    variables = {name: value for name, value in given.items() if name in used}
    kept_by = _used_variables(patches) - used
    templates, upkeep = _split(view.templates(worker_class))
    origin = [
        templates,
        making,
        variables,
        declared.failure_domain,
        section(declared.props, "rollout").get("after"),
    ]
    in_place = {
        name: value
        for name, value in declared.props.items()
        if name not in ("replicas", "variables", "failureDomain", "class", "name")
    }
    return PlannedGroup(
        replicas=declared.replicas,
        version=f"v{declared.cluster.version}",
        origin=_digest(origin),
        settings=_digest(
            [in_place, upkeep, {name: given[name] for name in kept_by & given.keys()}]
        ),
        max_surge=declared.max_surge,
        max_unavailable=declared.max_unavailable,
        bounds=declared.bounds,
    )


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
