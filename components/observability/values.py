"""The values of kube-prometheus-stack."""

from __future__ import annotations

from typing import Any

from catalog import catalog
from components.chart import CLUSTER_NAME
from components.facts import ClusterFacts
from components.observability import fleet
from components.observability.alertmanager import (
    AWS_CREDENTIALS,
    SECRETS,
    configuration,
    secrets_of,
)
from components.observability.settings import (
    GrafanaOidc,
    MonitoringOptions,
    RemoteWrite,
    Series,
    Storage,
)
from components.placeholders import filled
from components.tenancy.platform import platform_patterns

Values = dict[str, Any]

CHART = "kube-prometheus-stack"
NAME = "monitoring"
"""The namespace, and the first part of the names in it."""
NAMESPACE = NAME
OIDC_MOUNT = "/etc/secrets/oidc"
SHARE_OF_VOLUME = 0.85
"""The share of its volume that Prometheus fills before it deletes the oldest data; the rest is for
its log."""
FLEET_SERIES = "caas:.+|ALERTS"
"""The series of the fleet view: the project's recording rules, and the alerts that fire."""
UNSCRAPED = {"enabled": False}


def chart_values(settings: MonitoringOptions, target: ClusterFacts) -> Values:
    """The values of the chart for a cluster."""
    return {
        "fullnameOverride": NAME,
        "cleanPrometheusOperatorObjectNames": True,
        "crds": {"upgradeJob": _definitions()},
        "prometheusOperator": _operator(),
        "prometheus": _prometheus(settings),
        "alertmanager": _alertmanager(settings, target),
        "grafana": _grafana(settings),
        "kube-state-metrics": _state_metrics(settings, target),
        "prometheus-node-exporter": {"fullnameOverride": "node-exporter"},
    } | _control_plane(target)


def _definitions() -> Values:
    """The job that upgrades definitions: Helm never touches again those that it installed once."""
    place = "crds.upgradeJob.image.busybox"
    tags = [image.tag for image in catalog().charts[CHART].images if image.at == place]
    return {"enabled": True, "forceConflicts": True, "image": {"busybox": {"tag": tags[0]}}}


def _control_plane(target: ClusterFacts) -> Values:
    """The parts of a control plane that are scraped: those that listen beyond the machine.

    kubeadm binds etcd's metrics, controller manager, scheduler and kube-proxy to the loopback
    address. The first two take another address, and still ask for a token there.
    """
    facts = target.control_plane
    return {
        "kubeControllerManager": {"enabled": _is_reachable(facts.controller_manager_address)},
        "kubeScheduler": {"enabled": _is_reachable(facts.scheduler_address)},
        "kubeEtcd": UNSCRAPED,
        "kubeProxy": UNSCRAPED,
    }


def _is_reachable(address: str) -> bool:
    return not address.startswith("127.") and address != "::1"


def _operator() -> Values:
    # Two jobs make the webhooks' certificate. cert-manager could, but wants to be watched itself,
    # and for that this chart's definitions come first.
    return {
        "resources": {"requests": {"cpu": "20m", "memory": "64Mi"}},
        # Endpoints are deprecated since Kubernetes 1.33, and hold at most 1,000 machines.
        "kubeletEndpointsEnabled": False,
        "kubeletEndpointSliceEnabled": True,
    }


def _prometheus(settings: MonitoringOptions) -> Values:
    all_of_them = ("rule", "serviceMonitor", "podMonitor", "probe", "scrapeConfig")
    spec: Values = {
        "replicas": settings.replicas,
        "retention": f"{settings.retention_days}d",
        # Charts and teams need no label of this release to be seen.
        **{f"{kind}SelectorNilUsesHelmValues": False for kind in all_of_them},
        "externalLabels": {"cluster": CLUSTER_NAME},
        "serviceDiscoveryRole": "EndpointSlice",
        "podAntiAffinityTopologyKey": "kubernetes.io/hostname",
        "resources": {"requests": {"cpu": "200m", "memory": "1Gi"}},
    }
    if settings.storage:
        filled = int(settings.storage.size * 1024 * SHARE_OF_VOLUME)
        spec["retentionSize"] = f"{filled}MiB"
        spec["storageSpec"] = _claim(settings.storage)
    if settings.remote_write:
        spec["remoteWrite"] = [_remote_write(settings.remote_write)]
    values: Values = {"prometheusSpec": spec, "podDisruptionBudget": _budget(settings.replicas)}
    if settings.receive:
        spec["enableRemoteWriteReceiver"] = True
        # What two replicas of a cluster send comes twice, and not always in order.
        spec["tsdb"] = {"outOfOrderTimeWindow": "10m"}
        values["servicePerReplica"] = {"enabled": True}
    return values


