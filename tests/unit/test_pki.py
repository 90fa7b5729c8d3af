from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from plane import pki

ADDRESS = "127.3.4.5"
NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pki") / "pki"
    pki.ensure(folder, ADDRESS, now=NOW)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "pki")


def certificate(folder: Path, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / f"{name}.crt").read_bytes())


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def changed(folder: Path, before: dict[str, bytes]) -> set[str]:
    after = contents(folder)
    return {name.rpartition(".")[0] for name in after if after[name] != before.get(name)}


def test_only_the_owner_reads_keys(folder: Path) -> None:
    assert folder.stat().st_mode & 0o777 == 0o700
    for path in folder.iterdir():
        assert path.stat().st_mode & 0o777 == 0o600, path


def test_a_loose_key_is_tightened(folder: Path) -> None:
    (folder / "admin.key").chmod(0o644)
    pki.ensure(folder, ADDRESS, now=NOW)
    assert (folder / "admin.key").stat().st_mode & 0o777 == 0o600


def test_a_second_run_changes_nothing(folder: Path) -> None:
    before = contents(folder)
    assert pki.is_current(folder, ADDRESS, now=NOW)
    pki.ensure(folder, ADDRESS, now=NOW + timedelta(days=300))
    assert contents(folder) == before


@pytest.mark.parametrize("name", ["kube-apiserver", "etcd", "webhook", "kube-controller-manager"])
def test_servers_cover_the_address_and_localhost(folder: Path, name: str) -> None:
    extensions = certificate(folder, name).extensions
    names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    addresses = {str(each) for each in names.get_values_for_type(x509.IPAddress)}
    assert addresses == {ADDRESS, "127.0.0.1"}
    assert "localhost" in names.get_values_for_type(x509.DNSName)
    usages = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert ExtendedKeyUsageOID.SERVER_AUTH in usages


def test_the_admin_can_not_pose_as_a_server(folder: Path) -> None:
    admin = certificate(folder, "admin")
    usages = admin.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usages) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert "system:masters" in admin.subject.rfc4514_string()


def test_leaves_are_renewed_before_they_expire_and_the_authority_stays(folder: Path) -> None:
    before = contents(folder)
    later = NOW + timedelta(days=pki.LEAF_DAYS - pki.RENEW_DAYS)
    assert not pki.is_current(folder, ADDRESS, now=later)
    pki.ensure(folder, ADDRESS, now=later)
    assert changed(folder, before) == {leaf.name for leaf in pki.LEAVES}
    assert pki.is_current(folder, ADDRESS, now=later)


def test_an_old_authority_is_made_anew_with_all_below_it(folder: Path) -> None:
    before = contents(folder)
    later = NOW + timedelta(days=pki.AUTHORITY_DAYS)
    pki.ensure(folder, ADDRESS, now=later)
    assert changed(folder, before) == {"ca", *(leaf.name for leaf in pki.LEAVES)}
    certificate(folder, "admin").verify_directly_issued_by(certificate(folder, "ca"))


def test_another_address_renews_only_the_servers(folder: Path) -> None:
    before = contents(folder)
    pki.ensure(folder, "127.9.9.9", now=NOW)
    servers = {leaf.name for leaf in pki.LEAVES if pki.SERVER in leaf.usages}
    assert changed(folder, before) == servers


@pytest.mark.parametrize("damage", [b"", b"nonsense", None])
@pytest.mark.parametrize("file", ["admin.crt", "admin.key"])
def test_what_is_damaged_or_missing_is_made_anew(
    folder: Path, file: str, damage: bytes | None
) -> None:
    before = contents(folder)
    if damage is None:
        (folder / file).unlink()
    else:
        (folder / file).write_bytes(damage)
    pki.ensure(folder, ADDRESS, now=NOW)
    assert changed(folder, before) == {"admin"}
    assert pki.is_current(folder, ADDRESS, now=NOW)


def test_a_certificate_with_somebody_elses_key_is_made_anew(folder: Path) -> None:
    shutil.copy(folder / "etcd.key", folder / "admin.key")
    assert not pki.is_current(folder, ADDRESS, now=NOW)
    pki.ensure(folder, ADDRESS, now=NOW)
    assert pki.is_current(folder, ADDRESS, now=NOW)


def test_a_clock_before_the_certificates_renews_them(folder: Path) -> None:
    earlier = NOW - timedelta(days=30)
    pki.ensure(folder, ADDRESS, now=earlier)
    assert pki.is_current(folder, ADDRESS, now=earlier)


def test_the_service_account_key_outlives_the_authority(folder: Path) -> None:
    before = (folder / "service-account.key").read_bytes()
    pki.ensure(folder, ADDRESS, now=NOW + timedelta(days=2 * pki.AUTHORITY_DAYS))
    assert (folder / "service-account.key").read_bytes() == before


def test_the_kubeconfig_is_private_and_written_once(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    pki.write_kubeconfig(path, folder, "admin", f"https://{ADDRESS}:6443")
    written = path.stat()
    assert written.st_mode & 0o777 == 0o600
    content = yaml.safe_load(path.read_text())
    assert content["clusters"][0]["cluster"]["server"] == f"https://{ADDRESS}:6443"
    assert "token" not in path.read_text()
    pki.write_kubeconfig(path, folder, "admin", f"https://{ADDRESS}:6443")
    assert path.stat().st_ino == written.st_ino
