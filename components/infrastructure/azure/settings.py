"""Settings of Azure, without the infrastructure itself."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from components.fields import Settings

Uuid = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]
ResourceId = Annotated[str, Field(pattern=r"^/subscriptions/[^/]+/resourceGroups/[^/]+/.+$")]
"""The id of something in Azure: `/subscriptions/…/resourceGroups/…/providers/…`."""
ResourceName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][\w.()-]{0,88}[A-Za-z0-9_)]$")]
Location = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{2,30}$")]
AzureZone = Annotated[str, Field(pattern=r"^[1-3]$")]
AzureImage = Annotated[str, Field(pattern=r"^(/subscriptions/.+|[^/:]+(:[^/:]+){3})$")]


class IdentityType(StrEnum):
    """The provider's identity."""

    WORKLOAD_IDENTITY = "workload-identity"
    SERVICE_PRINCIPAL = "service-principal"


class Identity(Settings):
    """The provider's identity in Azure."""

    type: IdentityType = IdentityType.WORKLOAD_IDENTITY
    """`workload-identity`: the management cluster's token is exchanged, no password anywhere.
    `service-principal`: a password, in a Secret."""
    client_id: Uuid
    """Of the managed identity or the application."""
    tenant_id: Uuid
    """Of the directory."""
    secret: Annotated[str, Field(min_length=1, max_length=253)] | None = None
    """Of a service principal: the Secret with the key `clientSecret`, where the clusters live."""


class AzureNetwork(Settings):
    """A virtual network that is there already."""

    resource_group: ResourceName
    """Of the virtual network."""
    name: ResourceName
    """Of the virtual network."""
    control_plane_subnet: ResourceName
    """The subnet of control-plane machines and of the API's load balancer."""
    worker_subnet: ResourceName
    """The subnet of workers; it needs a NAT gateway of yours."""


class Peering(Settings):
    """A virtual network that a cluster's own one is joined to."""

    resource_group: ResourceName
    """Of the other virtual network."""
    name: ResourceName
    """Of the other virtual network."""
