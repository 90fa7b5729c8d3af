"""A real Prometheus and a real Alertmanager, as processes on the loopback address."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3
import yaml

from components.facts import TenantFacts
from components.observability.alert_settings import Alerts
from components.observability.alertmanager import configuration
from tests.integration.kubectl import eventually
from tests.observability.sinks import LOOPBACK

START_SECONDS, END_SECONDS = 60.0, 20.0
QUICK = {"wait": "1s", "interval": "1s"}
HTTP = urllib3.PoolManager(retries=False, timeout=10.0)


@dataclass(frozen=True)
class Alertmanager:
    """A running Alertmanager.

    Attributes:
        url: its address.
        amtool: its tool.
        file: its configuration.
    """

    url: str
    amtool: Path
    file: Path

    @property
    def told(self) -> dict[str, Any]:
        """The configuration of a Prometheus that sends its alerts here."""
        targets = [{"targets": [self.url.removeprefix("http://")]}]
        return {"alerting": {"alertmanagers": [{"static_configs": targets}]}}

    def tool(self, *arguments: str) -> str:
        """The output of amtool, which must succeed."""
        done = subprocess.run(
            [str(self.amtool), f"--alertmanager.url={self.url}", *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def tell(self, *alerts: Mapping[str, str], summary: str = "something is wrong") -> None:
        """Posts alerts, as Prometheus does, by their labels."""
        body = [{"labels": labels, "annotations": {"summary": summary}} for labels in alerts]
        answer = HTTP.request("POST", f"{self.url}/api/v2/alerts", json=body)
        assert answer.status == 200, answer.data

    def status(self, name: str) -> dict[str, Any]:
        """The status of the alert of a name."""
        found = json.loads(HTTP.request("GET", f"{self.url}/api/v2/alerts").data)
        (alert,) = (each for each in found if each["labels"]["alertname"] == name)
        return dict(alert["status"])


@contextmanager
def alertmanager(
    programs: Path,
    folder: Path,
    alerts: Mapping[str, Any],
    secrets: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    *,
    tenants: Sequence[TenantFacts] = (),
    platform: Sequence[str] = (),
) -> Iterator[Alertmanager]:
    """Runs Alertmanager with the configuration that a stack file's `alerts` make.

    Args:
        programs: the folder with `alertmanager` and `amtool`.
        folder: for its files.
        alerts: as a stack file writes them; groups are sent after a second.
        secrets: the content of the Secrets, by `name/key`.
        environment: more variables of its process.
        tenants: of the cluster.
        platform: patterns of the platform's namespaces.
    """
    folder.mkdir()
    for name, content in (secrets or {}).items():
        file = folder / "secrets" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    settings = Alerts.model_validate({"grouping": QUICK} | dict(alerts))
    made = configuration(settings, str(folder / "secrets"), tenants, platform)
    file = folder / "alertmanager.yaml"
    file.write_text(yaml.safe_dump(made))
    port = _free_port()
    arguments = [
        f"--config.file={file}",
        f"--storage.path={folder / 'data'}",
        f"--web.listen-address={LOOPBACK}:{port}",
        "--cluster.listen-address=",
    ]
    with _running(programs / "alertmanager", arguments, folder, port, environment) as url:
        yield Alertmanager(url, programs / "amtool", file)


@contextmanager
def prometheus(
    programs: Path,
    folder: Path,
    target: str,
    rules: Sequence[Any] = (),
    more: Mapping[str, Any] | None = None,
) -> Iterator[str]:
    """Runs Prometheus: it scrapes `target` each second, and takes remote write.

    Args:
        programs: the folder with `prometheus`.
        folder: for its files.
        target: the address of what it scrapes.
        rules: PrometheusRule objects, as they are delivered.
        more: of its configuration.
    """
    folder.mkdir()
    for each in rules:
        text = yaml.safe_dump(each["spec"])
        (folder / f"rule-{each['metadata']['name']}.yaml").write_text(text)
    config = {
        "global": {
            "scrape_interval": "1s",
            "evaluation_interval": "1s",
            "external_labels": {"cluster": "shop"},
        },
        "rule_files": [str(folder / "rule-*.yaml")],
        "scrape_configs": [
            {
                "job_name": "test",
                "honor_labels": True,
                "static_configs": [{"targets": [target.removeprefix("http://")]}],
            }
        ],
        **(more or {}),
    }
    file = folder / "prometheus.yaml"
    file.write_text(yaml.safe_dump(config))
    port = _free_port()
    arguments = [
        f"--config.file={file}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={LOOPBACK}:{port}",
        "--rules.alert.resend-delay=1s",
        "--web.enable-remote-write-receiver",
    ]
    with _running(programs / "prometheus", arguments, folder, port, None) as url:
        yield url


def _free_port() -> int:
    """A port of the system's choice, so that tests beside each other choose different ones."""
    with socket.socket() as found:
        found.bind((LOOPBACK, 0))
        return int(found.getsockname()[1])


def samples(url: str, expression: str) -> list[Any]:
    """The answer of a running Prometheus to an expression."""
    answer = HTTP.request("GET", f"{url}/api/v1/query", fields={"query": expression})
    return list(json.loads(answer.data)["data"]["result"])


@contextmanager
def _running(
    program: Path,
    arguments: Sequence[str],
    folder: Path,
    port: int,
    environment: Mapping[str, str] | None,
) -> Iterator[str]:
    log, url = folder / "log", f"http://{LOOPBACK}:{port}"
    with log.open("w") as file:
        process = subprocess.Popen(
            [str(program), *arguments],
            env={**os.environ, **(environment or {})},
            stdout=file,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
    try:
        eventually(lambda: process.poll() is not None or _is_ready(url), START_SECONDS)
        assert process.poll() is None, log.read_text()
        yield url
    finally:
        process.terminate()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(END_SECONDS)


def _is_ready(url: str) -> bool:
    try:
        return HTTP.request("GET", f"{url}/-/ready").status == 200
    except urllib3.exceptions.HTTPError:
        return False
