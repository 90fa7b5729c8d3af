"""Rules about the configuration of control planes and kubelets: access, logs, encryption.

A stack file is refused with most of it already; these rules hold for clusters that other programs
register as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from components.mappings import number
from policies.rules.frameworks import KUBERNETES, cis
from policies.rules.rule import (
    ADVISORY,
    CRITICAL,
    HIGH,
    LOW,
    MANDATORY,
    MEDIUM,
    Context,
    Rule,
)
from policies.settings import Parameter
from policies.subjects.kubeadm import (
    API_SERVERS,
    KUBEADM_CONTROL_PLANES,
    KUBELETS,
    PROGRAMS,
    DeclaredProgram,
    KubeadmControlPlane,
)

TITLE = "Control planes"
Bad = Callable[[str], bool]
PLUGINS_TO_KEEP = frozenset(
    {"NodeRestriction", "NamespaceLifecycle", "PodSecurity", "ServiceAccount"}
)
MODERN = ("VersionTLS12", "VersionTLS13")


def _is_true(value: str) -> bool:
    return value.strip().lower() in ("true", "1", "t", "")


def _names(value: str) -> set[str]:
    return {name.strip() for name in value.split(",")}


def _allows_all(value: str) -> bool:
    return "AlwaysAllow" in _names(value)


def _lacks_rbac(value: str) -> bool:
    return _allows_all(value) or not {"Node", "RBAC"} <= _names(value)


def _is_set(_value: str) -> bool:
    return True


KUBELET_ARGUMENTS: dict[str, Bad] = {
    "anonymous-auth": _is_true,
    "authorization-mode": _allows_all,
    "read-only-port": lambda value: value.strip() != "0",
}
API_SERVER_ARGUMENTS: dict[str, Bad] = {
    "anonymous-auth": _is_true,
    "authorization-mode": _lacks_rbac,
    "token-auth-file": _is_set,
}


def _open_kubelets(kubelet: DeclaredProgram, _context: Context) -> Iterator[str]:
    for name, value in kubelet.arguments.items():
        if name in KUBELET_ARGUMENTS and KUBELET_ARGUMENTS[name](value):
            yield f"{kubelet.title} runs with --{name}={value}"


def _open_api_server(server: DeclaredProgram, _context: Context) -> Iterator[str]:
    for name, value in server.arguments.items():
        if name in API_SERVER_ARGUMENTS and API_SERVER_ARGUMENTS[name](value):
            yield f"the API server runs with --{name}={value}"


def _keeps_plugins(server: DeclaredProgram, _context: Context) -> Iterator[str]:
    for name in sorted(
        PLUGINS_TO_KEEP & _names(server.arguments.get("disable-admission-plugins", ""))
    ):
        yield f"the API server runs without the admission plugin {name}"
    enabled = server.arguments.get("enable-admission-plugins")
    if enabled is not None and "NodeRestriction" not in _names(enabled):
        yield "the API server's list of admission plugins lacks NodeRestriction"


def _encrypts(server: DeclaredProgram, _context: Context) -> Iterator[str]:
    if server.is_whole and not server.arguments.get("encryption-provider-config"):
        yield "the API server stores Secrets in etcd without encryption"


def _audits(server: DeclaredProgram, _context: Context) -> Iterator[str]:
    missing = [
        f"--{name}"
        for name in ("audit-policy-file", "audit-log-path")
        if not server.arguments.get(name)
    ]
    if server.is_whole and missing:
        yield f"the API server keeps no audit log: {', '.join(missing)} is not set"


def _keeps_audit(server: DeclaredProgram, context: Context) -> Iterator[str]:
    days = server.arguments.get("audit-log-maxage")
    if days is None:
        if server.is_whole:
            yield "the API server's audit log has no --audit-log-maxage"
    elif not days.isdecimal() or int(days) < context["days"]:
        yield f"the audit log is kept for {days} days, less than {context['days']}"


def _renews(plane: KubeadmControlPlane, context: Context) -> Iterator[str]:
    days = number(plane.renewal_days)
    if days is None:
        yield "certificates end after a year, and nothing replaces the machines before"
    elif days < context["days"]:
        least = context["days"]
        yield f"machines are replaced {days} days before certificates end, fewer than {least}"


def _profiles(program: DeclaredProgram, _context: Context) -> Iterator[str]:
    if _is_true(program.arguments.get("profiling", "true")):
        yield f"{program.title} serves profiling data: --profiling is not false"


def _modern(program: DeclaredProgram, _context: Context) -> Iterator[str]:
    version = program.arguments.get("tls-min-version")
    if version not in MODERN:
        yield f"{program.title} accepts {version or 'every version'} of TLS"


RULES: tuple[Rule[DeclaredProgram] | Rule[KubeadmControlPlane], ...] = (
    Rule(
        "kubelets-are-closed",
        "No kubelet serves unauthenticated requests.",
        CRITICAL,
        MANDATORY,
        cis("4.2.1", "4.2.2", "4.2.4"),
        "Remove the argument from `kubelet.extraArgs` of the group.",
        KUBELETS,
        _open_kubelets,
    ),
    Rule(
        "api-server-is-closed",
        "The API server serves no unauthenticated requests, and authorizes by RBAC.",
        CRITICAL,
        MANDATORY,
        cis("1.2.1", "1.2.2", "1.2.6", "1.2.7", "1.2.8"),
        "Remove the argument from `controlPlane.kubeadm.apiServer.extraArgs`.",
        API_SERVERS,
        _open_api_server,
    ),
    Rule(
        "admission-plugins-stay-on",
        "The API server keeps the admission plugins that protect the cluster.",
        HIGH,
        MANDATORY,
        cis("1.2.12", "1.2.13", "1.2.14"),
        "Remove `disable-admission-plugins`; write further plugins into "
        "`controlPlane.admission.plugins`, which keeps NodeRestriction.",
        API_SERVERS,
        _keeps_plugins,
    ),
    Rule(
        "secrets-are-encrypted-at-rest",
        "Secrets are encrypted in etcd.",
        HIGH,
        MANDATORY,
        cis("1.2.27", "1.2.28"),
        "Give the API server an `encryption-provider-config`; a stack file does, unless "
        "`controlPlane.encryption.enabled` is false.",
        API_SERVERS,
        _encrypts,
    ),
    Rule(
        "api-calls-are-audited",
        "The API server keeps an audit log.",
        HIGH,
        MANDATORY,
        cis("1.2.16", "3.2.1"),
        "Give the API server an `audit-policy-file` and an `audit-log-path`; a stack file does, "
        "unless `controlPlane.audit.enabled` is false.",
        API_SERVERS,
        _audits,
    ),
    Rule(
        "audit-logs-are-kept",
        "The audit log is kept for a minimum number of days.",
        MEDIUM,
        ADVISORY,
        cis("1.2.17"),
        "Set `audit-log-maxage` to as many days or more.",
        API_SERVERS,
        _keeps_audit,
        (Parameter("days", int, 30, "the least number of days"),),
    ),
    Rule(
        "certificates-are-renewed",
        "Control-plane machines are replaced before their certificates end.",
        HIGH,
        MANDATORY,
        KUBERNETES,
        "Set `rollout.before.certificatesExpiryDays` of the control plane.",
        KUBEADM_CONTROL_PLANES,
        _renews,
        (Parameter("days", int, 7, "the least number of days before the certificates end"),),
    ),
    Rule(
        "profiling-is-off",
        "Programs of the control plane serve no profiling data.",
        LOW,
        ADVISORY,
        cis("1.2.15", "1.3.2", "1.4.1"),
        "Start the program with `profiling=false`.",
        PROGRAMS,
        _profiles,
    ),
    Rule(
        "control-plane-speaks-modern-tls",
        "Programs of the control plane accept only TLS 1.2 or later.",
        MEDIUM,
        ADVISORY,
        cis("1.2.29"),
        "Start the program with `tls-min-version=VersionTLS12`.",
        PROGRAMS,
        _modern,
    ),
)
