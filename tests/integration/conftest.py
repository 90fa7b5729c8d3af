"""One plane per test run, shared by every test and every pytest-xdist worker."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from plane.binaries import Binaries, ensure_binaries
from plane.lock import hold
from plane.plane import Plane
from plane.progress import Silent

START_SECONDS = 600.0


def pytest_itemcollected(item: pytest.Item) -> None:
    """Every test here needs programs that are made, so `./caas test --fast` leaves it out."""
    item.add_marker(pytest.mark.plane)


@pytest.fixture(scope="session")
def binaries() -> Binaries:
    """The plane's programs, from the cache where they are there."""
    return ensure_binaries(Silent())


@pytest.fixture(scope="session")
def plane(binaries: Binaries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    """A running plane. The last worker that used it removes it; a dead worker does not count."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    users = shared / "plane-users"
    users.mkdir(exist_ok=True)
    me = users / str(os.getpid())
    found = Plane(shared / "plane")
    lock = shared / "plane-users.lock"
    try:
        with hold(lock, "start the tests' plane", wait=START_SECONDS):
            me.touch()
            found.start(binaries, Silent())
        yield found
    finally:
        with hold(lock, "remove the tests' plane", wait=START_SECONDS):
            me.unlink(missing_ok=True)
            if not _living(users):
                found.destroy()


@pytest.fixture
def namespace() -> str:
    """A name for a namespace that no other test uses."""
    return f"test-{uuid.uuid4().hex[:8]}"


def _living(users: Path) -> list[int]:
    return [int(user.name) for user in users.iterdir() if psutil.pid_exists(int(user.name))]
