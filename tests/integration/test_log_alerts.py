"""Every alert on collectors fires when it shall and is quiet when it shall, says promtool."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.logging.search import alerts
from plane.binaries import tools
from plane.progress import Silent

pytestmark = pytest.mark.plane

LIMIT = 60
RULES: list[dict[str, Any]] = alerts("logging")["spec"]["groups"][0]["rules"]
DROPPED = 'fluentbit_filter_drop_records_total{name="records",pod="a"}'
LOST = 'fluentbit_output_dropped_records_total{name="store",pod="a"}'
RETRIES = 'fluentbit_output_retries_total{name="siem",pod="a"}'
TAKEN = 'fluentbit_output_proc_records_total{name="siem",pod="a"}'
CASES: dict[str, dict[str, Any]] = {
    "LogsLimited": {
        "fires": {DROPPED: "0+120x60"},
        "quiet": {DROPPED: "0+30x60"},
        "labels": {"pod": "a"},
        "summary": "a drops lines",
    },
    "LogsLost": {
        "fires": {LOST: "0+1x60"},
        "quiet": {LOST: "5x60"},
        "labels": {"name": "store"},
        "summary": "Lines for store are lost",
    },
    "LogDestinationSilent": {
        "fires": {RETRIES: "0+1x60", TAKEN: "7x60"},
        "quiet": {RETRIES: "0+1x60", TAKEN: "0+100x60"},
        "labels": {"name": "siem"},
        "summary": "siem takes no logs",
    },
}


@pytest.fixture(scope="module")
def promtool() -> Path:
    return tools.prometheus(Silent()) / "promtool"


def test_every_alert_has_a_case() -> None:
    assert [rule["alert"] for rule in RULES] == list(CASES)


def test_alerts_fire_and_are_quiet(promtool: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(yaml.safe_dump(alerts("logging")["spec"]))
    tests = [
        {
            "name": f"{alert} {name}",
            "interval": "1m",
            "input_series": [{"series": key, "values": text} for key, text in case[name].items()],
            "alert_rule_test": [
                {
                    "eval_time": "50m",
                    "alertname": alert,
                    "exp_alerts": [_expected(alert, case)] if name == "fires" else [],
                }
            ],
        }
        for alert, case in CASES.items()
        for name in ("fires", "quiet")
    ]
    file = tmp_path / "tests.yaml"
    file.write_text(yaml.safe_dump({"rule_files": [str(rules)], "tests": tests}))
    for command in (["check", "rules", str(rules)], ["test", "rules", str(file)]):
        said = subprocess.run(
            [str(promtool), *command], capture_output=True, text=True, timeout=LIMIT, check=False
        )
        assert said.returncode == 0, said.stdout + said.stderr


def _expected(alert: str, case: dict[str, Any]) -> dict[str, Any]:
    rule = next(rule for rule in RULES if rule["alert"] == alert)
    notes = rule["annotations"] | {"summary": case["summary"]}
    return {"exp_labels": rule["labels"] | case["labels"], "exp_annotations": notes}
