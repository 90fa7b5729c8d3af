"""The components of this folder; arguments and outputs of all: `AddonComponent`."""

from __future__ import annotations

from typing import Any

import pulumi

from components.delivery.component import AddonComponent, Clusters
from components.delivery.component import Share as DeliveryShare
from components.tenancy.base import TENANCY, SharedTenancySettings
from components.tenancy.names import tenant_key
from components.tenancy.tenant import TenantSettings


class SharedTenancy(AddonComponent):
    """The roles and admission policies that the tenants of a cluster share; before the first.

    The arguments are the fields of `SharedTenancySettings`.

        SharedTenancy("tenancy", cluster=lab)
    """

    SETTINGS = SharedTenancySettings
    KEY = TENANCY


class Tenant(AddonComponent):
    """A tenant: its namespaces, with access, quotas, limits, Pod Security and a closed network.

    The arguments are the fields of `TenantSettings`; `tenant` is the name of the component where
    it is not given.

        Tenant("shop", cluster=lab, people={"members": ["shop-devs"]}, namespaces=[{"name": "web"}])
    """

    SETTINGS = TenantSettings

    def __init__(
        self,
        name: str,
        settings: TenantSettings | None = None,
        *,
        cluster: Clusters | DeliveryShare,
        opts: pulumi.ResourceOptions | None = None,
        **arguments: Any,
    ) -> None:
        if isinstance(cluster, DeliveryShare):
            self.KEY = name
        elif settings:
            self.KEY = tenant_key(settings.tenant)
        else:
            self.KEY = tenant_key(arguments.setdefault("tenant", name))
        super().__init__(name, settings, cluster=cluster, opts=opts, **arguments)
