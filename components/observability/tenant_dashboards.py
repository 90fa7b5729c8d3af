"""A folder in Grafana for each tenant of a cluster, with the dashboard of tenants set to it."""

from __future__ import annotations

import json
from functools import lru_cache

from components.digests import content_name
from components.mappings import Manifest
from components.observability import files
from components.observability.files import Dashboard
from components.observability.objects import dashboard

_OF_ALL = "tenant"
"""The file of the dashboard, and its variable."""


@lru_cache(maxsize=1024)
def tenant_dashboard(tenant: str) -> Manifest:
    """The dashboard of one tenant, in the folder with its name."""
    content = json.loads(files.own_dashboards()[_OF_ALL].text)
    uid = content_name("tenant", {"name": tenant})
    chosen = {"text": tenant, "value": tenant, "selected": True}
    (variable,) = (each for each in content["templating"]["list"] if each["name"] == _OF_ALL)
    variable |= {"type": "custom", "query": tenant, "current": chosen, "options": [chosen]}
    for key in ("datasource", "refresh", "sort", "allValue"):
        variable.pop(key, None)
    variable |= {"includeAll": False, "multi": False}
    content |= {"uid": uid, "title": f"Tenant {tenant}"}
    file = f"tenant-{tenant}.json"
    return dashboard(
        Dashboard(file, f"tenant-{tenant}", uid, json.dumps(content)), f"dashboard-tenant-{tenant}"
    )
