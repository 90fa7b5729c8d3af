"""Rules about what pods may do on their machine: the Pod Security Standards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from components.mappings import entries, section, texts
from policies.rules.frameworks import nsa, pod_security
from policies.rules.rule import (
    ADVISORY,
    CRITICAL,
    HIGH,
    LOW,
    MANDATORY,
    MEDIUM,
    Context,
    Rule,
    opened,
)
from policies.settings import Parameter
from policies.subjects.pods import (
    ALL_CONTAINERS,
    BASELINE_CAPABILITIES,
    CONTAINERS,
    PLACES,
    PODS,
    WHOLE_CONTAINERS,
    Container,
    Pod,
)
from policies.subjects.resource import Kind

TITLE = "Pod security"
SYSTEM = Parameter(
    "systemNamespaces",
    tuple[str, ...],
    ("kube-system",),
    "namespaces of the platform, whose pods may access their machine",
)
HOST = ("hostNetwork", "hostPID", "hostIPC")
SAFE_SYSCTLS = frozenset(
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_wmem",
    }
)


def _is_system(pod: Pod, context: Context) -> bool:
    return pod.namespace in context[SYSTEM.name]


def _unprivileged(container: Container, context: Context) -> Iterator[str]:
    if container.security.get("privileged") is True and not _is_system(container.pod, context):
        yield f"{container.title} is privileged: it is root on its machine"


def _off_the_host(pod: Pod, context: Context) -> Iterator[str]:
    for key in HOST:
        if pod.spec.get(key) is True and not _is_system(pod, context):
            yield f"the pod shares a namespace of its machine: `{key}` is true"


def _no_host_path(pod: Pod, context: Context) -> Iterator[str]:
    for volume in entries(pod.spec, "volumes"):
        path = section(volume, "hostPath")
        if path and not _is_system(pod, context):
            where = path.get("path", "a path")
            yield f"the volume `{volume.get('name', '')}` is {where} of the machine"


def _no_host_port(container: Container, context: Context) -> Iterator[str]:
    for port in entries(container.props, "ports"):
        if port.get("hostPort") and not _is_system(container.pod, context):
            yield f"{container.title} takes port {int(port['hostPort'])} of its machine"


def _few_capabilities(container: Container, context: Context) -> Iterator[str]:
    added = set(texts(container.security, "capabilities", "add"))
    further = sorted(added - BASELINE_CAPABILITIES)
    if further and not _is_system(container.pod, context):
        yield f"{container.title} adds {', '.join(further)}"


def _drops(container: Container, context: Context) -> Iterator[str]:
    pod = container.pod
    dropped = texts(container.security, "capabilities", "drop")
    if "ALL" not in dropped and not pod.is_windows and not _is_system(pod, context):
        yield f"{container.title} keeps the default capabilities: `drop` lacks ALL"


def _cannot_escalate(container: Container, context: Context) -> Iterator[str]:
    pod = container.pod
    allowed = container.security.get("allowPrivilegeEscalation")
    if allowed is not False and not pod.is_windows and not _is_system(pod, context):
        yield f"{container.title} can gain more privileges than its parent process"


def _not_root(container: Container, context: Context) -> Iterator[str]:
    user = container.secured("runAsUser")
    if _is_system(container.pod, context):
        return
    if user == 0:
        yield f"{container.title} runs as root"
    elif container.secured("runAsNonRoot") is not True:
        yield f"{container.title} may run as root: `runAsNonRoot` is not true"


def _seccomp(container: Container, context: Context) -> Iterator[str]:
    profile = section(container.security, "seccompProfile") or section(
        container.pod.security, "seccompProfile"
    )
    kind = profile.get("type")
    if kind == "Unconfined":
        yield f"{container.title} may make every system call: seccomp is Unconfined"
    elif not kind and not container.pod.is_windows and not _is_system(container.pod, context):
        yield f"{container.title} names no seccomp profile"


def _safe_kernel(pod: Pod, _context: Context) -> Iterator[str]:
    for entry in entries(pod.spec, "securityContext", "sysctls"):
        if entry.get("name") not in SAFE_SYSCTLS:
            yield f"the pod sets {entry.get('name')} of the kernel"
    for container in pod.containers:
        if container.security.get("procMount", "Default") != "Default":
            yield f"{container.title} sees all of /proc"


def _read_only(container: Container, context: Context) -> Iterator[str]:
    pod, fixed = container.pod, container.security.get("readOnlyRootFilesystem") is True
    if not fixed and not pod.is_windows and not _is_system(pod, context):
        yield f"{container.title} can change its own programs: its root is not read-only"


def _each_container(kind: Kind, props: Any) -> Iterator[Any]:
    spec = props
    for key in PLACES[kind.name]:
        spec = spec.get(key) or {}
    for role in CONTAINERS:
        yield from spec.get(role) or ()


def _forbid_escalation(kind: Kind, props: Any) -> bool:
    """Privileged containers are left alone: Kubernetes refuses both together."""
    changed = False
    for container in _each_container(kind, props):
        security = opened(container, "securityContext")
        if security.get("privileged") is True or "SYS_ADMIN" in texts(
            security, "capabilities", "add"
        ):
            continue
        if security.get("allowPrivilegeEscalation") is not False:
            security["allowPrivilegeEscalation"] = False
            changed = True
    return changed


def _default_seccomp(kind: Kind, props: Any) -> bool:
    """For a pod that says nothing; who said Unconfined meant it."""
    *before, last = PLACES[kind.name]
    for key in before:
        props = opened(props, key)
    security = opened(props, last, "securityContext")
    if section(security, "seccompProfile"):
        return False
    security["seccompProfile"] = {"type": "RuntimeDefault"}
    return True


RULES: tuple[Rule[Container] | Rule[Pod], ...] = (
    Rule(
        "pods-are-unprivileged",
        "No container is privileged.",
        CRITICAL,
        MANDATORY,
        pod_security("Baseline"),
        "Remove `privileged: true`; add the one capability that is needed, if any.",
        ALL_CONTAINERS,
        _unprivileged,
        (SYSTEM,),
    ),
    Rule(
        "pods-stay-off-the-host",
        "No pod shares the network, the processes or the memory of its machine.",
        HIGH,
        MANDATORY,
        pod_security("Baseline"),
        "Remove `hostNetwork`, `hostPID` and `hostIPC`.",
        PODS,
        _off_the_host,
        (SYSTEM,),
    ),
    Rule(
        "pods-mount-no-host-path",
        "No pod mounts a path of its machine.",
        HIGH,
        MANDATORY,
        pod_security("Baseline"),
        "Use a PersistentVolumeClaim, an emptyDir or a projected volume.",
        PODS,
        _no_host_path,
        (SYSTEM,),
    ),
    Rule(
        "pods-take-no-host-port",
        "No container takes a port of its machine.",
        MEDIUM,
        MANDATORY,
        pod_security("Baseline"),
        "Remove `hostPort`, and reach the pod by a Service.",
        ALL_CONTAINERS,
        _no_host_port,
        (SYSTEM,),
    ),
    Rule(
        "pods-add-few-capabilities",
        "Containers add no capability that affects the machine or other pods.",
        HIGH,
        MANDATORY,
        pod_security("Baseline"),
        "Remove the capability from `capabilities.add`.",
        ALL_CONTAINERS,
        _few_capabilities,
        (SYSTEM,),
    ),
    Rule(
        "pods-set-only-safe-sysctls",
        "Pods set only safe sysctls, and keep /proc masked.",
        HIGH,
        MANDATORY,
        pod_security("Baseline"),
        "Remove the sysctl and `procMount`.",
        PODS,
        _safe_kernel,
    ),
    Rule(
        "pods-drop-capabilities",
        "Containers drop all capabilities that they don't need.",
        MEDIUM,
        ADVISORY,
        pod_security("Restricted"),
        "Set `capabilities: {drop: [ALL]}`, and add back what is needed.",
        WHOLE_CONTAINERS,
        _drops,
        (SYSTEM,),
    ),
    Rule(
        "pods-cannot-escalate",
        "No process in a container gains more privileges than its parent.",
        MEDIUM,
        ADVISORY,
        pod_security("Restricted"),
        "Set `allowPrivilegeEscalation: false`.",
        WHOLE_CONTAINERS,
        _cannot_escalate,
        (SYSTEM,),
        fix=_forbid_escalation,
    ),
    Rule(
        "pods-do-not-run-as-root",
        "Containers don't run as root.",
        MEDIUM,
        ADVISORY,
        pod_security("Restricted"),
        "Set `runAsNonRoot: true`, and a `runAsUser` where the image names none.",
        WHOLE_CONTAINERS,
        _not_root,
        (SYSTEM,),
    ),
    Rule(
        "pods-use-seccomp",
        "Containers make only the system calls that they need.",
        MEDIUM,
        ADVISORY,
        pod_security("Restricted"),
        "Set `seccompProfile: {type: RuntimeDefault}`.",
        WHOLE_CONTAINERS,
        _seccomp,
        (SYSTEM,),
        fix=_default_seccomp,
    ),
    Rule(
        "pods-have-read-only-roots",
        "Containers can't change their own programs.",
        LOW,
        ADVISORY,
        nsa("Kubernetes Pod security"),
        "Set `readOnlyRootFilesystem: true`, and mount an emptyDir for paths that are written to.",
        WHOLE_CONTAINERS,
        _read_only,
        (SYSTEM,),
    ),
)
