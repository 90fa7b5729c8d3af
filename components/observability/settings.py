"""Settings of metrics: storage, dashboards and remote write."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from components.addon_settings import AddonSettings
from components.cluster.control_plane_settings import SecretName, Text
from components.fields import Count, Domain, Flag, LabelKey, Namespace, Settings, WebAddress
from components.ingress.classes import NAMESPACE, SHARED
from components.ingress.names import Hostname
from components.observability.alert_settings import Alerts
from components.tenancy.names import TENANT_LABEL

StorageClass = Domain
"""The name of a StorageClass of the cluster."""


class Storage(Settings):
    """A volume of each replica."""

    size: Annotated[Count, Field(ge=1, le=65536)]
    """Its size in GiB."""
    class_: Annotated[StorageClass | None, Field(alias="class")] = None
    """Its StorageClass; the cluster's default where none is named."""


class DashboardGateway(Settings):
    """The Gateway that routes go through."""

    name: Domain = SHARED
    namespace: Namespace = NAMESPACE
    section: Annotated[Domain | None, Field(max_length=253)] = None
    """One of its listeners; all of them without it."""


class GrafanaOidc(Settings):
    """Log-in to Grafana through an OpenID Connect provider."""

    name: Text = "SSO"
    """The text of the button."""
    secret: SecretName
    """A Secret with `client-id` and `client-secret`."""
    auth_url: WebAddress
    """The provider's authorization endpoint."""
    token_url: WebAddress
    """Its token endpoint."""
    user_info_url: WebAddress
    """Its userinfo endpoint."""
    scopes: tuple[Text, ...] = ("openid", "profile", "email", "groups")
    groups_claim: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] = "groups"
    """The claim with a user's groups."""
    admins: Annotated[tuple[Text, ...], Field(max_length=20)] = ()
    """Groups whose members administer Grafana."""
    editors: Annotated[tuple[Text, ...], Field(max_length=20)] = ()
    """Groups whose members may edit dashboards; other users are viewers."""


class Grafana(Settings):
    """Grafana: dashboards of metrics, and the search in logs."""

    hostname: Hostname | None = None
    """The host name of the route through the Gateway, `grafana.{cluster}.example.com`; `{cluster}`
    is the cluster's name. Without it only inside the cluster."""
    admin_secret: SecretName | None = None
    """A Secret with `admin-user` and `admin-password`; without it the chart makes a password once,
    in the Secret `grafana`."""
    storage: Storage | None = None
    """A volume for what is made by hand; without one that is lost with the pod, and dashboards
    are files."""
    oidc: GrafanaOidc | None = None
    """Log-in of people."""


class Series(StrEnum):
    """The series that are sent to another store."""

    FLEET = "fleet"
    ALL = "all"


class RemoteWrite(Settings):
    """A store elsewhere that gets this cluster's metrics: the management cluster's, or your own."""

    url: WebAddress
    """The remote write endpoint, `https://metrics.example.com/api/v1/write`."""
    series: Series = Series.FLEET
    """`fleet`: a handful per cluster, what the fleet's dashboard and alerts need; `all`: all."""
    secret: SecretName | None = None
    """A Secret with `username` and `password`, for HTTP basic authentication."""
    token_secret: SecretName | None = None
    """A Secret whose `token` is sent as `Authorization: Bearer`."""
    ca_secret: SecretName | None = None
    """A Secret whose `ca.crt` has signed the store's certificate; without it a public authority."""


class Receive(Settings):
    """Takes the metrics of other clusters: the fleet view of a management cluster."""

    hostname: Hostname | None = None
    """The host name of the route through the Gateway; without it, the endpoint is internal."""
    secret: SecretName | None = None
    """A Secret whose `.htpasswd` (SHA, as `htpasswd -s` writes it) has the users that may write."""
    expected: Flag = True
    """An alert fires for a cluster that sends nothing."""


Folder = Annotated[str, Field(pattern=r"^[^\x00]+$", max_length=512)]


class MonitoringOptions(AddonSettings):
    """The settings of metrics, dashboards and alerts.

    The base of `MonitoringSettings`, which imports the rules and values that read these settings.
    """

    retention_days: Annotated[Count, Field(ge=1, le=3650)] = 15
    """The retention of metrics; less if the volume is full before."""
    storage: Storage | None = Storage(size=50)
    """The volume of each Prometheus; null keeps nothing over a restart."""
    replicas: Annotated[Count, Field(ge=1, le=5)] = 2
    """The number of Prometheus and of Alertmanager replicas; each Prometheus has all metrics."""
    alerts: Alerts = Alerts()
    """The receivers of alerts; none by default."""
    grafana: Grafana = Grafana()
    """Access to dashboards."""
    dashboards: Folder | None = None
    """A folder of the checkout with dashboards of yours, `*.json`; a folder in it is one in
    Grafana."""
    rules: Folder | None = None
    """A folder of the checkout with alert and recording rules of yours, `*.yaml` as Prometheus
    reads them."""
    runbooks: WebAddress | None = None
    """The address at which this project's `docs/` are published; without it, alerts name pages of
    the checkout."""
    tenant_label: LabelKey = TENANT_LABEL
    """The label of namespaces that names their tenant; of Capsule `capsule.clastix.io/tenant`."""
    gateway: DashboardGateway = DashboardGateway()
    """The Gateway that routes go through."""
    remote_write: RemoteWrite | None = None
    """A store elsewhere that gets metrics of this cluster."""
    receive: Receive | None = None
    """Takes the metrics of other clusters, on a management cluster."""
