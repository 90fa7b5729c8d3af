"""The launcher, in small temporary checkouts whose lock files pin wheels made here."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from tests.unit.command_line import LIMIT, LOCKS, ROOT, Outcome, environment, piped, terminal

pytestmark = pytest.mark.slow  # makes virtual environments

MAIN = "import os, sys; print(os.getcwd(), sys.argv[1:], sys.prefix)\n"


def make_wheel(folder: Path, name: str) -> str:
    """Makes an empty wheel and returns the line that pins it."""
    info = f"{name}-1.0.dist-info"
    files = {
        f"{name}.py": "",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\n"
        "Tag: py3-none-any\n",
    }
    lines = [
        f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())!r},"
        for path, text in files.items()
    ]
    files[f"{info}/RECORD"] = "\n".join([*lines, f"{info}/RECORD,,", ""]).replace("'", "")
    wheel = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return f"{name}==1.0 --hash=sha256:{digest}\n"


class Checkout:
    """A checkout with the real launcher and set-up, a stub of the command, and its own index."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.index = folder / "index"
        self.env: dict[str, str | None] = {
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": self.index.as_uri(),
            "PIP_CONFIG_FILE": os.devnull,
        }

    @classmethod
    def make(cls, folder: Path) -> Checkout:
        checkout = cls(folder)
        checkout.index.mkdir(parents=True)
        (folder / "cli").mkdir()
        shutil.copy(ROOT / "caas", folder)
        shutil.copy(ROOT / "cli/venv.py", folder / "cli")
        shutil.copytree(ROOT / "errors", folder / "errors")
        (folder / "cli/__main__.py").write_text(MAIN)
        checkout.pin("requirements.txt", "first")
        checkout.pin("requirements-dev.txt", "tool")
        checkout.pin("requirements-docs.txt", "press")
        return checkout

    def pin(self, file: str, name: str) -> None:
        (self.folder / file).write_text(make_wheel(self.index, name))

    def run(self, *arguments: str, **env: str) -> Outcome:
        program = [str(self.folder / "caas")]
        return piped(*arguments, program=program, env={**self.env, **env}, cwd=self.folder)

    def has(self, name: str) -> bool:
        return bool(list(self.folder.glob(f".venv/lib/*/site-packages/{name}.py")))

    @property
    def is_stamped(self) -> bool:
        stamp = self.folder / ".venv/caas.lock"
        pins = self.folder / "requirements.txt"
        return stamp.exists() and stamp.read_bytes() == pins.read_bytes()


@pytest.fixture
def fresh(tmp_path: Path) -> Checkout:
    return Checkout.make(tmp_path / "a checkout")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    checkout = Checkout.make(tmp_path_factory.mktemp("template") / "checkout")
    done = checkout.run()
    assert done.status == 0, done.err
    return checkout


@pytest.fixture
def ready(template: Checkout, tmp_path: Path) -> Checkout:
    """A checkout that is set up."""
    shutil.copytree(template.folder, tmp_path / "ready", symlinks=True)
    return Checkout(tmp_path / "ready")


def test_plugins_are_installed_where_the_checkout_names_some(ready: Checkout) -> None:
    assert ready.run().err == ""
    name = make_wheel(ready.index, "plugin").partition(" ")[0]
    (ready.folder / "requirements-plugins.txt").write_text(f"{name}\n")
    assert ready.run().status == 0
    assert ready.has("plugin")
    assert ready.run().err == ""
    other = make_wheel(ready.index, "another")
    (ready.folder / "requirements-plugins.txt").write_text(f"# with its hash\n{other}")
    assert ready.run().status == 0
    assert ready.has("another")
    assert ready.is_stamped


def bin_with(folder: Path, **scripts: str) -> str:
    """A PATH with what the launcher needs and these programs only."""
    folder.mkdir()
    for tool in ("readlink", "cmp"):
        found = shutil.which(tool)
        assert found
        (folder / tool).symlink_to(found)
    for name, script in scripts.items():
        file = folder / name.replace("_", ".")
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)
    return str(folder)


