"""What every test needs."""

from __future__ import annotations

import signal

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# A runner in the background ignores Ctrl-C, and its children would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

TOGETHER = (
    "test_addon_delivery",
    "test_admission",
    "test_api_server_config",
    "test_as_a_user",
    "test_aws_controller",
    "test_drift_told",
    "test_infrastructures",
    "test_kubeadm",
    "test_plane_robust",
    "test_site",
    "test_volumes_move",
    "test_volumes_refused",
)
"""Files whose tests share what takes a minute to make; each stays on one worker.

xdist's own groups do nothing with pytest 9.2: they change a name that pytest no longer reads.
"""


class Together(LoadScopeScheduling):
    """Hands out single tests, and the tests of some files together."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if file.endswith(tuple(f"{name}.py" for name in TOGETHER)) else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Together:
    """The scheduler of a run in parallel."""
    return Together(config, log)
