"""Schedules as cron knows them."""

from __future__ import annotations

import pytest

from components.cron import is_schedule


@pytest.mark.parametrize(
    "text",
    [
        "* * * * *",
        "*/5 0-6 1,15 * 1-5",
        "0 3 * jan-mar sun",
        "30 2 ? * *",
        "@hourly",
        "@every 6h",
        "0/15 * * * *",
    ],
)
def test_schedules(text: str) -> None:
    assert is_schedule(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "* * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * 13 *",
        "* * * * 7",
        "@every day",
        "@nightly",
        "*/0 * * * *",
        "5-1 * * * *",
        "a * * * *",
        "@reboot",
        "* * * * * *",
        "1- * * * *",
    ],
)
def test_no_schedules(text: str) -> None:
    assert not is_schedule(text)
