"""Settings of Google Cloud, without the infrastructure itself."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from components.fields import Settings

Project = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$")]
Region = Annotated[str, Field(pattern=r"^[a-z]+-[a-z]+[0-9]+$")]
GcpZone = Annotated[str, Field(pattern=r"^[a-z]$")]
GcpName = Annotated[str, Field(pattern=r"^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$")]
GcpImage = Annotated[str, Field(pattern=r"^projects/[^/]+/global/images/[^/]+(/[^/]+)?$")]
ServiceAccount = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.gserviceaccount\.com$")]
KmsKey = Annotated[
    str,
    Field(
        pattern=r"^projects/[\w-]+/locations/[\w-]+/keyRings/[\w-]+/cryptoKeys/[\w-]+$",
        max_length=160,
    ),
]


class GcpNetwork(Settings):
    """A network that is there already."""

    name: GcpName
    """The VPC network."""
    subnet: GcpName
    """The subnet of machines, in the region; it needs Cloud NAT of yours."""
    host_project: Project | None = None
    """The project of a shared VPC."""
