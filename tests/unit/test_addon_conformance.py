"""What every add-on must keep; a new one is tried by being in `Addons`."""

from __future__ import annotations

import json

import pytest

from catalog import catalog
from cli.addon_pages import settings_class as class_of
from components.addon import EXCLUSIVE, Addon, AddonSettings
from components.addons import Addons
from policies.rules.tenancy import PRIVILEGED
from tests.addons.examples import addon
from tests.addons.upstream import misplaced, unknown_values

FIELDS = Addons.model_fields_by_alias()
REFUSED = {"ingressNginx"}
"""Known only so that a stack file which names them is told why they are refused."""
KEYS = [key for key in FIELDS if key not in REFUSED]


def settings_class(key: str) -> type[AddonSettings]:
    return class_of(FIELDS[key].annotation)


@pytest.fixture(params=KEYS)
def example(request: pytest.FixtureRequest) -> Addon:
    return addon(request.param, dict(settings_class(request.param).EXAMPLE))


def test_it_has_a_title_a_sentence_and_a_description(example: Addon) -> None:
    kind = settings_class(example.name)
    assert kind.TITLE
    assert kind.SUMMARY.endswith(".")
    assert FIELDS[example.name].description
    for name, field in kind.model_fields.items():
        assert field.description, f"{example.name}.{name}"


def test_its_charts_are_in_the_catalog(example: Addon) -> None:
    for chart in example.charts:
        release = catalog().charts[chart.name]
        assert release.kubernetes, f"{chart.name} has no range of Kubernetes versions"
        json.dumps(chart.values)


def test_every_value_is_one_of_the_chart(example: Addon) -> None:
    for chart in example.charts:
        if chart.values:
            assert not unknown_values(chart.name, chart.values), chart.name


def test_images_stand_where_the_catalog_says(example: Addon) -> None:
    for chart in example.charts:
        assert not misplaced(chart.name, chart.values), chart.name


def test_its_objects_are_whole_and_hold_no_secrets(example: Addon) -> None:
    for manifest in example.objects:
        assert set(manifest) >= {"apiVersion", "kind", "metadata"}
        assert manifest["kind"] not in ("Secret", "Namespace")
        assert manifest["metadata"]["name"]
        json.dumps(manifest)


def test_namespaces_of_its_charts_are_its_own_or_the_systems(example: Addon) -> None:
    used = {chart.namespace for chart in example.charts}
    assert used <= {*example.namespaces, "kube-system"}


def test_what_is_privileged_is_known_to_the_policies(example: Addon) -> None:
    levels = example.namespaces.items()
    assert {name for name, level in levels if level == "privileged"} <= set(PRIVILEGED)


def test_its_roles_are_known(example: Addon) -> None:
    others = {role for key in KEYS for role in _roles(key)}
    assert set(example.needs) <= others | set(EXCLUSIVE)
    assert example.ready, "how does one see that it works?"


def _roles(key: str) -> tuple[str, ...]:
    return addon(key, dict(settings_class(key).EXAMPLE)).provides
