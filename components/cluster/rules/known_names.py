"""Names that only a given minor of Kubernetes knows, in what a stack file hands to its programs.

A program that is handed a flag, a feature gate, an admission plugin or an API version that it does
not know ends at once, and so does one whose locked feature gate gets another value: the control
plane is down, or an upgrade is stuck at its first machine. The lists are in catalog/kubernetes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches

from packaging.version import Version

from catalog.kubernetes import Names, minor_of, names
from components.cluster.admission import POD_SECURITY, switched_on
from components.cluster.control_plane_settings import Admission
from components.cluster.rules.arguments import PROGRAMS
from components.cluster.settings import Cluster, ExtraArg, KubeletOptions
from components.finding import Finding
from errors import stack_rules

API_SERVER, KUBELET = "kube-apiserver", "kubelet"
FEATURE_GATES, RUNTIME_CONFIG = "feature-gates", "runtime-config"
ON, OFF = "enable-admission-plugins", "disable-admission-plugins"
ALL_APIS = frozenset({"api/all", "api/ga", "api/beta", "api/alpha"})
TRUTHS = {"true": True, "1": True, "t": True, "false": False, "0": False, "f": False}
"""The spellings of booleans in Kubernetes, in lower case."""


def check(cluster: Cluster) -> Iterator[Finding]:
    """UNKNOWN_ARGUMENT, UNKNOWN_FEATURE_GATE, LOCKED_FEATURE_GATE, UNKNOWN_ADMISSION_PLUGIN,
    UNUSABLE_ADMISSION_CONFIGURATION and UNKNOWN_API, for the version that the cluster shall run.
    """
    yield from check_version(cluster, cluster.version)


def check_version(cluster: Cluster, version: Version, *, workers: bool = True) -> Iterator[Finding]:
    """The same for one version, as an upgrade walks through several.

    Args:
        cluster: whose settings.
        version: what the machines run then; of a minor that the catalog does not know nothing is
            found.
        workers: whether the worker pools run it too.
    """
    known = names(minor_of(version))
    if known is None:
        return
    plane = cluster.control_plane
    for program, options, field in (
        (API_SERVER, plane.kubeadm.api_server, "apiServer"),
        ("kube-controller-manager", plane.kubeadm.controller_manager, "controllerManager"),
        ("kube-scheduler", plane.kubeadm.scheduler, "scheduler"),
    ):
        for finding in _arguments(known, program, options.extra_args):
            yield finding.below("controlPlane", "kubeadm", field, "extraArgs")
    for finding in _admission(known, plane.admission, plane.kubeadm.api_server.extra_args):
        yield finding.below("controlPlane", "admission")
    yield from _kubelet(known, plane.kubelet, "controlPlane")
    for index, pool in enumerate(cluster.worker_pools if workers else ()):
        yield from _kubelet(known, pool.kubelet, "workerPools", index)


def _kubelet(known: Names, options: KubeletOptions, *group: str | int) -> Iterator[Finding]:
    for finding in _arguments(known, KUBELET, options.extra_args):
        yield finding.below(*group, "kubelet", "extraArgs")


def _arguments(known: Names, program: str, arguments: Sequence[ExtraArg]) -> Iterator[Finding]:
    refused = PROGRAMS[program]
    for index, argument in enumerate(arguments):
        name, value = argument.name, argument.value
        if name in refused.owned or (name in refused.insecure and name not in (ON, OFF)):
            continue
        if name not in known.flags[program]:
            what = f"{program} of Kubernetes {known.minor} has no flag `{name}`"
            fix = _nearest(name, known.flags[program])
            yield Finding(stack_rules.UNKNOWN_ARGUMENT, (index, "name"), what, fix=fix)
        elif name == FEATURE_GATES:
            yield from _placed(_gates(known, value), index)
        elif program == API_SERVER and name == RUNTIME_CONFIG:
            yield from _placed(_apis(known, value), index)
        elif program == API_SERVER and name in (ON, OFF):
            yield from _placed((_plugin(known, each) for each in _words(value)), index)


def _placed(findings: Iterable[Finding | None], index: int) -> Iterator[Finding]:
    return (finding.below(index, "value") for finding in findings if finding)


def _gates(known: Names, value: str) -> Iterator[Finding]:
    for each in _words(value):
        name, _, text = each.removeprefix("kube:").partition("=")
        gate, wanted = known.gates.get(name.strip()), TRUTHS.get(text.strip().lower())
        if gate is None:
            what = f"Kubernetes {known.minor} has no feature gate `{name}`"
            fix = _nearest(name, known.gates)
            yield Finding(stack_rules.UNKNOWN_FEATURE_GATE, (), what, fix=fix)
        elif wanted is None:
            what = f"`{each}` sets the feature gate neither to true nor to false"
            fix = f"Write `{name}=true` or `{name}=false`."
            yield Finding(stack_rules.UNKNOWN_FEATURE_GATE, (), what, fix=fix)
        elif gate.locked and wanted is not gate.on:
            state = "on" if gate.on else "off"
            what = f"the feature gate `{name}` is locked {state} in Kubernetes {known.minor}"
            yield Finding(stack_rules.LOCKED_FEATURE_GATE, (), what)


def _apis(known: Names, value: str) -> Iterator[Finding]:
    for each in _words(value):
        path = each.partition("=")[0].strip()
        parts = path.split("/")
        group = path if path in ALL_APIS or path in known.apis else "/".join(parts[:2])
        if group not in ALL_APIS | known.apis and parts[0] not in known.apis:
            what = f"Kubernetes {known.minor} has no API version `{group}`"
            fix = _nearest(group, known.apis | ALL_APIS)
            yield Finding(stack_rules.UNKNOWN_API, (), what, fix=fix)


def _admission(
    known: Names, admission: Admission, arguments: Sequence[ExtraArg]
) -> Iterator[Finding]:
    for index, name in enumerate(admission.plugins):
        if finding := _plugin(known, name):
            yield finding.below("plugins", index)
    values = {argument.name: _words(argument.value) for argument in arguments}
    on = {name for name, default in known.plugins.items() if default}
    on = (on | set(values.get(ON, switched_on(admission)))) - set(values.get(OFF, ()))
    for name, content in admission.configurations.items():
        place = ("configurations", name)
        missing = [key for key in ("apiVersion", "kind") if not content.get(key)]
        if name == POD_SECURITY:  # refused, it has fields
            continue
        if finding := _plugin(known, name):
            yield finding.below(*place)
        elif name not in on:
            what = f"the admission plugin `{name}` is configured, and it is off"
            fix = f"Add `{name}` to `admission.plugins`, or remove its configuration."
            yield Finding(_UNUSABLE, place, what, fix=fix, key=True)
        elif missing:
            what = f"the configuration of the admission plugin `{name}` has no `{missing[0]}`"
            fix = "Write the object as the plugin's documentation has it, with both."
            yield Finding(_UNUSABLE, place, what, fix=fix, key=True)


_UNUSABLE = stack_rules.UNUSABLE_ADMISSION_CONFIGURATION


def _plugin(known: Names, name: str) -> Finding | None:
    if name in known.plugins:
        return None
    what = f"Kubernetes {known.minor} has no admission plugin `{name}`"
    fix = _nearest(name, known.plugins)
    return Finding(stack_rules.UNKNOWN_ADMISSION_PLUGIN, (), what, fix=fix)


def _words(value: str) -> list[str]:
    return [word.strip() for word in value.split(",") if word.strip()]


def _nearest(name: str, known: Iterable[str]) -> str:
    """A fix that names what was probably meant; empty where nothing is alike."""
    found = get_close_matches(name, sorted(known), n=1, cutoff=0.75)
    return f"Write `{found[0]}`, or remove it." if found else ""
