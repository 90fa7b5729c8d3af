from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from errors import CaasError, machine
from plane.lock import hold

HOLDER = """
import sys, time
from pathlib import Path
from plane.lock import hold
with hold(Path(sys.argv[1]), "caas up local"):
    print("held", flush=True)
    time.sleep(60)
"""


@contextmanager
def another_holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_the_second_holder_is_told_who_the_first_is(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with another_holder(path) as process, pytest.raises(CaasError) as caught, hold(path, "me"):
        pass
    (problem,) = caught.value.problems
    assert problem.code is machine.LOCK_HELD
    assert str(process.pid) in problem.what
    assert "caas up local" in problem.what
    assert "since 20" in problem.what


def test_the_lock_goes_with_its_process(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with another_holder(path) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
        with hold(path, "me"):
            pass


def test_it_can_be_held_again_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    for purpose in ("a long purpose that is cut", "b"):
        with hold(path, purpose):
            assert f'"{purpose}"' in path.read_text()
            assert path.read_text().endswith("}")
    assert path.stat().st_mode & 0o777 == 0o600


def test_waiting_gets_the_lock_when_it_is_free(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    held = threading.Event()

    def briefly() -> None:
        with hold(path, "short"):
            held.set()
            time.sleep(0.3)

    other = threading.Thread(target=briefly)
    other.start()
    assert held.wait(5)
    with hold(path, "me", wait=10):
        pass
    other.join(5)


def test_a_lock_file_that_was_removed_while_waiting_is_not_enough(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with another_holder(path):
        path.unlink()
        with hold(path, "me"):
            assert path.exists()


def test_a_folder_that_is_not_there_is_a_coded_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CaasError) as caught, hold(tmp_path / "file" / "lock", "me"):
        pass
    assert caught.value.problems[0].code is machine.STATE_NOT_WRITABLE
