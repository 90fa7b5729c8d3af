"""What a stack file says about metrics: where they are kept, seen and sent."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from components.cluster.control_plane_settings import SecretName, Text
from components.fields import Count, Domain, Flag, Namespace, Settings, WebAddress
from components.ingress.classes import NAMESPACE, SHARED
from components.ingress.names import Hostname

StorageClass = Domain
"""The name of a StorageClass of the cluster."""


class Storage(Settings):
    """A volume of each replica."""

    size: Annotated[Count, Field(ge=1, le=65536)]
    """Its size in GiB."""
    class_: Annotated[StorageClass | None, Field(alias="class")] = None
    """Its StorageClass; the cluster's default where none is named."""


class Gateway(Settings):
    """The Gateway that routes go through."""

    name: Domain = SHARED
    namespace: Namespace = NAMESPACE
    section: Annotated[Domain | None, Field(max_length=253)] = None
    """One of its listeners; all of them without it."""


class Oidc(Settings):
    """Log-in to Grafana through an OpenID Connect provider."""

    name: Text = "SSO"
    """What stands on the button."""
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
    """Groups whose members may edit dashboards; everybody else looks."""


class Grafana(Settings):
    """Grafana: dashboards of metrics, and the search in logs."""

    hostname: Hostname | None = None
    """Where it is reached through the Gateway, `grafana.{cluster}.example.com`; `{cluster}` is the
    cluster's name. Without it only inside the cluster."""
    admin_secret: SecretName | None = None
    """A Secret with `admin-user` and `admin-password`; without it the chart makes a password once,
    in the Secret `grafana`."""
    storage: Storage | None = None
    """A volume for what is made by hand; without one it forgets that, and dashboards are files."""
    oidc: Oidc | None = None
    """Log-in of people."""


class Series(StrEnum):
    """Which series are sent elsewhere."""

    FLEET = "fleet"
    ALL = "all"


class RemoteWrite(Settings):
    """A store elsewhere that gets this cluster's metrics: the management cluster's, or your own."""

    url: WebAddress
    """Where it takes Prometheus' remote write, `https://metrics.example.com/api/v1/write`."""
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
    """Where it is reached through the Gateway; without it only inside the cluster."""
    secret: SecretName | None = None
    """A Secret whose `.htpasswd` (SHA, as `htpasswd -s` writes it) has the users that may write."""
    expected: Flag = True
    """An alert tells of a cluster that sends nothing."""
