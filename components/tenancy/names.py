"""Labels, annotations and names of the objects of tenants."""

from __future__ import annotations

from catalog.namespaces import privileged_namespaces
from components.network.policies import PROTECTED

TENANT_LABEL = "caas.dev/tenant"
"""The label of a namespace, and of every object in it that this project makes, with the name of
the tenant. Tenants cannot write namespaces, so the label decides about access to the network."""
DOMAINS_ANNOTATION = "caas.dev/domains"
"""The annotation of a namespace with the domains of its tenant, with commas between."""
POOLS_ANNOTATION = "caas.dev/address-pools"
"""The annotation of a namespace with the address pools that its Services may name."""
CLASSES_ANNOTATION = "caas.dev/storage-classes"
"""The annotation of a namespace with the StorageClasses of its volumes; without it all."""
POOL_LABEL = "caas.dev/pool"
"""The label of a worker pool for some namespaces, of these namespaces, and the key of its taint."""
LEAVING_ANNOTATION = "caas.dev/leaving"
"""The annotation of a namespace that the stack file says is leaving."""
CONNECTIONS_ANNOTATION = "caas.dev/connections"
"""The annotation of a NetworkPolicy with its connections in words."""
TERMS_ANNOTATION = "caas.dev/tenant-terms"
"""The annotation of a tenant's ClusterResourceSets with what holds for the tenant as a whole, as
JSON: a later plan compares it. On the management cluster, as no cluster needs it."""
PREFIX = "caas-"
"""Begins the names of the platform's objects in the namespaces of tenants."""


def tenant_key(tenant: str) -> str:
    """The name of a tenant's add-on in a cluster, `tenant-shop`."""
    return f"tenant-{tenant}"


def deployer(tenant: str) -> str:
    """The account that installs the applications of a tenant: `shop-deployer`.

    It is a name alone: in a cluster Flux impersonates it, and no such ServiceAccount is there whose
    token someone could take.
    """
    return f"{tenant}-deployer"


def protected_patterns() -> frozenset[str]:
    """Regular expressions of the namespaces of Kubernetes and the platform."""
    return frozenset(("default", "kube-.*", f"{PREFIX}.*", *PROTECTED, *privileged_namespaces()))


def is_protected(namespace: str) -> bool:
    """True for a namespace that belongs to Kubernetes or to the platform."""
    return (
        namespace == "default"
        or namespace.startswith(("kube-", PREFIX))
        or namespace in PROTECTED
        or namespace in privileged_namespaces()
    )
