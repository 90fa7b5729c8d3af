"""Rules about control planes: etcd and its snapshots, login, admission, how machines roll."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from cryptography import x509

from components.cluster.admission import NODE_RESTRICTION, switched_on
from components.cluster.control_plane_settings import (
    Admission,
    Authentication,
    Etcd,
    EtcdSnapshots,
    OidcIssuer,
)
from components.cluster.settings import Cluster, ControlPlane
from components.cron import is_schedule
from components.fields import shown
from components.finding import Finding
from components.infrastructure.interface import Infrastructure, Placed
from errors import control_plane as codes

FEWEST_TO_SCALE_IN = 3  # what Cluster API's webhook demands with maxSurge 0
ALWAYS_ON = ("PodSecurity",)  # configured by its own fields


def check(cluster: Cluster) -> Iterator[Finding]:
    """Codes 1170 to 1184 that need nothing but the cluster."""
    plane = cluster.control_plane
    for finding in (
        *_rollout(plane),
        *_below(_etcd(plane.etcd), "etcd"),
        *_below(_authentication(plane.authentication), "authentication"),
        *_admission(plane),
    ):
        yield finding.below("controlPlane")


def check_infrastructure(
    infrastructure: Infrastructure, clusters: Sequence[Placed]
) -> Iterator[Finding]:
    """NO_ETCD_DISK, ETCD_DISK_TOO_SMALL and SNAPSHOTS_WITHOUT_CREDENTIALS.

    The infrastructure knows whether there is a disk, and whose credentials machines have.
    """
    device = infrastructure.class_parts().etcd_device
    for place, cluster in clusters:
        etcd = cluster.control_plane.etcd
        yield from _below(
            _identity(infrastructure, etcd.snapshots), *place, "controlPlane", "etcd", "snapshots"
        )
        if etcd.disk is None or etcd.external:
            continue
        path = (*place, "controlPlane", "etcd", "disk")
        if not device and "disk" in etcd.model_fields_set:
            what = f"machines of `{infrastructure.name}` have no separate disk for etcd"
            yield Finding(codes.NO_ETCD_DISK, path, what)
        elif device and etcd.disk.size_gib < 2 * etcd.quota_gib:
            size, quota = etcd.disk.size_gib, etcd.quota_gib
            what = f"a disk of {size} GiB is too small for a database of up to {quota} GiB"
            fix = f"Use at least {2 * quota} GiB."
            yield Finding(codes.ETCD_DISK_TOO_SMALL, path, what, fix=fix)


def _identity(infrastructure: Infrastructure, snapshots: EtcdSnapshots) -> Iterator[Finding]:
    """The upload runs on control-plane machines, in their network, and asks them for AWS."""
    named = snapshots.credentials or snapshots.endpoint or not snapshots.bucket
    if named or infrastructure.is_simulated or infrastructure.IDENTITY_OF_MACHINES == "aws":
        return
    what = f"there are no credentials for the bucket `{snapshots.bucket}`"
    why = f"machines of `{infrastructure.name}` have no credentials of AWS"
    yield Finding(codes.SNAPSHOTS_WITHOUT_CREDENTIALS, ("bucket",), what, why=why)


def _below(findings: Iterator[Finding], *parents: str | int) -> Iterator[Finding]:
    return (finding.below(*parents) for finding in findings)


def _rollout(plane: ControlPlane) -> Iterator[Finding]:
    if plane.rollout.max_surge == 0 and plane.replicas < FEWEST_TO_SCALE_IN:
        what = f"{plane.replicas} control-plane machine would go before its successor comes"
        yield Finding(codes.NO_CONTROL_PLANE_ROOM, ("rollout", "maxSurge"), what)


def _etcd(etcd: Etcd) -> Iterator[Finding]:
    if etcd.external:
        for index, endpoint in enumerate(etcd.external.endpoints):
            if not _is_https(endpoint, port=True):
                what = f"{shown(endpoint)} is not the https URL of an etcd member"
                yield Finding(codes.BAD_ETCD_ENDPOINT, ("external", "endpoints", index), what)
        for name, field in Etcd.model_fields.items():
            given = name in etcd.model_fields_set and getattr(etcd, name) not in (
                None,
                field.default,
            )
            if given and name != "external":
                what = f"`{field.alias}` is set beside an external etcd"
                yield Finding(codes.EXTERNAL_ETCD_OPTIONS, (field.alias or name,), what, key=True)
        return
    yield from _below(_snapshots(etcd.snapshots), "snapshots")


def _snapshots(snapshots: EtcdSnapshots) -> Iterator[Finding]:
    if not is_schedule(snapshots.schedule):
        what = f"{shown(snapshots.schedule)} is not a schedule"
        yield Finding(codes.BAD_SCHEDULE, ("schedule",), what)
    if snapshots.endpoint and not _is_https(snapshots.endpoint):
        what = f"{shown(snapshots.endpoint)} is not an https URL"
        fix = "Write `https://` and the host: `https://s3.example.com`."
        yield Finding(codes.BAD_ETCD_ENDPOINT, ("endpoint",), what, fix=fix)
    if not snapshots.bucket:
        if snapshots != EtcdSnapshots():
            what = "snapshots of etcd are described, but there is no bucket for them"
            yield Finding(codes.SNAPSHOTS_WITHOUT_BUCKET, (), what)
    elif snapshots.endpoint and not snapshots.credentials:
        what = f"there are no credentials for {shown(snapshots.endpoint)}"
        yield Finding(codes.SNAPSHOTS_WITHOUT_CREDENTIALS, ("endpoint",), what)


def _authentication(authentication: Authentication) -> Iterator[Finding]:
    if authentication.secret and (authentication.issuers or authentication.anonymous_paths):
        what = "`secret` holds the whole configuration, and some of it stands here too"
        yield Finding(codes.AUTHENTICATION_CONFLICT, ("secret",), what)
    seen = set()
    for index, issuer in enumerate(authentication.issuers):
        yield from _below(_issuer(issuer), "issuers", index)
        if issuer.url in seen:
            what = f"the issuer {shown(issuer.url)} is written twice"
            yield Finding(codes.DUPLICATE_ISSUER, ("issuers", index, "url"), what)
        seen.add(issuer.url)


def _issuer(issuer: OidcIssuer) -> Iterator[Finding]:
    for key, url in (("url", issuer.url), ("discoveryURL", issuer.discovery_url)):
        if url and not _is_https(url):
            what = f"{shown(url)} is not the https URL of a login provider"
            yield Finding(codes.ISSUER_NOT_HTTPS, (key,), what)
    authority = issuer.certificate_authority
    if authority and not _is_authority(authority):
        what = "the authority of a login provider is not a PEM certificate"
        yield Finding(codes.BAD_AUTHORITY, ("certificateAuthority",), what)


def _is_https(text: str, *, port: bool = False) -> bool:
    """An https URL without user, query and fragment; `port`: with a port and nothing after it."""
    try:
        url = urlsplit(text)
        plain = not (url.username or url.query or url.fragment)
        addressed = url.port is not None and url.path in ("", "/") if port else True
    except ValueError:  # a port that is no number
        return False
    return url.scheme == "https" and bool(url.hostname) and plain and addressed


def _is_authority(text: str) -> bool:
    try:
        return bool(x509.load_pem_x509_certificates(text.encode()))
    except ValueError:
        return False


def _admission(plane: ControlPlane) -> Iterator[Finding]:
    admission: Admission = plane.admission
    # That NodeRestriction stays is a rule of the arguments.
    chosen = set(switched_on(admission)) - {NODE_RESTRICTION}
    for name in ALWAYS_ON:
        if name in admission.configurations:
            what = f"`{name}` is configured twice"
            path = ("admission", "configurations", name)
            fix = "Use `admission.podSecurity`."
            yield Finding(codes.ADMISSION_CONFLICT, path, what, fix=fix, key=True)
    for index, name in enumerate(admission.plugins):
        if name in ("AlwaysAdmit", "AlwaysDeny"):
            what = f"the plugin `{name}` has the same decision for every request"
            yield Finding(codes.ADMISSION_CONFLICT, ("admission", "plugins", index), what)
    for index, argument in enumerate(plane.kubeadm.api_server.extra_args):
        place = ("kubeadm", "apiServer", "extraArgs", index, "value")
        named = {word.strip() for word in argument.value.split(",")}
        if argument.name == "disable-admission-plugins" and named & chosen:
            what = f"the plugin `{sorted(named & chosen)[0]}` is switched on and off"
            yield Finding(codes.ADMISSION_CONFLICT, place, what)
        if argument.name == "enable-admission-plugins" and chosen - named:
            what = f"the argument leaves out `{sorted(chosen - named)[0]}`, which `admission` has"
            yield Finding(codes.ADMISSION_CONFLICT, place, what)
