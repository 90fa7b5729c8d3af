"""`up` is not over while a controller has yet to look at a change: each is stopped in turn."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from stand import Settings, Stand, stand_on

from components.cluster_object import CONTROL_PLANE
from errors import CaasError
from errors.program import WAIT_TIMED_OUT
from plane.binaries import Binaries
from plane.plane import Plane
from plane.progress import Silent

pytestmark = pytest.mark.plane
DELAY = 8.0
"""Seconds that a controller is stopped: `up` looks once a second, and the counts of before stay for
two."""


@pytest.fixture(scope="module")
def stand(binaries: Binaries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    folder = tmp_path_factory.mktemp("begins")
    own = Plane(folder / "plane")  # controllers are stopped, which other tests must not meet
    try:
        own.start(binaries, Silent())
        with stand_on(own, folder, "begins") as stand:
            pools = [{"name": "general", "replicas": 1}]
            cluster = {"name": "one", "version": "1.36.3", "workerPools": pools}
            stand.write(clusters=[cluster | {"controlPlane": {"replicas": 1}}])
            stand.up()
            yield stand
    finally:
        own.destroy()


@contextmanager
def stopped(plane: Plane, name: str) -> Iterator[None]:
    (pid,) = (each.pid for each in plane.processes() if each.name == name and each.pid)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def reconfigure(stand: Stand, group: str, limit: int) -> None:
    """Another setting of the kubelet, which replaces the machines of a group."""

    def mutate(cluster: Settings) -> None:
        found: dict[str, Any] = cluster["controlPlane"]
        if group != CONTROL_PLANE:
            (found,) = (each for each in cluster["workerPools"] if each["name"] == group)
        found["kubelet"] = {"podPidsLimit": limit}

    stand.change("one", mutate)


@pytest.mark.parametrize(
    ("manager", "group"),
    [
        ("control-plane-manager", CONTROL_PLANE),
        ("core-manager", CONTROL_PLANE),
        ("core-manager", "general"),
    ],
)
def test_up_waits_for_a_controller_that_is_late(
    stand: Stand, request: pytest.FixtureRequest, manager: str, group: str
) -> None:
    before = {each["metadata"]["uid"] for each in stand.machines("one", group)}
    reconfigure(stand, group, 2048 + len(request.node.name))
    plan = stand.apply()  # webhooks of the managers have to answer
    with stopped(stand.plane, manager):
        session = stand.session()
        with pytest.raises(CaasError) as caught:
            list(session.watch(DELAY, session.settled(plan)))
    assert caught.value.problems[0].code is WAIT_TIMED_OUT
    session = stand.session()
    stand.wait(session.settled(plan), session=session)
    after = {each["metadata"]["uid"] for each in stand.machines("one", group)}
    assert len(after) == len(before) == 1
    assert not after & before
