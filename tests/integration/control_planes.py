"""A control plane with every option set to something that is not its default."""

from __future__ import annotations

import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from components.cluster.settings import ControlPlane


def authority() -> str:
    """The PEM text of a new authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "login")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def everything_as_yaml() -> dict[str, Any]:
    """As a stack file has it."""
    return {
        "replicas": 3,
        "rollout": {"certificatesExpiryDays": 60, "maxSurge": 0},
        "remediation": {"maxRetry": 3, "retryPeriod": "10m", "minHealthyPeriod": "2h"},
        "etcd": {
            "quotaGiB": 2,
            "snapshots": {
                "bucket": "backups",
                "schedule": "30 */4 * * mon-fri",
                "endpoint": "https://s3.example.com",
                "region": "eu",
                "credentials": "etcd-backup",
            },
        },
        "audit": {
            "maxAgeDays": 7,
            "maxBackups": 3,
            "maxSizeMiB": 50,
            "rules": [
                {
                    "level": "RequestResponse",
                    "userGroups": ["system:authenticated"],
                    "verbs": ["delete"],
                    "namespaces": ["production"],
                    "resources": [
                        {"group": "apps", "resources": ["deployments"], "resourceNames": ["shop"]}
                    ],
                },
                {"level": "None", "users": ["robot"], "nonResourceURLs": ["/version"]},
            ],
        },
        "admission": {
            "podSecurity": {
                "enforce": "restricted",
                "audit": "restricted",
                "warn": "baseline",
                "exemptNamespaces": ["kube-system", "calico-system"],
            },
            "plugins": ["AlwaysPullImages", "EventRateLimit"],
            "configurations": {
                "EventRateLimit": {
                    "apiVersion": "eventratelimit.admission.k8s.io/v1alpha1",
                    "kind": "Configuration",
                    "limits": [{"type": "Server", "qps": 5000, "burst": 20000}],
                }
            },
        },
        "authentication": {
            "anonymousPaths": ["/openid/v1/jwks", "/.well-known/openid-configuration"],
            "issuers": [
                {
                    "url": "https://login.example.com/realms/platform",
                    "audiences": ["kubernetes", "kubectl"],
                    "usernameClaim": "email",
                    "usernamePrefix": "",
                    "groupsClaim": "roles",
                    "groupsPrefix": "login:",
                    "requiredClaims": {"tenant": "platform"},
                    "discoveryURL": "https://login.internal/.well-known/openid-configuration",
                    "certificateAuthority": authority(),
                },
                {
                    "url": "https://ci.example.com",
                    "audiences": ["deploy"],
                    "groupsClaim": None,
                },
            ],
        },
        "kubelet": {
            "serverTLSBootstrap": True,
            "protectKernelDefaults": False,
            "seccompDefault": False,
            "streamingIdleTimeout": "5m",
            "eventRecordQPS": 20,
            "podPidsLimit": 1024,
            "extraArgs": [{"name": "max-pods", "value": "200"}],
        },
        "kubeadm": {
            "apiServer": {
                "extraArgs": [{"name": "event-ttl", "value": "2h"}],
                "certSANs": ["api.example.com"],
            },
            "controllerManager": {"extraArgs": [{"name": "v", "value": "3"}]},
            "scheduler": {"extraArgs": [{"name": "v", "value": "3"}]},
        },
    }


def everything() -> ControlPlane:
    """As the program has it."""
    return ControlPlane.model_validate(everything_as_yaml())
