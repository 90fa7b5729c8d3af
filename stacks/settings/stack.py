"""A whole stack file."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from components.cluster.settings import Cluster
from components.fields import KubernetesVersion, Namespace, Settings
from components.infrastructure.in_memory import InMemory


class ManagementMode(StrEnum):
    """Where Cluster API runs."""

    EMBEDDED = "embedded"


class Management(Settings):
    """The management cluster."""

    mode: ManagementMode = ManagementMode.EMBEDDED
    """`embedded`: on this computer, as plain processes."""
    namespace: Namespace = "clusters"
    """Where the Cluster objects of this stack live."""


class Stack(Settings):
    """Everything that one environment is made of.

    The keys of `config:` in `stacks/Pulumi.<stack>.yaml`, each with the project's prefix `caas:`.
    """

    management: Management = Management()
    """Where Cluster API runs."""
    infrastructure: InMemory = InMemory()
    """What the machines are."""
    kubernetes_versions: Annotated[tuple[KubernetesVersion, ...], Field(max_length=100)] = ()
    """Releases that upgrades may walk through; empty means every release of the catalog."""
    clusters: Annotated[tuple[Cluster, ...], Field(max_length=5000)] = ()
    """The workload clusters."""
