"""Settings and hooks for all tests."""

from __future__ import annotations

import os
import signal

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# A runner in the background ignores Ctrl-C, and its children would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Collecting garbage less often saves CPU time of planes, for more memory: with 400 the API server
# of the shared plane took 7 GB.
os.environ.setdefault("GOGC", "200")


@pytest.fixture(autouse=True)
def _no_builds(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes a build or a download of programs fail at once, outside of tests of the plane.

    Such a test would take minutes on a machine whose cache is empty, and none on others. Tests of
    the builds themselves set these variables for their own small modules.
    """
    if request.node.get_closest_marker("plane") is None:
        monkeypatch.setenv("GOFLAGS", "-toolexec=false")
        monkeypatch.setenv("GOPROXY", "off")
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        for name in [name for name in os.environ if name.endswith("_MIRROR")]:
            monkeypatch.delenv(name)


TOGETHER = (
    "test_addon_delivery",
    "test_admission",
    "test_api_server_config",
    "test_as_a_user",
    "test_aws_controller",
    "test_clusters_move",
    "test_drift_told",
    "test_infrastructures",
    "test_kubeadm",
    "test_management_requirements",
    "test_plane_clusters",
    "test_plane_robust",
    "test_rollout_begins",
    "test_site",
    "test_volumes_move",
    "test_volumes_refused",
)
"""Files whose tests share what takes a minute to make, or objects of all namespaces; each stays on
one worker.

xdist's own groups do nothing with pytest 9.2: they change a name that pytest no longer reads.
"""


LONGEST = (
    "test_every_change_does_what_the_preview_said",
    "test_an_autoscaler_and_the_file_do_not_fight",
    "test_the_class_changes_and_clusters_come_and_go",
    "test_what_preview_says_is_what_happens",
)
"""Tests of minutes. They begin first, so that no worker is left with one of them at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Moves the longest tests to the front; the order of the others stays."""
    items.sort(key=lambda item: item.name not in LONGEST)


class Together(LoadScopeScheduling):
    """Hands out single tests, and the tests of some files together."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if file.endswith(tuple(f"{name}.py" for name in TOGETHER)) else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Together:
    """The scheduler of a run in parallel."""
    return Together(config, log)
