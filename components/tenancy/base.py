"""The part of tenancy that all tenants of a cluster share: roles and admission policies."""

from __future__ import annotations

from typing import ClassVar

from components.addon import Addon
from components.addon_settings import AddonSettings
from components.facts import ClusterFacts
from components.tenancy.access import roles
from components.tenancy.admission import policies_of_tenants

TENANCY = "tenancy"
"""The key of the add-on, and the role that tenants need."""


class SharedTenancySettings(AddonSettings):
    """The ClusterRoles of the people of tenants, and the admission policies of their namespaces."""

    TITLE: ClassVar = "Tenancy"
    SUMMARY: ClassVar = "Roles and admission policies that all tenants of a cluster share."

    def addon(self, target: ClusterFacts) -> Addon:
        """The same objects in every cluster."""
        objects = (*roles(), *policies_of_tenants())
        return Addon(TENANCY, objects=objects, provides=(TENANCY,), ready=("the API server",))
