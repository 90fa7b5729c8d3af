"""Charts that an infrastructure needs reach its clusters through the add-on provider."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog import catalog
from components.chart import Chart
from components.infrastructure.in_memory import InMemory
from components.mappings import Manifest
from engine import program
from engine.program import Recording, run_program
from tests.unit.planned import cluster

VALUES = {
    "cluster": {"name": "{{ .Cluster.metadata.name }}", "long": "x " * 90 + "{{ .Cluster.kind }}"},
    "replicas": 2,
    "enabled": True,
}
CHARTS = (Chart("cert-manager", "kube-system", VALUES), Chart("cluster-api-operator", "capi"))


@pytest.fixture
def with_charts(monkeypatch: pytest.MonkeyPatch) -> None:
    def charts(self: InMemory) -> Sequence[Chart]:
        return CHARTS

    monkeypatch.setattr(InMemory, "charts", charts)


def record(folder: Path, **management: Any) -> Recording:
    file = folder / "Pulumi.unit.yaml"
    config = {"caas:management": management, "caas:clusters": [cluster()]}
    file.write_text(yaml.safe_dump({"config": config}))
    return run_program("unit", file)


def proxies(recording: Recording) -> list[Manifest]:
    return [each for each in recording.objects() if each["kind"] == "HelmChartProxy"]


@pytest.mark.usefixtures("with_charts")
def test_every_chart_is_a_proxy_that_selects_the_infrastructure(tmp_path: Path) -> None:
    recording = record(tmp_path, mode="existing", namespace="blue")
    first, second = proxies(recording)
    release = catalog().charts["cert-manager"]
    spec: dict[str, Any] = first["spec"]
    assert first["metadata"]["namespace"] == "blue"
    assert spec["clusterSelector"] == {"matchLabels": {"caas.dev/infrastructure": "in-memory"}}
    assert (spec["repoURL"], spec["chartName"]) == (release.repository, release.name)
    assert spec["version"] == release.version
    assert (spec["releaseName"], spec["namespace"]) == ("cert-manager", "kube-system")
    assert "valuesTemplate" not in second["spec"]
    labelled = [each for each in recording.objects() if each["kind"] == "Cluster"]
    assert labelled[0]["metadata"]["labels"]["caas.dev/infrastructure"] == "in-memory"


@pytest.mark.usefixtures("with_charts")
def test_values_are_yaml_and_go_templates_stay_on_one_line(tmp_path: Path) -> None:
    text = proxies(record(tmp_path, mode="existing"))[0]["spec"]["valuesTemplate"]
    assert yaml.safe_load(text) == VALUES
    assert any("x x" in line and "{{ .Cluster.kind }}" in line for line in text.splitlines())


@pytest.mark.usefixtures("with_charts")
def test_they_are_there_before_the_clusters_and_go_after_them(tmp_path: Path) -> None:
    waves = record(tmp_path, mode="existing").waves()
    place = {each["kind"]: level for level, wave in enumerate(waves) for each in wave}
    assert place["Namespace"] < place["HelmChartProxy"] < place["Cluster"]


@pytest.mark.usefixtures("with_charts")
def test_the_embedded_plane_has_no_add_on_provider(tmp_path: Path) -> None:
    assert not proxies(record(tmp_path, mode="embedded"))


def test_an_infrastructure_without_charts_has_none(tmp_path: Path) -> None:
    assert not proxies(record(tmp_path, mode="existing"))


def test_namespaces_of_a_management_cluster_stay(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """They may be older than the stack, and may hold objects that are not the stack's."""
    stays: dict[str, bool] = {}
    read = program._resource

    def spy(request: Any, urn: str) -> program.Resource:
        stays[f"{request.type} {request.name}"] = bool(request.retainOnDelete)
        return read(request, urn)

    monkeypatch.setattr(program, "_resource", spy)
    record(tmp_path, mode="existing", addons={"certManager": {}})
    found = {name: kept for name, kept in stays.items() if "management-cert-manager" in name}
    assert {name.rpartition(":")[2]: kept for name, kept in found.items()} == {
        "Namespace management-cert-manager-namespace-cert-manager": True,
        "Release management-cert-manager": False,
    }
