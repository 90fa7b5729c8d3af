"""Tenants: namespaces of development teams in shared clusters, isolated and with quotas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.lazy import lazily

if TYPE_CHECKING:
    from components.tenancy.base import SharedTenancySettings
    from components.tenancy.resources import SharedTenancy, Tenant
    from components.tenancy.tenant import TenantSettings

__all__ = [
    "SharedTenancy",
    "SharedTenancySettings",
    "Tenant",
    "TenantSettings",
]

__getattr__ = lazily(
    __name__,
    {
        "SharedTenancy": "resources",
        "SharedTenancySettings": "base",
        "Tenant": "resources",
        "TenantSettings": "tenant",
    },
)
