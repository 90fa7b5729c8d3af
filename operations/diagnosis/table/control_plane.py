"""Signs of a control plane: its certificates, etcd and components."""

from __future__ import annotations

from errors import cluster_failures, runtime
from operations.diagnosis.row import ANYTHING, CONTROL_PLANE, Row, staying
from operations.diagnosis.signs import condition

PODS = ("APIServer", "ControllerManager", "Scheduler", "Etcd")
STRANGER = "does not have a corresponding Machine"

ROWS = (
    Row(
        CONTROL_PLANE,
        condition("CertificatesAvailable", "False", "NotAvailable"),
        cluster_failures.CLUSTER_CERTIFICATES_MISSING,
        "Certificate authorities of {cluster} are missing",
        only=staying,
    ),
    Row(
        CONTROL_PLANE,
        condition("Initialized", "False"),
        runtime.CONTROL_PLANE_NOT_INITIALIZED,
        "The API server of {cluster} has not answered yet",
        only=staying,
        grace=True,
        symptom=ANYTHING,
    ),
    Row(
        CONTROL_PLANE,
        condition("EtcdClusterHealthy", "False|Unknown", message=f"Etcd member .* {STRANGER}"),
        cluster_failures.ETCD_MEMBER_WITHOUT_MACHINE,
        "The etcd of {cluster} has a member that belongs to no machine",
        only=staying,
    ),
    Row(
        CONTROL_PLANE,
        condition("EtcdClusterHealthy", "False"),
        cluster_failures.ETCD_UNHEALTHY,
        "The etcd of {cluster} is not healthy",
        only=staying,
        grace=True,
        symptom=ANYTHING,
    ),
    Row(
        CONTROL_PLANE,
        condition("ControlPlaneComponentsHealthy", "False"),
        cluster_failures.COMPONENTS_UNHEALTHY,
        "The control plane of {cluster} is not healthy",
        only=staying,
        grace=True,
        symptom=ANYTHING,
    ),
)

MACHINE = (
    Row(
        "Machine",
        condition("EtcdMemberHealthy", "False", message="Etcd reports alarms"),
        cluster_failures.ETCD_ALARM,
        "The etcd of {object} raises an alarm",
        only=staying,
    ),
    Row(
        "Machine",
        condition("EtcdMemberHealthy", "False", "NotHealthy"),
        cluster_failures.ETCD_MEMBER_UNHEALTHY,
        "The etcd of {object} is not a member as it should be",
        only=staying,
        grace=True,
    ),
    *(
        Row(
            "Machine",
            condition(f"{pod}PodHealthy", "False", reason),
            code,
            f"{pod} of {{object}} {does}",
            only=staying,
            grace=True,
        )
        for reason, code, does in (
            ("Failed", cluster_failures.CONTROL_PLANE_POD_FAILED, "does not run"),
            ("DoesNotExist", cluster_failures.CONTROL_PLANE_POD_MISSING, "is missing"),
        )
        for pod in PODS
    ),
)
