"""Access of a tenant's people to its whole clusters' objects on the management cluster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.base import Component
from components.manifest import of_stack
from components.tenancy.access import RBAC, READ, subject
from components.tenancy.names import PREFIX, TENANT_LABEL
from components.tenancy.settings import People


class ManagementAccess(Component):
    """Lets a tenant's people read the Cluster objects of its whole clusters, by name.

    RBAC allows `list` and `watch` of a name only where the request has the field selector
    `metadata.name`, as `kubectl get cluster NAME --watch` has. The kubeconfig Secrets, which make
    an administrator, stay with the platform.

    Args:
        name: the tenant.
        people: who read.
        clusters: the names of the clusters.
        namespace: the namespace of the Clusters.

    Outputs:
        role: the name of the Role.
    """

    def __init__(
        self,
        name: str,
        *,
        people: People,
        clusters: Sequence[str],
        namespace: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(f"{name}-access", opts)
        own = f"{PREFIX}tenant-{name}"
        # Any: mypy needs gigabytes to tell a literal from all the types that Pulumi takes.
        metadata: Any = of_stack(
            {"name": own, "namespace": namespace, "labels": {TENANT_LABEL: name}}
        )
        role_ref: Any = {"apiGroup": RBAC, "kind": "Role", "name": own}
        everyone = dict.fromkeys((*people.owners, *people.members, *people.viewers))
        subjects: Any = [subject(each) for each in everyone]
        rules: Any = [
            {
                "apiGroups": ["cluster.x-k8s.io"],
                "resources": ["clusters"],
                "resourceNames": sorted(clusters),
                "verbs": READ,
            }
        ]
        role = kubernetes.rbac.v1.Role(
            f"{name}-access-role", metadata=metadata, rules=rules, opts=self.child()
        )
        kubernetes.rbac.v1.RoleBinding(
            f"{name}-access-binding",
            metadata=metadata,
            role_ref=role_ref,
            subjects=subjects,
            opts=self.child(depends_on=[role]),
        )
        self.register_outputs({"role": own})
