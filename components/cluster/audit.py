"""The audit log of the API server: its policy, and the arguments that write and rotate it."""

from __future__ import annotations

from typing import Any

from components.cluster.control_plane_settings import Audit
from components.cluster.host_files import DIRECTORY, HostFile, yaml_file

LOG_DIRECTORY = "/var/log/kubernetes/audit"
FILE = "audit-policy.yaml"
_NOISY_READERS = (
    "system:kube-scheduler",
    "system:kube-proxy",
    "system:apiserver",
    "system:kube-controller-manager",
    "system:serviceaccount:kube-system:endpoint-controller",
)
_CORE = ""
# Before the user's: the content of what is secret is never logged.
_SECRETS = {
    "level": "Metadata",
    "resources": [
        {"group": _CORE, "resources": ["secrets", "serviceaccounts/token"]},
        {"group": "authentication.k8s.io", "resources": ["tokenreviews"]},
    ],
}
_RULES: tuple[dict[str, Any], ...] = (
    # Commands run inside pods: who, where, and with which arguments.
    {
        "level": "Request",
        "resources": [
            {
                "group": _CORE,
                "resources": [
                    "pods/exec",
                    "pods/attach",
                    "pods/portforward",
                    "pods/ephemeralcontainers",
                ],
            }
        ],
    },
    # What controllers and nodes read and renew all the time.
    {
        "level": "None",
        "verbs": ["get", "list", "watch"],
        "userGroups": ["system:nodes"],
    },
    {"level": "None", "verbs": ["get", "list", "watch"], "users": list(_NOISY_READERS)},
    {
        "level": "None",
        "resources": [
            {"group": _CORE, "resources": ["events"]},
            {"group": "events.k8s.io", "resources": ["events"]},
            {"group": "coordination.k8s.io", "resources": ["leases"]},
        ],
    },
    {"level": "None", "resources": [{"group": "authorization.k8s.io"}]},
    {
        "level": "None",
        "nonResourceURLs": ["/healthz*", "/livez*", "/readyz*", "/version", "/openapi/*"],
    },
    # Who may do what, with what was asked for; everything else without.
    {
        "level": "Request",
        "verbs": ["create", "update", "patch", "delete", "deletecollection"],
        "resources": [{"group": "rbac.authorization.k8s.io"}],
    },
    {"level": "Metadata"},
)


def policy(settings: Audit) -> dict[str, Any]:
    """The audit policy: secrets, the user's rules, then the built-in ones."""
    own = [
        rule.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        for rule in settings.rules
    ]
    return {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "omitManagedFields": True,
        "rules": [_SECRETS, *own, *_RULES],
    }


def files(settings: Audit) -> list[HostFile]:
    """The policy as a file."""
    return [yaml_file(FILE, policy(settings))] if settings.enabled else []


def arguments(settings: Audit) -> dict[str, str]:
    """The kube-apiserver flags that enable the audit log."""
    if not settings.enabled:
        return {}
    return {
        "audit-policy-file": f"{DIRECTORY}/{FILE}",
        "audit-log-path": f"{LOG_DIRECTORY}/audit.log",
        "audit-log-maxage": str(settings.max_age_days),
        "audit-log-maxbackup": str(settings.max_backups),
        "audit-log-maxsize": str(settings.max_size_mib),
    }
