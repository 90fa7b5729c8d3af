"""What a stack file says about a control plane beside its machines; everything has a safe value."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from components.cluster.machine import Disk, DiskSize
from components.fields import Count, Domain, Duration, Flag, Namespace, Settings

SecretName = Domain
"""The name of a Secret in the namespace of the clusters, on the management cluster."""
Text = Annotated[str, Field(min_length=1, max_length=253)]
Url = Annotated[str, Field(min_length=1, max_length=512)]
UrlPath = Annotated[str, Field(pattern=r"^/[^\s*]*$", max_length=253)]
PluginName = Annotated[str, Field(pattern=r"^[A-Z][A-Za-z0-9]*$", max_length=63)]


class Rollout(Settings):
    """How and when the machines of a control plane are replaced."""

    certificates_expiry_days: Annotated[Count, Field(ge=7, le=300)] = 30
    """Machines whose certificates expire within so many days are replaced, one at a time; the
    certificates of kubeadm last 365 days."""
    max_surge: Annotated[Count, Field(ge=0, le=1)] = 1
    """`1`: a new machine comes before an old one goes; `0`: after, with three machines or more."""


class Remediation(Settings):
    """Limits of replacing unhealthy control-plane machines."""

    max_retry: Annotated[Count, Field(ge=0, le=1000)] | None = 5
    """How often a machine's replacement is replaced again; null for no limit."""
    retry_period: Duration = Duration(300)
    """How long to wait before a replacement is replaced."""
    min_healthy_period: Duration = Duration(3600)
    """After how long a failure counts as a new one, not as a retry."""


class EtcdDisk(Disk):
    """The disk of etcd on each control-plane machine."""

    size_gib: DiskSize = 10
    """Its size in GiB; at least twice `quotaGiB`."""


class ExternalEtcd(Settings):
    """An etcd that runs elsewhere.

    Cluster API takes its certificates from two Secrets beside the Cluster: `<cluster>-etcd` with
    `tls.crt`, the authority, and `<cluster>-apiserver-etcd-client` with `tls.crt` and `tls.key`.
    """

    endpoints: Annotated[tuple[Url, ...], Field(min_length=1, max_length=15)]
    """`https://` and the client port of every member."""


class EtcdSnapshots(Settings):
    """Snapshots of etcd in object storage; none without a bucket."""

    bucket: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")] | None = None
    """The bucket; snapshots go to `<prefix>/<cluster>/`."""
    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$")] = "etcd"
    """The folder in the bucket."""
    schedule: Annotated[str, Field(min_length=1, max_length=100)] = "0 */6 * * *"
    """When, as cron writes it, in UTC."""
    retention_days: Annotated[Count, Field(ge=1, le=3650)] = 30
    """How long a snapshot is kept."""
    endpoint: Url | None = None
    """The address of an S3 service; without it AWS."""
    region: Text | None = None
    """The region of the bucket."""
    credentials: SecretName | None = None
    """A Secret with the access keys, see docs/control-plane.md; without it the machines' role."""


class Etcd(Settings):
    """The database of the Kubernetes API: on the control-plane machines, or elsewhere."""

    disk: EtcdDisk | None = EtcdDisk()
    """A disk of its own, where the infrastructure has one; null for the root disk."""
    quota_gib: Annotated[Count, Field(ge=1, le=16, alias="quotaGiB")] = 4
    """How large the database may grow."""
    snapshots: EtcdSnapshots = EtcdSnapshots()
    external: ExternalEtcd | None = None
    """An etcd elsewhere, in place of one on the machines; cannot be changed later."""


class Encryption(Settings):
    """Encryption of Secrets in etcd."""

    enabled: Flag = True
    """Cannot be switched off later."""
    secret: SecretName | None = None
    """A Secret whose `encryption.yaml` is an EncryptionConfiguration, to rotate keys or to use a
    KMS; without it `<cluster>-encryption`, which is made once with a random key."""


class AuditLevel(StrEnum):
    """How much of a request is logged."""

    NONE = "None"
    METADATA = "Metadata"
    REQUEST = "Request"
    REQUEST_RESPONSE = "RequestResponse"


class AuditResources(Settings):
    """Kinds of objects that an audit rule is about."""

    group: Annotated[str, Field(max_length=253)] = ""
    """The API group; empty for the core."""
    resources: tuple[Text, ...] = ()
    """Plural names, `secrets`, `pods/log`; all when empty."""
    resource_names: tuple[Text, ...] = ()
    """Names of objects; all when empty."""


