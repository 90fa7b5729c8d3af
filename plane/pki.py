"""The plane's certificates: one authority per plane, and what each process shows and trusts."""

from __future__ import annotations

import base64
import ipaddress
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_DAYS = 3650
LEAF_DAYS = 365
RENEW_DAYS = 30
SERVER = ExtendedKeyUsageOID.SERVER_AUTH
CLIENT = ExtendedKeyUsageOID.CLIENT_AUTH
MASTERS = "system:masters"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A certificate below the plane's authority: the files `<name>.crt` and `<name>.key`."""

    name: str
    common_name: str
    organization: str = ""
    usages: tuple[x509.ObjectIdentifier, ...] = (CLIENT,)


LEAVES = (
    Leaf("etcd", "etcd", usages=(SERVER, CLIENT)),
    Leaf("kube-apiserver", "kube-apiserver", usages=(SERVER,)),
    Leaf("etcd-client", "kube-apiserver"),
    Leaf("webhook", "webhook", usages=(SERVER,)),
    Leaf("admin", "caas:admin", MASTERS),
    Leaf("kube-controller-manager", "system:kube-controller-manager", usages=(SERVER, CLIENT)),
    Leaf("core-manager", "caas:core-manager", MASTERS),
    Leaf("bootstrap-manager", "caas:bootstrap-manager", MASTERS),
    Leaf("control-plane-manager", "caas:control-plane-manager", MASTERS),
    Leaf("in-memory-manager", "caas:in-memory-manager", MASTERS),
)


def provider_leaves(managers: Iterable[str]) -> tuple[Leaf, ...]:
    """The certificates of the infrastructure providers' controllers.

    They look for the certificate of their webhooks in `tls.crt`, and there is no flag for it.
    """
    clients = [Leaf(name, f"caas:{name}", MASTERS) for name in managers]
    return (Leaf("tls", "webhook", usages=(SERVER,)), *clients) if clients else ()


def ensure(
    folder: Path, address: str, more: Sequence[Leaf] = (), *, now: datetime | None = None
) -> None:
    """Makes what is missing, and renews what expires soon, covers another address, or is broken.

    Private keys are made with mode 0600 in a folder of mode 0700. A new authority renews every
    certificate below it; the service-account key is kept for good.

    Args:
        folder: where the files are.
        address: the plane's loopback address; server certificates also cover 127.0.0.1 and
            localhost.
        more: certificates besides `LEAVES`.
        now: the time to judge by; the clock when not given.
    """
    now = now or datetime.now(UTC)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    authority = _read(folder, "ca")
    if authority is None or not _lasts(authority[0], now, LEAF_DAYS + RENEW_DAYS):
        authority = _make_authority(now)
        _write(folder, "ca", *authority)
    for leaf in (*LEAVES, *more):
        found = _read(folder, leaf.name)
        if found is None or not _is_good(found[0], leaf, authority[0], address, now):
            _write(folder, leaf.name, *_issue(leaf, authority, address, now))
    _ensure_service_account_key(folder)


def is_current(
    folder: Path, address: str, more: Sequence[Leaf] = (), *, now: datetime | None = None
) -> bool:
    """True if `ensure` would not change any certificate."""
    now = now or datetime.now(UTC)
    authority = _read(folder, "ca")
    if authority is None or not _lasts(authority[0], now, LEAF_DAYS + RENEW_DAYS):
        return False
    leaves = ((leaf, _read(folder, leaf.name)) for leaf in (*LEAVES, *more))
    return all(
        found is not None and _is_good(found[0], leaf, authority[0], address, now)
        for leaf, found in leaves
    )


def ca_bundle(folder: Path) -> str:
    """The authority's certificate as `caBundle` fields want it: base64 of the PEM text."""
    return base64.b64encode((folder / "ca.crt").read_bytes()).decode()


