"""The part of tenancy that all tenants of a cluster share: roles and admission policies."""

from __future__ import annotations

from typing import ClassVar

from components.addon import Addon
from components.addon_settings import AddonSettings
from components.facts import ClusterFacts
from components.tenancy.access import roles
from components.tenancy.admission import policies_of_tenants
from components.tenancy.fairness import level
from components.tenancy.resource_limits import policies_of_resources
from components.tenancy.scheduling import placement, priorities, to_own_pool

TENANCY = "tenancy"
"""The key of the add-on, and the role that tenants need."""


class SharedTenancySettings(AddonSettings):
    """The ClusterRoles of the people of tenants, and the admission policies of their namespaces."""

    TITLE: ClassVar = "Tenancy"
    SUMMARY: ClassVar = "Roles and admission policies that all tenants of a cluster share."

    def addon(self, target: ClusterFacts) -> Addon:
        """The same objects in every cluster of a Kubernetes release."""
        objects = (
            *roles(),
            level(),
            *policies_of_tenants(),
            *policies_of_resources(),
            *priorities(),
            *placement(),
            *to_own_pool(target.version),
        )
        return Addon(TENANCY, objects=objects, provides=(TENANCY,), ready=("the API server",))
