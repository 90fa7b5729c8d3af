"""The estimate of the time that builds take: from the cost of programs and this machine's pace."""

from __future__ import annotations

import pytest

from plane.binaries.host import Host
from plane.binaries.recipe import plane
from plane.binaries.report import LINK, BuildWork, StepReport
from plane.progress import Silent


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Told(Silent):
    def __init__(self) -> None:
        self.details: list[str] = []
        self.left: list[float | None] = []

    def advance(
        self,
        done: float,
        total: float | None = None,
        detail: str = "",
        *,
        left: float | None = None,
    ) -> None:
        self.details.append(detail)
        self.left.append(left)


def test_the_estimate_follows_the_pace_and_the_costs() -> None:
    clock = Clock()
    work = BuildWork({"small": 300 - LINK, "large": 900 - LINK}, clock)
    step = Told()
    report = StepReport(step, work, "small")
    work.begin()
    report(0, None, "looking for modules")
    clock.now += 30
    report(50, 100)
    assert step.left == [None, pytest.approx(30 / 150 * 1050)]
    assert step.details == ["looking for modules, 2 programs left", "2 programs left"]
    clock.now += 30
    work.end("small")
    StepReport(step, work, "large")(0, 10)
    assert step.left[-1] == pytest.approx(60 / 300 * 900)
    assert step.details[-1] == "1 program left"
    clock.now += 180
    StepReport(step, work, "large")(10, 10)
    assert step.left[-1] == pytest.approx(0)


def test_a_download_says_nothing_about_the_pace_of_builds() -> None:
    clock = Clock()
    work = BuildWork({"released": 5000, "built": 400 - LINK}, clock)
    work.downloaded("released")
    work.begin()
    clock.now += 20
    assert work.seconds_left("built", 0.5) == pytest.approx(20)


def test_every_program_of_the_plane_has_a_cost_of_its_own() -> None:
    programs = plane(Host("linux", "amd64")).programs
    assert all(program.packages > 0 for program in programs)
    costs = {program.name: program.packages for program in programs}
    assert max(costs, key=lambda name: costs[name]) == "kube-apiserver"


def test_the_name_of_a_class_does_not_decide_whether_everything_is_built_anew() -> None:
    """The programs of 1.14.2 for linux-amd64 are in caches under this key."""
    key = plane(Host("linux", "amd64")).key
    assert "cluster-api-1.14.2" not in key or key.endswith("-3705ea8e")
