from __future__ import annotations

import dataclasses
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from errors import CaasError, Code, machine
from plane import manifests, plane, ports, process, startup
from plane import servers as components
from plane.binaries import Binaries
from plane.lock import hold
from plane.plane import Plane
from plane.process import ProcessRecord, ProcessSpec
from plane.progress import Silent
from plane.state import State

SLEEP = (sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)")
STUBBORN = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print('up', flush=True); time.sleep(60)",
)


@pytest.fixture
def mark(tmp_path: Path) -> Iterator[str]:
    yield str(tmp_path)
    process.end(process.members(str(tmp_path)), grace=0)


def started(command: tuple[str, ...], mark: str, log: Path) -> ProcessRecord:
    record = process.spawn(ProcessSpec("sleeper", command), mark, log)
    limit = time.monotonic() + 10
    while "up" not in process.tail(log, record.log_start) and time.monotonic() < limit:
        time.sleep(0.02)
    return record


def listening(address: str, port: int = 0) -> socket.socket:
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((address, port))
    server.listen(1)
    return server


class TestProcess:
    def test_a_process_is_known_by_its_mark(self, mark: str, tmp_path: Path) -> None:
        record = started(SLEEP, mark, tmp_path / "log")
        found = process.find(record)
        assert found is not None
        assert [each.pid for each in process.members(mark)] == [record.pid]
        assert process.members(mark + "-other") == []
        process.end([found], grace=5)
        assert process.find(record) is None
        assert process.members(mark) == []

    def test_a_reused_process_id_is_not_ours(self) -> None:
        with subprocess.Popen(SLEEP, stdout=subprocess.DEVNULL) as other:
            try:
                assert process.find(ProcessRecord(other.pid, "0" * 32, "")) is None
                assert process.find(ProcessRecord(os.getpid(), "0" * 32, "")) is None
            finally:
                other.kill()

    def test_one_that_ignores_sigterm_is_killed(self, mark: str, tmp_path: Path) -> None:
        record = started(STUBBORN, mark, tmp_path / "log")
        found = process.find(record)
        assert found is not None
        begun = time.monotonic()
        process.end([found], grace=0.3)
        assert process.find(record) is None
        assert 0.3 <= time.monotonic() - begun < 5

    def test_it_has_its_own_session_and_little_environment(
        self, mark: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not for children")
        record = started(SLEEP, mark, tmp_path / "log")
        found = process.find(record)
        assert found is not None
        assert os.getsid(found.pid) == found.pid
        assert "AWS_SECRET_ACCESS_KEY" not in found.environ()

    def test_a_large_log_is_set_aside(
        self, mark: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        log = tmp_path / "log"
        log.write_text("old\n" * 100)
        monkeypatch.setattr(process, "LOG_LIMIT", 100)
        started(SLEEP, mark, log)
        assert "old" not in log.read_text()
        assert "old" in (tmp_path / "log.1").read_text()

    def test_the_tail_is_of_this_start(self, tmp_path: Path) -> None:
        log = tmp_path / "log"
        log.write_text("before\n" + "\n".join(map(str, range(20))))
        assert process.tail(log, 0, lines=2) == "18\n19"
        assert "before" not in process.tail(log, len("before\n"), lines=100)
        assert process.tail(tmp_path / "none", 0) == ""


class TestPorts:
    def test_an_address_belongs_to_a_directory(self) -> None:
        first, second = Path("/a"), Path("/b")
        assert ports.choose_address(first) == ports.choose_address(first)
        assert ports.choose_address(first).startswith("127.")
        if sys.platform == "linux":
            assert ports.choose_address(first) != ports.choose_address(second)

    def test_an_address_whose_fixed_port_is_taken_is_not_chosen(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        usual = ports.choose_address(Path("/a"))
        with listening(usual) as server:
            monkeypatch.setattr(ports, "FIXED_PORTS", (server.getsockname()[1],))
            assert ports.choose_address(Path("/a")) != usual

    def test_a_fixed_port_that_is_taken_everywhere_is_a_coded_error(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with listening("0.0.0.0") as server:  # noqa: S104 - the case under test
            port = server.getsockname()[1]
            monkeypatch.setattr(ports, "FIXED_PORTS", (port,))
            with pytest.raises(CaasError) as caught:
                ports.choose_address(Path("/a"))
        assert caught.value.problems[0].code is machine.PORT_UNAVAILABLE
        assert str(port) in caught.value.problems[0].what

    def test_the_preferred_port_is_taken_when_it_is_free(self) -> None:
        with listening("127.0.0.1") as server:
            taken = server.getsockname()[1]
            chosen = ports.choose_ports("127.0.0.1", {"a": taken, "b": taken})
        assert taken not in chosen.values()
        assert len(set(chosen.values())) == 2

    def test_no_port_left_is_a_coded_error(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with listening("127.0.0.1") as server:
            taken = server.getsockname()[1]
            monkeypatch.setattr(ports, "SEARCHED", range(taken, taken + 1))
            with pytest.raises(CaasError) as caught:
                ports.choose_ports("127.0.0.1", {"etcd": taken})
        assert caught.value.problems[0].code is machine.PORT_UNAVAILABLE


class TestState:
    def test_it_is_read_as_it_was_written(self, tmp_path: Path) -> None:
        path = tmp_path / "plane.json"
        state = State("127.1.2.3", {"etcd": 1}, {"etcd": ProcessRecord(2, "x", "y", 3)}, "z")
        state.write(path)
        assert State.read(path) == state
        assert path.stat().st_mode & 0o777 == 0o600

    @pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"address": 1}', "\x00"])
    def test_a_damaged_file_is_an_empty_state(self, tmp_path: Path, content: str) -> None:
        path = tmp_path / "plane.json"
        path.write_text(content)
        assert State.read(path) == State()


def manifest_folders(folder: Path) -> list[manifests.ManifestFolder]:
    for controller in URLS:
        (folder / controller / "crds").mkdir(parents=True)
        (folder / controller / "crds" / "a.yaml").write_text(DEFINITION)
        (folder / controller / "webhooks.yaml").write_text(WEBHOOKS)
    return [manifests.ManifestFolder(name, folder / name, url) for name, url in URLS.items()]


PORTS = components.preferred_ports(components.COMPONENTS)
URLS = {
    "core": "https://127.0.0.1:1",
    "bootstrap": "https://127.0.0.1:2",
    "control-plane": "https://127.0.0.1:3",
    "in-memory": "https://127.0.0.1:4",
}
DEFINITION = json.dumps(
    {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.example.dev"},
        "spec": {
            "names": {"kind": "Thing"},
            "versions": [{"name": "v1"}, {"name": "v1beta2", "storage": True}],
        },
    }
)
WEBHOOKS = json.dumps(
    {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "validating-webhook-configuration"},
        "webhooks": [{"name": "a", "clientConfig": {"service": {"name": "s", "path": "/v"}}}],
    }
)


class TestManifests:
    def test_definitions_name_their_contract_and_converter(self, tmp_path: Path) -> None:
        objects = manifests.load(manifest_folders(tmp_path), "Q0E=")
        things = [each for each in objects if each["metadata"]["name"] == "things.example.dev"]
        client = things[0]["spec"]["conversion"]["webhook"]["clientConfig"]
        assert client == {"url": "https://127.0.0.1:1/convert", "caBundle": "Q0E="}
        assert things[0]["metadata"]["labels"] == {
            "cluster.x-k8s.io/v1beta2": "v1beta2",
            "clusterctl.cluster.x-k8s.io": "",
        }

    def test_a_contract_is_kept_by_the_stored_version(self, tmp_path: Path) -> None:
        folders = [
            dataclasses.replace(each, contract="v1beta1") for each in manifest_folders(tmp_path)
        ]
        shared = DEFINITION.replace("Thing", "ThingIdentity").replace("things", "identities")
        (folders[0].folder / "crds" / "b.yaml").write_text(shared)
        labels = {
            each["metadata"]["name"]: each["metadata"]["labels"]
            for each in manifests.load(folders, "")
            if "labels" in each["metadata"]
        }
        assert labels["things.example.dev"]["cluster.x-k8s.io/v1beta1"] == "v1beta2"
        assert "clusterctl.cluster.x-k8s.io/move-hierarchy" not in labels["things.example.dev"]
        assert "clusterctl.cluster.x-k8s.io/move-hierarchy" in labels["identities.example.dev"]

    def test_webhooks_are_reached_by_url_and_have_their_own_names(self, tmp_path: Path) -> None:
        objects = manifests.load(manifest_folders(tmp_path), "Q0E=")
        hooks = [each for each in objects if "webhooks" in each]
        assert {each["metadata"]["name"] for each in hooks} == {
            f"caas-{name}-validating-webhook-configuration" for name in URLS
        }
        urls = {each["webhooks"][0]["clientConfig"]["url"] for each in hooks}
        assert urls == {f"{url}/v" for url in URLS.values()}

    def test_the_digest_follows_files_addresses_and_authority(self, tmp_path: Path) -> None:
        folders = manifest_folders(tmp_path)
        first = manifests.digest(folders, "a")
        assert manifests.digest(folders, "a") == first
        assert manifests.digest(folders, "b") != first
        moved = [dataclasses.replace(folders[0], url="https://127.0.0.1:9"), *folders[1:]]
        assert manifests.digest(moved, "a") != first
        other = [dataclasses.replace(folders[0], contract="v1beta1"), *folders[1:]]
        assert manifests.digest(other, "a") != first
        (folders[0].folder / "crds" / "a.yaml").write_text(DEFINITION + "\n")
        assert manifests.digest(folders, "a") != first

    @pytest.mark.parametrize("content", ["a: [", "- 1", "just text", ""])
    def test_what_is_no_manifest_is_a_coded_error(self, tmp_path: Path, content: str) -> None:
        folders = manifest_folders(tmp_path)
        (folders[0].folder / "webhooks.yaml").write_text(content)
        with pytest.raises(CaasError) as caught:
            manifests.load(folders, "")
        assert caught.value.problems[0].code is machine.MANIFESTS_UNREADABLE

    def test_a_missing_manifest_is_a_coded_error(self, tmp_path: Path) -> None:
        with pytest.raises(CaasError) as caught:
            manifests.digest([manifests.ManifestFolder("core", tmp_path, "")], "")
        assert caught.value.problems[0].code is machine.MANIFESTS_UNREADABLE
        assert "webhooks.yaml" in str(caught.value)


def pretenders(folder: Path, script: str) -> Binaries:
    """Programs that all do what the script says."""
    program = folder / "program"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    return Binaries(*[program] * 9, manifests=folder)


def fails_with(code: Code, start: Plane, binaries: Binaries) -> str:
    try:
        with pytest.raises(CaasError) as caught:
            start.start(binaries, Silent())
    finally:
        start.destroy()
    assert caught.value.problems[0].code is code
    return str(caught.value)


class TestPlaneThatCanNotStart:
    def test_a_process_that_exits_is_named_with_its_last_words(self, tmp_path: Path) -> None:
        binaries = pretenders(tmp_path, "echo no space for $0; exit 3")
        text = fails_with(machine.PROCESS_EXITED, Plane(tmp_path / "plane"), binaries)
        assert "no space for" in text
        assert "etcd.log" in text

    def test_a_process_that_does_not_answer_in_time_is_named(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(startup, "READY_SECONDS", 0.3)
        binaries = pretenders(tmp_path, "echo starting; exec sleep 60")
        text = fails_with(machine.NOT_READY_IN_TIME, Plane(tmp_path / "plane"), binaries)
        assert "etcd" in text
        assert process.members(str(tmp_path / "plane")) == []

    def test_little_space_is_said_before_anything_starts(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(plane, "FREE_BYTES", 2**60)
        binaries = pretenders(tmp_path, "exit 0")
        text = fails_with(machine.STATE_DISK_FULL, Plane(tmp_path / "plane"), binaries)
        assert "MB are free" in text

    def test_a_folder_that_can_not_be_made_is_said(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        binaries = pretenders(tmp_path, "exit 0")
        unwritable = Plane(tmp_path / "file" / "plane")
        fails_with(machine.STATE_NOT_WRITABLE, unwritable, binaries)

    def test_the_holder_of_the_lock_goes_first(self, tmp_path: Path) -> None:
        (tmp_path / "plane").mkdir()
        binaries = pretenders(tmp_path, "exit 0")
        busy = Plane(tmp_path / "plane")
        with hold(tmp_path / "plane" / "plane.lock", "caas up"):
            for refused in (lambda: busy.start(binaries, Silent()), busy.stop, busy.destroy):
                with pytest.raises(CaasError) as caught:
                    refused()
                assert caught.value.problems[0].code is machine.LOCK_HELD

    def test_stopping_what_never_ran_does_nothing(self, tmp_path: Path) -> None:
        never = Plane(tmp_path / "plane")
        never.stop()
        never.destroy()
        assert not (tmp_path / "plane").exists()
        assert all(not each.running and each.pid is None for each in never.processes())

    def test_a_start_leaves_strangers_alone(self, tmp_path: Path) -> None:
        with subprocess.Popen(SLEEP, stdout=subprocess.DEVNULL) as stranger:
            record = ProcessRecord(stranger.pid, "0" * 32, "")
            (tmp_path / "plane").mkdir()
            State("127.0.0.1", {}, {"etcd": record}, "").write(tmp_path / "plane" / "plane.json")
            binaries = pretenders(tmp_path, "exit 3")
            fails_with(machine.PROCESS_EXITED, Plane(tmp_path / "plane"), binaries)
            assert psutil.Process(stranger.pid).is_running()
            assert stranger.poll() is None
            stranger.kill()


class TestComponents:
    def site(
        self, directory: Path, *, tuned: bool = True, disposable: bool = True
    ) -> components.PlaneSite:
        return components.PlaneSite(
            directory,
            "127.1.2.3",
            components.preferred_ports(components.COMPONENTS),
            disposable,
            tuned,
        )

    def commands(self, site: components.PlaneSite, folder: Path) -> dict[str, ProcessSpec]:
        return components.programs(site, pretenders(folder, "exit 0"))

    def test_tuning_and_durability_are_switches(self, tmp_path: Path) -> None:
        tuned = self.commands(self.site(tmp_path), tmp_path)
        plain = self.commands(self.site(tmp_path, tuned=False, disposable=False), tmp_path)
        assert "--unsafe-no-fsync" in tuned["etcd"].command
        assert "--unsafe-no-fsync" not in plain["etcd"].command
        for name in ("kube-apiserver", "kube-controller-manager", "core-manager"):
            assert set(plain[name].command) < set(tuned[name].command)

    def test_a_directory_with_blanks_and_braces_is_kept(self, tmp_path: Path) -> None:
        odd = tmp_path / "a {b} c"
        odd.mkdir()
        command = self.commands(self.site(odd), tmp_path)["etcd"].command
        assert f"--data-dir={odd}/etcd" in command

    def test_the_fingerprint_follows_binary_flags_and_certificates(self, tmp_path: Path) -> None:
        site = self.site(tmp_path)
        before = self.commands(site, tmp_path)
        assert self.commands(self.site(tmp_path, tuned=False), tmp_path) != before
        site.pki.mkdir()
        (site.pki / "etcd.crt").write_text("new")
        after = self.commands(site, tmp_path)
        changed = {name for name in before if before[name].fingerprint != after[name].fingerprint}
        assert "etcd" in changed
        shutil.rmtree(site.pki)
        (tmp_path / "program").write_text("#!/bin/sh\nexit 1\n")
        again = components.programs(site, Binaries(*[tmp_path / "program"] * 9, manifests=tmp_path))
        assert all(again[name].fingerprint != before[name].fingerprint for name in before)
