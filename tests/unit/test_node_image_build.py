"""The parts of a node image; the whole is built and started in tests/nodes."""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest

from catalog import catalog
from errors import CaasError
from errors.node_image import (
    IMAGE_NOT_LOADED,
    MMDEBSTRAP_MISSING,
    RELEASE_NOT_BUILDABLE,
    ROOT_NEEDED,
    STEP_FAILED,
)
from plane.binaries.host import Host
from plane.node_image.archive import ArchiveImage, layer, write
from plane.node_image.debian import Steps, check_host
from plane.node_image.docker import load
from plane.node_image.recipes import buildable, recipes


def test_the_release_of_the_plane_can_be_built() -> None:
    version = catalog().modules["kubernetes"]
    assert buildable() == (version,)
    made = {each.name for recipe in recipes(version, HOST) for each in recipe.programs}
    assert {"kubelet", "kubeadm", "kubectl", "etcd", "containerd", "coredns", "pause"} <= made


def test_a_release_that_is_not_pinned() -> None:
    other = next(
        str(each) for each in catalog().kubernetes_versions if str(each) not in buildable()
    )
    with pytest.raises(CaasError) as raised:
        recipes(other, HOST)
    assert raised.value.problems[0].code is RELEASE_NOT_BUILDABLE


HOST = Host("linux", "amd64")


def test_a_main_package_of_our_own_is_part_of_the_key(tmp_path: Path) -> None:
    of_parts = next(
        each for each in recipes(buildable()[0], HOST) if each.label.startswith("node-parts")
    )
    own = {path.name for source in of_parts.sources for path in source.folder.glob("*.go")}
    assert own == {"main.go"}


@pytest.mark.parametrize("compress", [True, False])
def test_an_archive_has_each_layer_once(tmp_path: Path, compress: bool) -> None:
    shared, own = tmp_path / "shared.tar", tmp_path / "own.tar"
    for path, text in ((shared, b"shared"), (own, b"own")):
        with layer(path) as files:
            files.add("/usr/bin/program", text, 0o755)
            files.link("/usr/bin/other", "program")
    images = [
        ArchiveImage("one:1", (shared,)),
        ArchiveImage("two:2", (shared, own), {"Entrypoint": ["/a"]}),
    ]
    write(images, tmp_path / "all.tar", "amd64", compress=compress)
    with tarfile.open(tmp_path / "all.tar") as tar:
        names = tar.getnames()
        listed = _json(tar, "manifest.json")
        configs = {each["RepoTags"][0]: _json(tar, each["Config"]) for each in listed}
    assert len(names) == len(set(names)) == 5
    digests = [f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}" for path in (shared, own)]
    assert configs["two:2"]["rootfs"]["diff_ids"] == digests
    assert configs["two:2"]["config"] == {"Entrypoint": ["/a"]}
    assert configs["one:1"]["rootfs"]["diff_ids"] == digests[:1]


def test_files_of_a_layer_belong_to_root_and_have_no_time(tmp_path: Path) -> None:
    with layer(tmp_path / "a.tar") as files:
        files.add("/etc/some/file", Path(__file__))
    with tarfile.open(tmp_path / "a.tar") as tar:
        members = tar.getmembers()
    assert [each.name for each in members] == ["etc", "etc/some", "etc/some/file"]
    assert {(each.uid, each.gid, each.mtime) for each in members} == {(0, 0, 0)}


def test_a_computer_without_mmdebstrap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(CaasError) as raised:
        check_host()
    assert raised.value.problems[0].code is MMDEBSTRAP_MISSING


def test_an_ordinary_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "mmdebstrap"
    program.touch()
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(CaasError) as raised:
        check_host()
    assert raised.value.problems[0].code is ROOT_NEEDED


def test_a_step_that_fails_names_its_log(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    with pytest.raises(CaasError) as raised:
        Steps(work, tmp_path / "kept", lambda line: None).run(
            "packages", "sh", "-c", "echo no mirror >&2; exit 3"
        )
    (found,) = raised.value.problems
    assert found.code is STEP_FAILED
    assert found.why == "no mirror"
    assert found.where and Path(str(found.where.file)).read_text().endswith("no mirror\n")


def test_packages_are_installed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    script = '#!/bin/sh\nfor each in "$@"; do :; done\ndate +%N >"$each"\n'
    (programs / "mmdebstrap").write_text(script)
    (programs / "mmdebstrap").chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    given = tmp_path / "given"

    def made(work: str, content: str) -> Path:
        (tmp_path / work).mkdir(exist_ok=True)
        given.write_text(content)
        steps = Steps(tmp_path / work, tmp_path / "kept", lambda line: None)
        hook = f"--customize-hook={tmp_path / work}/hook"
        return steps.debian("some", ("bash", "jq"), hook, inputs=(given,))

    first = made("a", "one")
    text = first.read_text()
    assert made("b", "one") == first
    assert first.read_text() == text
    assert made("b", "two") != first


@pytest.mark.parametrize("path", [None, "/nowhere"])
def test_docker_that_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str | None
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    if path:
        monkeypatch.setenv("PATH", path)
    with pytest.raises(CaasError) as raised:
        load(tmp_path / "image.tar")
    assert raised.value.problems[0].code is IMAGE_NOT_LOADED


def _json(tar: tarfile.TarFile, name: str) -> Any:
    file = tar.extractfile(name)
    assert file
    return json.loads(file.read())