class AuditRule(Settings):
    """What is logged of requests; a rule matches when every field that is given does."""

    level: AuditLevel
    users: tuple[Text, ...] = ()
    user_groups: tuple[Text, ...] = ()
    verbs: tuple[Text, ...] = ()
    resources: tuple[AuditResources, ...] = ()
    namespaces: tuple[str, ...] = ()
    non_resource_urls: Annotated[tuple[str, ...], Field(alias="nonResourceURLs")] = ()


class Audit(Settings):
    """The audit log of the Kubernetes API: `/var/log/kubernetes/audit/audit.log` of each machine.

    Secrets and tokens are logged without their content, reads that say nothing not at all.
    """

    enabled: Flag = True
    rules: Annotated[tuple[AuditRule, ...], Field(max_length=50)] = ()
    """Rules before the built-in ones; the first that matches a request decides. What is secret is
    decided before them."""
    max_age_days: Annotated[Count, Field(ge=1, le=3650)] = 30
    """How long a rotated file is kept."""
    max_backups: Annotated[Count, Field(ge=1, le=1000)] = 10
    """How many rotated files are kept."""
    max_size_mib: Annotated[Count, Field(ge=1, le=10000, alias="maxSizeMiB")] = 100
    """At what size a file is rotated."""


class PodSecurityLevel(StrEnum):
    """The Pod Security Standards."""

    PRIVILEGED = "privileged"
    BASELINE = "baseline"
    RESTRICTED = "restricted"


class PodSecurity(Settings):
    """What holds in namespaces without `pod-security.kubernetes.io` labels of their own."""

    enforce: PodSecurityLevel = PodSecurityLevel.BASELINE
    """Pods that break it are refused."""
    audit: PodSecurityLevel = PodSecurityLevel.RESTRICTED
    """Pods that break it are marked in the audit log."""
    warn: PodSecurityLevel = PodSecurityLevel.RESTRICTED
    """Who makes pods that break it is warned."""
    exempt_namespaces: Annotated[tuple[Namespace, ...], Field(max_length=100)] = ("kube-system",)
    """Namespaces where nothing is checked."""


class Admission(Settings):
    """What the API server checks before it stores an object."""

    pod_security: PodSecurity = PodSecurity()
    plugins: Annotated[tuple[PluginName, ...], Field(max_length=40)] = ("DenyServiceExternalIPs",)
    """Plugins beside NodeRestriction and those that Kubernetes switches on."""
    configurations: Annotated[dict[PluginName, dict[str, Any]], Field(max_length=40)] = Field(
        default_factory=dict
    )
    """The configuration object of a plugin, `{EventRateLimit: {apiVersion: ...}}`."""


class OidcIssuer(Settings):
    """An OpenID Connect provider whose tokens are accepted."""

    url: Url
    """Its `iss`, an https URL."""
    audiences: Annotated[tuple[Text, ...], Field(min_length=1, max_length=20)]
    """One of them must be in the token's `aud`."""
    username_claim: Text = "sub"
    username_prefix: Annotated[str, Field(max_length=253)] = "oidc:"
    """Before every user's name, so that it is nobody else's."""
    groups_claim: Text | None = "groups"
    groups_prefix: Annotated[str, Field(max_length=253)] = "oidc:"
    """Before every group's name."""
    required_claims: dict[Text, str] = Field(default_factory=dict)
    """Claims that a token must have, with their values."""
    discovery_url: Url | None = Field(default=None, alias="discoveryURL")
    """Where its configuration is, when not below `url`."""
    certificate_authority: Annotated[str, Field(max_length=6000)] | None = None
    """The PEM certificates of its authority; without them those of the machine."""


class Authentication(Settings):
    """Who may talk to the API server, beside holders of certificates and service accounts."""

    issuers: Annotated[tuple[OidcIssuer, ...], Field(max_length=10)] = ()
    anonymous_paths: Annotated[tuple[UrlPath, ...], Field(max_length=20)] = ()
    """Paths that need no login, beside the health checks and what a joining machine reads."""
    secret: SecretName | None = None
    """A Secret whose `authentication.yaml` is the whole AuthenticationConfiguration."""
