"""Cases of rules about pods, and about what a namespace has."""

from __future__ import annotations

from tests.policies.case import GONE, Case, R, case
from tests.policies.samples import (
    BUDGET,
    CONTAINER,
    CRON_JOB,
    DEPLOYMENT,
    JOB,
    POD,
    SECURITY,
    TEMPLATE,
    in_config_map,
    obj,
)

PATCH = DEPLOYMENT.of("kubernetes:apps/v1:DeploymentPatch")
BETA = DEPLOYMENT.of("kubernetes:extensions/v1beta1:Deployment")
DAEMON = DEPLOYMENT.of("kubernetes:apps/v1beta2:DaemonSet")
SYSTEM = "metadata.namespace"
IN_CRON_JOB = "spec.jobTemplate.spec.template.spec.containers.0"
HOST_PATH = [{"name": "host", "hostPath": {"path": "/var/log"}}]
NOBODY = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}

CASES: dict[str, Case] = {
    "pods-are-unprivileged": case(
        DEPLOYMENT,
        SECURITY,
        {"privileged": True},
        "container `app` is privileged",
        unknown=f"{SECURITY}.privileged",
        passes=(
            DEPLOYMENT.put(f"{SECURITY}.privileged", True).put(SYSTEM, "kube-system"),
            POD,
            in_config_map(POD, DEPLOYMENT),
            obj("core/v1:ConfigMap", data={"a": "apiVersion: {{ .x }}\n- ", "b": "apiVersion: v1"}),
        ),
        fails=(
            (PATCH.put(f"{SECURITY}.privileged", True), "privileged"),
            (BETA.put(f"{SECURITY}.privileged", True), "privileged"),
            (POD.put("spec.containers.0.securityContext.privileged", True), "privileged"),
            (CRON_JOB.put(f"{IN_CRON_JOB}.securityContext.privileged", True), "privileged"),
            (
                CRON_JOB.put(f"{IN_CRON_JOB}.securityContext.privileged", True).of(
                    "kubernetes:batch/v1beta1:CronJob"
                ),
                "privileged",
            ),
            (
                POD.put(
                    "spec.initContainers", [{"name": "a", "securityContext": {"privileged": True}}]
                ),
                "container `a`",
            ),
            (
                in_config_map(POD, DEPLOYMENT.put(f"{SECURITY}.privileged", True)),
                "objects.yaml: container `app` is privileged",
            ),
            (
                R(
                    "kubernetes:apps/v1:DeploymentList",
                    {"items": [DEPLOYMENT.put(f"{SECURITY}.privileged", True).inputs]},
                ),
                "privileged",
            ),
        ),
    ),
    "pods-stay-off-the-host": case(
        DEPLOYMENT,
        f"{TEMPLATE}.hostPID",
        True,
        "`hostPID` is true",
        fails=((DAEMON.put(f"{TEMPLATE}.hostNetwork", True), "hostNetwork"),),
        passes=(DAEMON.put(f"{TEMPLATE}.hostPID", True).put(SYSTEM, "kube-system"),),
    ),
    "pods-mount-no-host-path": case(
        DEPLOYMENT,
        f"{TEMPLATE}.volumes",
        HOST_PATH,
        "the volume `host` is /var/log",
        passes=(DEPLOYMENT.put(f"{TEMPLATE}.volumes", HOST_PATH).put(SYSTEM, "kube-system"),),
    ),
    "pods-take-no-host-port": case(
        DEPLOYMENT,
        f"{CONTAINER}.ports",
        [{"containerPort": 80, "hostPort": 80}],
        "takes port 80",
    ),
    "pods-add-few-capabilities": case(
        DEPLOYMENT,
        f"{SECURITY}.capabilities.add",
        ["NET_BIND_SERVICE", "SYS_TIME"],
        "adds SYS_TIME",
        passes=(DEPLOYMENT.put(f"{SECURITY}.capabilities.add", ["NET_BIND_SERVICE"]),),
    ),
    "pods-set-only-safe-sysctls": case(
        DEPLOYMENT,
        f"{TEMPLATE}.securityContext.sysctls",
        [{"name": "kernel.msgmax", "value": "1"}],
        "sets kernel.msgmax",
        passes=(
            DEPLOYMENT.put(
                f"{TEMPLATE}.securityContext.sysctls",
                [{"name": "net.ipv4.tcp_syncookies", "value": "1"}],
            ),
        ),
        fails=((DEPLOYMENT.put(f"{SECURITY}.procMount", "Unmasked"), "sees all of /proc"),),
    ),
    "pods-drop-capabilities": case(
        DEPLOYMENT,
        f"{SECURITY}.capabilities.drop",
        ["NET_RAW"],
        "`drop` lacks ALL",
        passes=(
            PATCH.put(f"{SECURITY}.capabilities", GONE),
            DEPLOYMENT.put(f"{SECURITY}.capabilities", GONE).put(
                f"{TEMPLATE}.os", {"name": "windows"}
            ),
        ),
    ),
    "pods-cannot-escalate": case(
        DEPLOYMENT,
        f"{SECURITY}.allowPrivilegeEscalation",
        True,
        "can gain more privileges",
        fails=((DEPLOYMENT.put(f"{SECURITY}.allowPrivilegeEscalation", GONE), "more privileges"),),
    ),
    "pods-do-not-run-as-root": case(
        DEPLOYMENT,
        f"{TEMPLATE}.securityContext.runAsNonRoot",
        False,
        "may run as root",
        passes=(
            DEPLOYMENT.put(f"{TEMPLATE}.securityContext", {}).put(f"{SECURITY}.runAsNonRoot", True),
        ),
        fails=((DEPLOYMENT.put(f"{SECURITY}.runAsUser", 0.0), "runs as root"),),
    ),
    "pods-use-seccomp": case(
        DEPLOYMENT,
        f"{TEMPLATE}.securityContext.seccompProfile",
        GONE,
        "names no seccomp profile",
        fails=(
            (DEPLOYMENT.put(f"{SECURITY}.seccompProfile", {"type": "Unconfined"}), "Unconfined"),
        ),
    ),
    "pods-have-read-only-roots": case(
        DEPLOYMENT, f"{SECURITY}.readOnlyRootFilesystem", False, "change its own programs"
    ),
    "images-are-pinned": case(
        DEPLOYMENT,
        f"{CONTAINER}.image",
        "registry.example.com:5000/team/app",
        "runs the image that `registry.example.com:5000/team/app` refers to",
        passes=(DEPLOYMENT.put(f"{CONTAINER}.image", "a/b@sha256:00"),),
        fails=((PATCH.put(f"{CONTAINER}.image", "nginx:latest"), "nginx:latest"),),
    ),
    "images-come-from-known-registries": case(
        DEPLOYMENT,
        f"{CONTAINER}.image",
        "registry.example.com/team/app:1",
        "of a registry that is not listed",
        passes=(DEPLOYMENT.put(f"{CONTAINER}.image", "nginx:1.29"),),
    ),
    "images-are-maintained": case(
        DEPLOYMENT,
        f"{CONTAINER}.image",
        "docker.io/grafana/promtail:3.5.0",
        "runs Promtail, at its end of life since March 2026",
        fails=tuple(
            (DEPLOYMENT.put(f"{CONTAINER}.image", image), name)
            for image, name in (
                ("registry.k8s.io/ingress-nginx/controller:v1.15.1", "ingress-nginx"),
                ("quay.io/minio/minio:RELEASE.2025", "MinIO"),
                ("docker.io/bitnamilegacy/redis:8", "Bitnami"),
                ("gcr.io/kaniko-project/executor:v1", "kaniko"),
                ("kubernetesui/dashboard:v2", "Kubernetes Dashboard"),
            )
        ),
    ),
    "containers-ask-for-resources": case(
        DEPLOYMENT,
        f"{CONTAINER}.resources.requests",
        {"memory": "1Mi"},
        "requests no cpu",
        passes=(PATCH.put(f"{CONTAINER}.resources", GONE),),
    ),
    "containers-have-a-memory-limit": case(
        DEPLOYMENT, f"{CONTAINER}.resources.limits", {"cpu": "1"}, "may take all memory"
    ),
    "containers-are-probed": case(
        DEPLOYMENT,
        f"{CONTAINER}.readinessProbe",
        GONE,
        "no probe that detects a hang",
        passes=(JOB, DEPLOYMENT.put(f"{CONTAINER}.livenessProbe", {"exec": {"command": ["a"]}})),
    ),
    "replicas-are-spread": case(
        DEPLOYMENT,
        f"{TEMPLATE}.topologySpreadConstraints",
        [],
        "all 2 pods may be on one machine",
        passes=(
            DEPLOYMENT.put(f"{TEMPLATE}.topologySpreadConstraints", []).put("spec.replicas", 1),
            DEPLOYMENT.put(f"{TEMPLATE}.topologySpreadConstraints", []).put(
                f"{TEMPLATE}.affinity", {"podAntiAffinity": {"a": []}}
            ),
        ),
    ),
    "replicas-have-a-budget": case(
        (BUDGET, DEPLOYMENT),
        "spec.selector.matchLabels",
        {"app": "another"},
        "may take all 2 pods away",
        passes=((DEPLOYMENT.put("spec.replicas", 1),), (in_config_map(BUDGET, DEPLOYMENT),)),
        fails=(((BUDGET.put("metadata.namespace", "another"), DEPLOYMENT), "all 2 pods"),),
    ),
    "pods-get-no-token-unasked": case(
        DEPLOYMENT,
        f"{TEMPLATE}.automountServiceAccountToken",
        GONE,
        "gets a token of the API",
        unknown=f"{TEMPLATE}.automountServiceAccountToken",
        passes=(
            DEPLOYMENT.put(f"{TEMPLATE}.automountServiceAccountToken", GONE).put(
                f"{TEMPLATE}.serviceAccountName", "app"
            ),
        ),
    ),
    "workloads-have-a-namespace": case(
        DEPLOYMENT,
        SYSTEM,
        "default",
        "the namespace `default`",
        fails=((DEPLOYMENT.put(SYSTEM, GONE), "the namespace `default`"),),
    ),
    "jobs-end": case(
        CRON_JOB,
        "spec.jobTemplate.spec.activeDeadlineSeconds",
        GONE,
        "it has no deadline",
        unknown="spec.jobTemplate.spec.activeDeadlineSeconds",
        passes=(JOB, DEPLOYMENT),
        fails=((JOB.put("spec.activeDeadlineSeconds", GONE), "has no deadline"),),
    ),
    "environments-hold-no-secrets": case(
        DEPLOYMENT,
        f"{CONTAINER}.env.0",
        {"name": "DB_PASSWORD", "value": "hunter2"},
        "the variable DB_PASSWORD is a secret",
        unknown=f"{CONTAINER}.env.0.value",
        passes=(
            DEPLOYMENT.put(f"{CONTAINER}.env.0", {"name": "DB_PASSWORD", "value": "$(OTHER)"}),
            DEPLOYMENT.put(f"{CONTAINER}.env.0", {"name": "TOKEN_LIFETIME", "value": "1h"}),
        ),
        fails=(
            (
                PATCH.put(f"{CONTAINER}.env.0", {"name": "ID", "value": "AKIAIOSFODNN7EXAMPLE"}),
                "the variable ID",
            ),
        ),
    ),
    "command-lines-hold-no-secrets": case(
        DEPLOYMENT,
        f"{CONTAINER}.args",
        ["--admin-password=hunter2"],
        "--admin-password on its command line",
        passes=(DEPLOYMENT.put(f"{CONTAINER}.args", ["--password-file=/p", "--token=$(T)"]),),
        fails=((DEPLOYMENT.put(f"{CONTAINER}.args", ["AKIAIOSFODNN7EXAMPLE"]), "of its `args`"),),
    ),
    "secrets-are-mounted-as-files": case(
        DEPLOYMENT,
        f"{CONTAINER}.env.0",
        {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}},
        "shows a Secret to every program",
        unknown=f"{CONTAINER}.env",
    ),
}