def test_first_run_sets_up_and_later_ones_do_not(fresh: Checkout, tmp_path: Path) -> None:
    done = fresh.run("up", "two words", "")
    assert done.status == 0, done.err
    assert "Setting up Python packages" in done.err
    assert f"{fresh.folder} ['up', 'two words', ''] {fresh.folder}/.venv" in done.out
    assert fresh.has("first")
    assert fresh.is_stamped
    link = tmp_path / "link"
    link.symlink_to(fresh.folder / "caas")
    relative = tmp_path / "caas"
    relative.symlink_to("link")
    again = piped("x", program=["./caas"], cwd=tmp_path)
    assert (again.status, again.err) == (0, "")
    assert again.out == f"{tmp_path} ['x'] {fresh.folder}/.venv\n"


def test_a_new_lock_file_is_installed(ready: Checkout) -> None:
    ready.pin("requirements.txt", "second")
    assert ready.run().status == 0
    assert ready.has("second")
    assert ready.is_stamped


@pytest.mark.parametrize(("arguments", "env"), [(["test"], {}), (["up"], {"CAAS_DEV": "1"})])
def test_tests_get_their_tools(ready: Checkout, arguments: list[str], env: dict[str, str]) -> None:
    assert ready.run("up").status == 0
    assert not ready.has("tool")
    assert ready.run(*arguments, **env).status == 0
    assert ready.has("tool")
    assert ready.has("press")
    assert ready.run(*arguments, **env).err == ""


def test_the_packages_of_an_infrastructure_come_with_its_stacks(ready: Checkout) -> None:
    ready.pin("requirements-aws.txt", "cloud")
    (ready.folder / "requirements-aws.in").write_text("cloud")
    stacks = ready.folder / "stacks"
    stacks.mkdir()
    (stacks / "Pulumi.local.yaml").write_text("provider: in-memory\n")
    (stacks / "Pulumi.prod.yaml").write_text("caas:infrastructure: { provider: 'aws' }")
    for without in (["up"], ["up", "local"], ["status"], ["new", "prod-aws"], ["explain", "aws"]):
        done = ready.run(*without)
        assert (done.status, done.err) == (0, "")
    assert not ready.has("cloud")
    for needing in (["up", "prod"], ["kubeconfig", "x", "--stack=prod"], ["check"]):
        (ready.folder / ".venv/caas-aws.lock").unlink(missing_ok=True)
        assert "Setting up" in ready.run(*needing).err
        assert ready.has("cloud")
        assert ready.run(*needing).err == ""
    assert ready.is_stamped


def test_the_documentation_gets_its_tools_and_no_others(ready: Checkout) -> None:
    assert ready.run("up").status == 0
    assert not ready.has("press")
    done = ready.run("docs")
    assert done.status == 0, done.err
    assert ready.has("press")
    assert not ready.has("tool")
    assert ready.run("docs").err == ""


def test_wrong_hash(ready: Checkout) -> None:
    pins = ready.folder / "requirements.txt"
    pins.write_text("first==1.0 --hash=sha256:" + "0" * 64 + "\nsecond==1.0\n")
    make_wheel(ready.index, "second")
    pins.write_text(f"second==1.0 --hash=sha256:{'0' * 64}\n")
    done = ready.run()
    assert done.status == 1
    assert "CAAS-2053" in done.err
    assert not ready.has("second")
    assert not ready.is_stamped
    ready.pin("requirements.txt", "second")
    assert ready.run().status == 0


def test_package_index_out_of_reach(ready: Checkout) -> None:
    ready.pin("requirements.txt", "second")
    (ready.index / "second-1.0-py3-none-any.whl").unlink()
    ready.env["PIP_NO_INDEX"] = None
    nowhere = "http://127.0.0.1:9/simple"
    done = ready.run(PIP_INDEX_URL=nowhere, PIP_RETRIES="1", PIP_TIMEOUT="2")
    assert done.status == 1
    assert "CAAS-2052" in done.err
    assert "127.0.0.1" not in done.err or "http" not in done.err


def test_package_that_is_not_to_be_had(ready: Checkout) -> None:
    ready.pin("requirements.txt", "second")
    (ready.index / "second-1.0-py3-none-any.whl").unlink()
    done = ready.run()
    assert done.status == 1
    assert "CAAS-2056" in done.err
    assert "second==1.0" in done.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_full_disk(ready: Checkout) -> None:
    ready.pin("requirements.txt", "second")
    log = ready.folder / ".venv/caas.log"
    log.unlink()
    log.symlink_to("/dev/full")
    done = ready.run()
    assert done.status == 1
    assert "CAAS-2054" in done.err
    assert "Traceback" not in done.err


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /sys, where root can't write")
def test_read_only_checkout(fresh: Checkout) -> None:
    (fresh.folder / ".venv").symlink_to("/sys/kernel")
    done = fresh.run()
    assert done.status == 1
    assert "CAAS-2055" in done.err


