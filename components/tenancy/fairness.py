"""Shares of the API server: requests of tenants wait in separate queues.

All tenants of a cluster have one priority level, whose queues serve namespaces in turn, and each
has a FlowSchema. So the requests of one delay neither those of the platform nor of other tenants.

Source: https://kubernetes.io/docs/concepts/cluster-administration/flow-control/
"""

from __future__ import annotations

from collections.abc import Iterable

from components.mappings import Manifest
from components.tenancy.access import subject
from components.tenancy.names import PREFIX, tenant_key
from components.tenancy.settings import People

FLOW_CONTROL = "flowcontrol.apiserver.k8s.io/v1"
LEVEL = f"{PREFIX}tenants"
SHARES = 40
"""The share of the API server's requests at a time; those of controllers of the cluster have 40,
service accounts elsewhere 100, and all other clients 20."""
PRECEDENCE = 8000
"""Before the schemas of Kubernetes for service accounts and for all others, 9000 and more."""


def level() -> Manifest:
    """The priority level of all tenants."""
    queuing = {"queues": 64, "handSize": 6, "queueLengthLimit": 50}
    limited = {
        "nominalConcurrencyShares": SHARES,
        "lendablePercent": 50,
        "limitResponse": {"type": "Queue", "queuing": queuing},
    }
    return {
        "apiVersion": FLOW_CONTROL,
        "kind": "PriorityLevelConfiguration",
        "metadata": {"name": LEVEL},
        "spec": {"type": "Limited", "limited": limited},
    }


def flow(tenant: str, namespaces: Iterable[str], people: People) -> Manifest:
    """The FlowSchema of a tenant: its people, and the service accounts of its namespaces."""
    accounts = [
        {"kind": "ServiceAccount", "serviceAccount": {"namespace": each, "name": "*"}}
        for each in namespaces
    ]
    persons = map(subject, dict.fromkeys([*people.owners, *people.members, *people.viewers]))
    every = ["*"]
    resources = {
        "verbs": every,
        "apiGroups": every,
        "resources": every,
        "clusterScope": True,
        "namespaces": every,
    }
    named = [
        {"kind": each["kind"], each["kind"].lower(): {"name": each["name"]}} for each in persons
    ]
    rule = {
        "subjects": [*accounts, *named],
        "resourceRules": [resources],
        "nonResourceRules": [{"verbs": every, "nonResourceURLs": every}],
    }
    return {
        "apiVersion": FLOW_CONTROL,
        "kind": "FlowSchema",
        # Without the label of the tenant, by which objects outlive the namespaces that they close.
        "metadata": {"name": f"{PREFIX}{tenant_key(tenant)}"},
        "spec": {
            "priorityLevelConfiguration": {"name": LEVEL},
            "matchingPrecedence": PRECEDENCE,
            "distinguisherMethod": {"type": "ByNamespace"},
            "rules": [rule],
        },
    }