def write_kubeconfig(path: Path, folder: Path, name: str, server: str) -> None:
    """Writes a kubeconfig (mode 0600) for the client certificate `name`.

    Args:
        path: the file to write; it is left alone where it has this content already.
        folder: where the certificates are.
        name: the name of a client certificate.
        server: the API server's URL.
    """

    def data(file: str) -> str:
        return base64.b64encode((folder / file).read_bytes()).decode()

    cluster = {"server": server, "certificate-authority-data": ca_bundle(folder)}
    user = {
        "client-certificate-data": data(f"{name}.crt"),
        "client-key-data": data(f"{name}.key"),
    }
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "plane", "cluster": cluster}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": "plane", "context": {"cluster": "plane", "user": name}}],
        "current-context": "plane",
    }
    text = yaml.safe_dump(content, sort_keys=False)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_private(path, text.encode())


def write_private(path: Path, content: bytes) -> None:
    """Writes `path` in one move with mode 0600; a reader sees the old content or the new one."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    draft.replace(path)


Pair = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def _make_authority(now: datetime) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("caas plane", "")
    usage = _key_usage(signs_certificates=True)
    certificate = (
        _builder(name, name, key, now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    return certificate, key


def _issue(leaf: Leaf, authority: Pair, address: str, now: datetime) -> Pair:
    certificate, signer = authority
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    builder = (
        _builder(_name(leaf.common_name, leaf.organization), certificate.subject, key, now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(leaf.usages), critical=False)
        .add_extension(issuer, critical=False)
    )
    if SERVER in leaf.usages:
        builder = builder.add_extension(_alternative_names(address), critical=False)
    return builder.sign(signer, hashes.SHA256()), key


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    now: datetime,
    days: int = LEAF_DAYS,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(common_name: str, organization: str) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if organization:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(parts)


def _alternative_names(address: str) -> x509.SubjectAlternativeName:
    addresses = {ipaddress.ip_address(address), ipaddress.ip_address("127.0.0.1")}
    names = [x509.DNSName("localhost"), x509.DNSName("kubernetes.default.svc")]
    return x509.SubjectAlternativeName(
        [*names, *(x509.IPAddress(each) for each in sorted(addresses))]
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _is_good(
    certificate: x509.Certificate,
    leaf: Leaf,
    authority: x509.Certificate,
    address: str,
    now: datetime,
) -> bool:
    """True if the certificate is that of this leaf and CA, valid, and for this address."""
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, ValueError, TypeError):
        return False
    if not _lasts(certificate, now, RENEW_DAYS):
        return False
    if certificate.subject != _name(leaf.common_name, leaf.organization):
        return False
    if SERVER not in leaf.usages:
        return True
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return ipaddress.ip_address(address) in names.value.get_values_for_type(x509.IPAddress)


def _lasts(certificate: x509.Certificate, now: datetime, days: int) -> bool:
    begun = certificate.not_valid_before_utc <= now
    return begun and certificate.not_valid_after_utc > now + timedelta(days=days)


def _read(folder: Path, name: str) -> Pair | None:
    """The certificate and its key; None when one is missing, unreadable or not the other's."""
    try:
        certificate = x509.load_pem_x509_certificate((folder / f"{name}.crt").read_bytes())
        key_file = folder / f"{name}.key"
        key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError):
        return None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        return None
    if key.public_key() != certificate.public_key():
        return None
    key_file.chmod(0o600)
    return certificate, key


def _write(
    folder: Path, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey
) -> None:
    write_private(folder / f"{name}.key", _pem(key))
    write_private(folder / f"{name}.crt", certificate.public_bytes(serialization.Encoding.PEM))


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _ensure_service_account_key(folder: Path) -> None:
    """The key that signs service-account tokens, and its public half for those who check them."""
    private, public = folder / "service-account.key", folder / "service-account.pub"
    if not private.exists():
        write_private(private, _pem(ec.generate_private_key(ec.SECP256R1())))
    if not public.exists():
        key = serialization.load_pem_private_key(private.read_bytes(), password=None)
        pem = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        write_private(public, pem)
