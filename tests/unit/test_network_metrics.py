"""Networks and load balancers expose their metrics in clusters with monitoring."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from components.addon import METRICS, Addon
from components.system.metrics_server import MetricsServerSettings
from tests.addons.examples import target
from tests.addons.upstream import at, unknown_values

SETTINGS: dict[str, dict[str, Any]] = {
    "calico": {},
    "cilium": {},
    "metallb": {
        "pools": [{"name": "a", "addresses": ["10.100.0.0/28"]}],
        "peers": [{"name": "tor", "myASN": 1, "peerASN": 2, "peerAddress": "10.0.0.1"}],
    },
    "kubeVip": {"addresses": ["10.100.0.0/28"]},
}


def addon(key: str, *, monitoring: bool = True) -> Addon:
    plain = target({key: SETTINGS[key]})
    others = {"monitoring": MetricsServerSettings()} if monitoring else {}  # whatever has the key
    watched = replace(plain, addons={**plain.addons, **others})
    return watched.addons[key].addon(watched)


@pytest.mark.parametrize(
    ("key", "path", "on", "off"),
    [
        ("calico", "installation.nodeMetricsPort", 9091, None),
        ("calico", "installation.typhaMetricsPort", 9093, None),
        ("cilium", "prometheus.enabled", True, False),
        ("metallb", "prometheus.serviceMonitor.enabled", True, False),
        ("metallb", "prometheus.prometheusRule.enabled", True, False),
        ("metallb", "frr-k8s.prometheus.serviceMonitor.enabled", True, False),
        ("kubeVip", "podMonitor.enabled", True, False),
    ],
)
def test_metrics_are_open_where_somebody_reads_them(
    key: str, path: str, on: object, off: object
) -> None:
    assert at(addon(key).charts[-1].values, path) == on
    assert at(addon(key, monitoring=False).charts[-1].values, path) == off
    assert len(addon(key).ports) >= len(addon(key, monitoring=False).ports)


def test_hubble_counts_where_somebody_reads_it() -> None:
    enabled = at(addon("cilium").charts[-1].values, "hubble.metrics.enabled")
    assert {"dns", "drop"} <= set(enabled)


@pytest.mark.parametrize("key", ["metallb", "kubeVip"])
def test_monitors_follow_the_kinds_that_they_are(key: str) -> None:
    assert addon(key).needs == (METRICS,)
    assert addon(key, monitoring=False).needs == ()


@pytest.mark.parametrize("key", ["calico", "cilium"])
def test_networks_wait_for_nobody(key: str) -> None:
    """Prometheus needs a network: a network that needs Prometheus would wait for ever."""
    found = addon(key)
    assert found.needs == ()
    text = repr(found.charts)
    assert "serviceMonitor" not in text
    assert "monitoring.coreos.com" not in text


@pytest.mark.parametrize("key", SETTINGS)
def test_every_value_is_one_of_the_chart(key: str) -> None:
    for chart in addon(key).charts:
        values = dict(chart.values)
        assert not unknown_values(chart.name, values) if values else True