def _remote_write(settings: RemoteWrite) -> Values:
    found: Values = {"name": "fleet", "url": settings.url}
    if settings.secret:
        found["basicAuth"] = {
            key: {"name": settings.secret, "key": key} for key in ("username", "password")
        }
    if settings.token_secret:
        credentials = {"name": settings.token_secret, "key": "token"}
        found["authorization"] = {"type": "Bearer", "credentials": credentials}
    if settings.ca_secret:
        found["tlsConfig"] = {"ca": {"secret": {"name": settings.ca_secret, "key": "ca.crt"}}}
    if settings.series is Series.FLEET:
        kept = {"sourceLabels": ["__name__"], "regex": FLEET_SERIES, "action": "keep"}
        found["writeRelabelConfigs"] = [kept]
    return found


def _alertmanager(settings: MonitoringOptions, target: ClusterFacts) -> Values:
    tenants = [each for each in target.tenants if each.receivers]
    whole = any(each.whole_cluster for each in tenants)
    platform = platform_patterns(target, NAME, NAMESPACE) if whole else ()
    secrets = secrets_of(settings.alerts)
    spec: Values = {
        "replicas": settings.replicas,
        "secrets": secrets,
        "resources": {"requests": {"cpu": "20m", "memory": "64Mi"}},
    }
    if settings.storage:  # silences, and what was sent already
        spec["storage"] = _claim(Storage(size=2, class_=settings.storage.class_))
    sms = settings.alerts.sms
    if sms and sms.sns and sms.sns.secret:
        file = f"{SECRETS}/{sms.sns.secret}/{AWS_CREDENTIALS}"
        variable = {"name": "AWS_SHARED_CREDENTIALS_FILE", "value": file}
        spec["containers"] = [{"name": "alertmanager", "env": [variable]}]
    return {
        "config": configuration(settings.alerts, tenants=tenants, platform=platform),
        "alertmanagerSpec": spec,
        "podDisruptionBudget": _budget(settings.replicas),
    }


def _grafana(settings: MonitoringOptions) -> Values:
    grafana = settings.grafana
    values: Values = {
        "fullnameOverride": "grafana",
        "testFramework": {"enabled": False},
        "sidecar": {
            "dashboards": {
                "folderAnnotation": "grafana_folder",
                "provider": {"foldersFromFilesStructure": True},
            },
            # Other add-ons, such as `logs`, have theirs in other namespaces.
            "datasources": {"searchNamespace": "ALL"},
        },
        "resources": {"requests": {"cpu": "50m", "memory": "192Mi"}},
    }
    if grafana.admin_secret:
        values["admin"] = {"existingSecret": grafana.admin_secret}
    if grafana.storage:
        values["persistence"] = {"enabled": True, "size": f"{grafana.storage.size}Gi"}
        if grafana.storage.class_:
            values["persistence"]["storageClassName"] = grafana.storage.class_
        # Two at once would want the same volume.
        values["deploymentStrategy"] = {"type": "Recreate"}
    # Nothing is sent out of the cluster, and versions are those of the catalog.
    asked = dict.fromkeys(("reporting_enabled", "check_for_updates"), False)
    ini: Values = {"analytics": asked | {"check_for_plugin_updates": False}}
    if grafana.hostname:
        host = filled(grafana.hostname)
        ini["server"] = {"root_url": f"https://{host}"}
    if grafana.oidc:
        ini["auth.generic_oauth"] = _oidc(grafana.oidc)
        mount = {"name": "oidc", "secretName": grafana.oidc.secret, "mountPath": OIDC_MOUNT}
        values["extraSecretMounts"] = [mount | {"readOnly": True}]
    return values | {"grafana.ini": ini}


def _oidc(oidc: GrafanaOidc) -> Values:
    return {
        "enabled": True,
        "name": oidc.name,
        "client_id": f"$__file{{{OIDC_MOUNT}/client-id}}",
        "client_secret": f"$__file{{{OIDC_MOUNT}/client-secret}}",
        "auth_url": oidc.auth_url,
        "token_url": oidc.token_url,
        "api_url": oidc.user_info_url,
        "scopes": " ".join(oidc.scopes),
        "use_pkce": True,
        "use_refresh_token": True,
        "role_attribute_path": _role(oidc),
    }


def _role(oidc: GrafanaOidc) -> str:
    """A JMESPath that gives a user's role from the groups."""
    ranks = ((oidc.admins, "Admin"), (oidc.editors, "Editor"))
    tests = [
        f"contains({oidc.groups_claim}[*], '{quoted}') && '{role}'"
        for groups, role in ranks
        for quoted in (group.replace("'", r"\'") for group in groups)
    ]
    return " || ".join([*tests, "'Viewer'"])


def _state_metrics(settings: MonitoringOptions, target: ClusterFacts) -> Values:
    values: Values = {
        "fullnameOverride": "kube-state-metrics",
        "metricLabelsAllowlist": [f"namespaces=[{settings.tenant_label}]"],
    }
    if target.management:
        values["customResourceState"] = {"enabled": True, "config": fleet.custom_resource_state()}
        values["rbac"] = {"extraRules": fleet.rules_of_role()}
    return values


def _claim(storage: Storage) -> Values:
    spec: Values = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": f"{storage.size}Gi"}},
    }
    if storage.class_:
        spec["storageClassName"] = storage.class_
    return {"volumeClaimTemplate": {"spec": spec}}


def _budget(replicas: int) -> Values:
    return {"enabled": replicas > 1}
