"""Settings of a control plane other than its machines; every default is safe."""

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
    """The replacement of control-plane machines."""

    certificates_expiry_days: Annotated[Count, Field(ge=7, le=300)] = 30
    """Machines whose certificates expire within so many days are replaced, one at a time; the
    certificates of kubeadm last 365 days."""
    max_surge: Annotated[Count, Field(ge=0, le=1)] = 1
    """`1`: a new machine comes before an old one goes; `0`: after, with three machines or more."""


class Remediation(Settings):
    """Limits of replacing unhealthy control-plane machines."""

    max_retry: Annotated[Count, Field(ge=0, le=1000)] | None = 5
    """The limit of retries for the replacement of a machine; null for no limit."""
    retry_period: Duration = Duration(300)
    """The wait before a retry of a replacement."""
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
    """The schedule in cron syntax, in UTC."""
    retention_days: Annotated[Count, Field(ge=1, le=3650)] = 30
    """The retention of a snapshot."""
    endpoint: Url | None = None
    """The address of an S3 service; without it AWS."""
    region: Text | None = None
    """The region of the bucket."""
    credentials: SecretName | None = None
    """A Secret with the access keys, see docs/control-plane.md; on AWS the machines' role does."""


class Etcd(Settings):
    """The database of the Kubernetes API: on the control-plane machines, or elsewhere."""

    disk: EtcdDisk | None = EtcdDisk()
    """A separate disk, if the infrastructure supports it; null for the root disk."""
    quota_gib: Annotated[Count, Field(ge=1, le=16, alias="quotaGiB")] = 4
    """The size limit of the database."""
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
    """The level of detail of a logged request."""

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
    """An audit rule; it matches if every given field matches."""

    level: AuditLevel
    users: tuple[Text, ...] = ()
    user_groups: tuple[Text, ...] = ()
    verbs: tuple[Text, ...] = ()
    resources: tuple[AuditResources, ...] = ()
    namespaces: tuple[str, ...] = ()
    non_resource_urls: Annotated[tuple[str, ...], Field(alias="nonResourceURLs")] = ()


class Audit(Settings):
    """The audit log of the Kubernetes API: `/var/log/kubernetes/audit/audit.log` of each machine.

    Secrets and tokens are logged without their content, routine reads not at all.
    """

    enabled: Flag = True
    rules: Annotated[tuple[AuditRule, ...], Field(max_length=50)] = ()
    """Rules before the built-in ones; the first that matches a request decides. What is secret is
    decided before them."""
    max_age_days: Annotated[Count, Field(ge=1, le=3650)] = 30
    """The retention of a rotated file."""
    max_backups: Annotated[Count, Field(ge=1, le=1000)] = 10
    """The number of rotated files."""
    max_size_mib: Annotated[Count, Field(ge=1, le=10000, alias="maxSizeMiB")] = 100
    """At what size a file is rotated."""


class PodSecurityLevel(StrEnum):
    """The Pod Security Standards."""

    PRIVILEGED = "privileged"
    BASELINE = "baseline"
    RESTRICTED = "restricted"


class PodSecurity(Settings):
    """The levels of namespaces without `pod-security.kubernetes.io` labels."""

    enforce: PodSecurityLevel = PodSecurityLevel.BASELINE
    """Pods that break it are refused."""
    audit: PodSecurityLevel = PodSecurityLevel.RESTRICTED
    """Pods that break it are marked in the audit log."""
    warn: PodSecurityLevel = PodSecurityLevel.RESTRICTED
    """The level whose violations cause warnings."""
    exempt_namespaces: Annotated[tuple[Namespace, ...], Field(max_length=100)] = ("kube-system",)
    """Namespaces where nothing is checked."""


class Admission(Settings):
    """Checks of the API server before it stores an object."""

    pod_security: PodSecurity = PodSecurity()
    plugins: Annotated[tuple[PluginName, ...], Field(max_length=40)] = ()
    """Plugins beside NodeRestriction, DenyServiceExternalIPs and those that Kubernetes switches
    on."""
    deny_external_ips: Annotated[Flag, Field(alias="denyExternalIPs")] = True
    """Services may not take addresses by `externalIPs`, which would let their owner take over
    traffic to any address (CVE-2020-8554): the plugin DenyServiceExternalIPs."""
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
    """The prefix of user names, which keeps them unique."""
    groups_claim: Text | None = "groups"
    groups_prefix: Annotated[str, Field(max_length=253)] = "oidc:"
    """Before every group's name."""
    required_claims: dict[Text, str] = Field(default_factory=dict)
    """Claims that a token must have, with their values."""
    discovery_url: Url | None = Field(default=None, alias="discoveryURL")
    """The address of the discovery document, if it is not below `url`."""
    certificate_authority: Annotated[str, Field(max_length=6000)] | None = None
    """The PEM certificates of its authority; without them those of the machine."""


class Authentication(Settings):
    """Authentication at the API server in addition to certificates and service accounts."""

    issuers: Annotated[tuple[OidcIssuer, ...], Field(max_length=10)] = ()
    anonymous_paths: Annotated[tuple[UrlPath, ...], Field(max_length=20)] = ()
    """Paths that need no login, beside the health checks and what a joining machine reads."""
    secret: SecretName | None = None
    """A Secret whose `authentication.yaml` is the whole AuthenticationConfiguration."""
