"""Cases of rules about the configuration of kubeadm."""

from __future__ import annotations

from components.cluster.settings import Cluster
from components.cluster.workload_cluster import cluster_manifest
from components.infrastructure.in_memory import InMemory
from tests.policies.case import Case, R, case
from tests.policies.cases.clusters import TOPOLOGY, variables
from tests.policies.clusters import SETTINGS, argument
from tests.policies.samples import CLUSTER, obj

ARGUMENTS = {
    "encryption-provider-config": "/e.yaml",
    "audit-policy-file": "/a.yaml",
    "audit-log-path": "/a.log",
    "audit-log-maxage": "30",
    "enable-admission-plugins": "NodeRestriction,DenyServiceExternalIPs",
    "profiling": "false",
    "tls-min-version": "VersionTLS12",
}


def extra(**changes: str | None) -> list[dict[str, str]]:
    """Arguments with changes, whose names have `_` for `-`; None removes one."""
    changed = {name.replace("_", "-"): value for name, value in changes.items()}
    return [
        {"name": name, "value": value}
        for name, value in (ARGUMENTS | changed).items()
        if value is not None
    ]


KUBEADM = "spec.template.spec.kubeadmConfigSpec.clusterConfiguration"
SERVER = f"{KUBEADM}.apiServer.extraArgs"


def without(feature: str) -> R:
    """A cluster whose stack file switches something of its control plane off."""
    settings = Cluster.model_validate(SETTINGS | {"controlPlane": {feature: {"enabled": False}}})
    return R(CLUSTER.type, cluster_manifest(settings, InMemory(), "clusters"), "shop")


CONTROL_PLANE = obj(
    "controlplane.cluster.x-k8s.io/v1beta2:KubeadmControlPlaneTemplate",
    spec={
        "template": {
            "spec": {
                "rollout": {"before": {"certificatesExpiryDays": 30}},
                "kubeadmConfigSpec": {
                    "clusterConfiguration": {
                        "apiServer": {"extraArgs": extra()},
                        "controllerManager": {"extraArgs": extra()},
                        "scheduler": {"extraArgs": extra()},
                    }
                },
            }
        }
    },
)
OLD = obj(
    "controlplane.cluster.x-k8s.io/v1beta1:KubeadmControlPlane",
    spec={
        "rolloutBefore": {"certificatesExpiryDays": 30},
        "kubeadmConfigSpec": {"clusterConfiguration": {"apiServer": {"extraArgs": ARGUMENTS}}},
    },
)
OLD_SERVER = "spec.kubeadmConfigSpec.clusterConfiguration.apiServer.extraArgs"
CASES: dict[str, Case] = {
    "admission-plugins-stay-on": case(
        CONTROL_PLANE,
        SERVER,
        extra(disable_admission_plugins="NodeRestriction"),
        "without the admission plugin NodeRestriction",
        passes=(CLUSTER, CONTROL_PLANE.put(SERVER, extra(enable_admission_plugins=None))),
        fails=(
            (CONTROL_PLANE.put(SERVER, extra(enable_admission_plugins="A,B")), "lacks NodeRestr"),
            (
                CLUSTER.put(
                    f"{TOPOLOGY}.variables",
                    variables(
                        apiServerExtraArgs=argument("disable-admission-plugins", "ServiceAccount")
                    ),
                ),
                "without the admission plugin ServiceAccount",
            ),
        ),
    ),
    "secrets-are-encrypted-at-rest": case(
        CONTROL_PLANE,
        SERVER,
        extra(encryption_provider_config=None),
        "stores Secrets in etcd without encryption",
        passes=(OLD, CLUSTER, without("audit")),
        fails=(
            (OLD.put(OLD_SERVER, {}), "stores Secrets"),
            (without("encryption"), "stores Secrets"),
        ),
    ),
    "api-calls-are-audited": case(
        CONTROL_PLANE,
        SERVER,
        extra(audit_log_path=None),
        "--audit-log-path is not set",
        passes=(OLD, CLUSTER, without("encryption")),
        fails=((without("audit"), "--audit-policy-file, --audit-log-path is not set"),),
    ),
    "audit-logs-are-kept": case(
        CONTROL_PLANE,
        SERVER,
        extra(audit_log_maxage="7"),
        "kept for 7 days, less than 30",
        passes=(CLUSTER, OLD),
        fails=((CONTROL_PLANE.put(SERVER, extra(audit_log_maxage=None)), "no --audit-log-maxage"),),
    ),
    "certificates-are-renewed": case(
        CONTROL_PLANE,
        "spec.template.spec.rollout",
        {},
        "nothing replaces the machines before",
        passes=(OLD,),
        fails=(
            (
                CONTROL_PLANE.put("spec.template.spec.rollout.before.certificatesExpiryDays", 1),
                "replaced 1 days before",
            ),
        ),
    ),
    "profiling-is-off": case(
        CONTROL_PLANE,
        f"{KUBEADM}.scheduler.extraArgs",
        extra(profiling=None),
        "the scheduler serves profiling data",
    ),
    "control-plane-speaks-modern-tls": case(
        CONTROL_PLANE,
        f"{KUBEADM}.controllerManager.extraArgs",
        extra(tls_min_version="VersionTLS10"),
        "the controller manager accepts VersionTLS10",
        fails=((CONTROL_PLANE.put(SERVER, extra(tls_min_version=None)), "every version"),),
    ),
}
KUBELETS = obj(
    "bootstrap.cluster.x-k8s.io/v1beta2:KubeadmConfigTemplate",
    spec={
        "template": {
            "spec": {
                "joinConfiguration": {
                    "nodeRegistration": {"kubeletExtraArgs": argument("read-only-port", "10255")}
                }
            }
        }
    },
)
FURTHER: dict[str, tuple[tuple[R, str], ...]] = {
    "kubelets-are-closed": ((KUBELETS, "the kubelet runs with --read-only-port=10255"),),
    "api-server-is-closed": (
        (CONTROL_PLANE.put(SERVER, extra(token_auth_file="/t")), "--token-auth-file=/t"),
        (OLD.put(OLD_SERVER, {"anonymous-auth": "true"}), "--anonymous-auth=true"),
    ),
}
"""More that fails: the same in the templates of kubeadm's providers."""
