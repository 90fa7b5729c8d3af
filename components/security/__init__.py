"""Protection of clusters from the workloads that run in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.lazy import lazily

if TYPE_CHECKING:
    from components.security.admission_addon import AdmissionPoliciesSettings
    from components.security.resources import AdmissionPolicies

__all__ = [
    "AdmissionPolicies",
    "AdmissionPoliciesSettings",
]

__getattr__ = lazily(
    __name__,
    {
        "AdmissionPolicies": "resources",
        "AdmissionPoliciesSettings": "admission_addon",
    },
)