def test_something_else_is_called_venv(fresh: Checkout) -> None:
    (fresh.folder / ".venv").write_text("")
    done = fresh.run()
    assert done.status == 1
    assert "CAAS-2057" in done.err
    assert "Traceback" not in done.err


def test_no_python(fresh: Checkout, tmp_path: Path) -> None:
    old = 'case "$*" in *version_info*) exit 1 ;; esac'
    done = fresh.run(PATH=bin_with(tmp_path / "bin", python3=old))
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("CAAS-2050 ")
    assert "Fix: " in done.err


def test_python_without_venv(fresh: Checkout, tmp_path: Path) -> None:
    bare = f'case "$*" in *ensurepip*) exit 1 ;; esac\nexec "{sys.executable}" "$@"'
    done = fresh.run(PATH=bin_with(tmp_path / "bin", python3_12=bare))
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("CAAS-2051 ")
    assert "apt install python3-venv" in done.err


def test_pythons_that_do_not_work_are_passed_by(fresh: Checkout, tmp_path: Path) -> None:
    """In a terminal, where the set-up is one line that changes."""
    scripts = {
        "python3": "echo 'pyenv: python3: command not found' >&2; exit 127",
        "python3_13": f'exec "{sys.executable}" "$@"',
    }
    env = {**fresh.env, "PATH": bin_with(tmp_path / "bin", **scripts)}
    done = terminal(program=[str(fresh.folder / "caas")], env=env, cwd=fresh.folder)
    assert done.status == 0, done.out
    assert "pyenv" not in done.out
    assert "\r\x1b[KSetting up Python packages" in done.out
    assert "\nSetting up" not in done.out


def test_a_python_that_went_away_is_replaced(ready: Checkout) -> None:
    python = ready.folder / ".venv/bin/python"
    python.unlink()
    python.symlink_to("/nowhere/python3")
    done = ready.run()
    assert done.status == 0, done.err
    assert ready.has("first")


def test_two_first_runs_at_once(fresh: Checkout) -> None:
    runs = [
        subprocess.Popen(
            [str(fresh.folder / "caas"), str(number)],
            env=environment(fresh.env),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in (1, 2)
    ]
    said = [run.communicate(timeout=LIMIT) for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    assert sum("waiting for it" in err for _, err in said) == 1
    assert fresh.is_stamped


def test_an_interrupted_set_up_is_continued(fresh: Checkout) -> None:
    run = subprocess.Popen(
        [str(fresh.folder / "caas")],
        env=environment(fresh.env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + LIMIT
    while not (fresh.folder / ".venv/caas.log").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(run.pid, signal.SIGINT)
    out, err = run.communicate(timeout=30)
    assert run.returncode in (130, -signal.SIGINT), err  # a shell passes on either
    assert out == ""
    assert "Run the same command again to go on." in err
    assert "Traceback" not in err
    assert not fresh.is_stamped
    assert fresh.run().status == 0
    assert fresh.is_stamped


def test_lock_files_pin_everything_by_hash_and_name_no_index() -> None:
    for name in LOCKS:
        text = (ROOT / name).read_text()
        assert "--hash=sha256:" in text
        assert not {"://", "--index-url", "--extra-index-url", "--find-links"} & set(text.split())
        assert "://" not in text
        for pin in text.replace("\\\n", " ").splitlines():
            assert "==" in pin
            assert "--hash=sha256:" in pin


@pytest.mark.parametrize("name", [name.removesuffix(".txt") for name in LOCKS])
def test_every_wanted_package_is_pinned_and_has_its_reason(name: str) -> None:
    pinned = (ROOT / f"{name}.txt").read_text().lower()
    for line in (ROOT / f"{name}.in").read_text().splitlines():
        if line[0] not in "#-":
            wanted, _, reason = line.partition("#")
            package = re.split(r"[>\[]", wanted)[0].strip().lower()
            assert f"\n{package}==" in f"\n{pinned}"
            assert reason.strip()
