"""Signs of the owners of machines and of health checks."""

from __future__ import annotations

from errors import cluster_failures, runtime
from operations.diagnosis.row import ANYTHING, CONTROL_PLANE, Row, staying
from operations.diagnosis.signs import condition

ROWS = (
    *(
        Row(
            kind,
            condition("ScalingUp", "True|False", message="Template (does|and .* do) not exist"),
            cluster_failures.TEMPLATE_DELETED,
            "A template of {object} was deleted",
            only=staying,
        )
        for kind in ("MachineDeployment", "MachineSet")
    ),
    *(
        Row(
            kind,
            condition(scaling, "True", message="is blocked because"),
            runtime.SCALING_BLOCKED,
            "{object} can't change its number of machines",
            only=staying,
            grace=True,
            symptom=symptom,
        )
        for kind, symptom in ((CONTROL_PLANE, ANYTHING), ("MachineSet", None))
        for scaling in ("ScalingUp", "ScalingDown")
    ),
    Row(
        "MachineHealthCheck",
        condition("RemediationAllowed", "False", "TooManyUnhealthy"),
        runtime.REMEDIATION_BLOCKED,
        "{object} replaces nothing: too many machines are unhealthy",
        grace=True,
        aside=True,
    ),
)
