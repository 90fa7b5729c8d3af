"""Rules that every add-on must keep; each key of `Addons` is tested."""

from __future__ import annotations

import json

import pytest

from catalog import catalog
from catalog.namespaces import privileged_namespaces
from cli.addon_pages import settings_class as class_of
from components.addon import EXCLUSIVE, Addon
from components.addon_settings import AddonSettings
from stacks.settings.addons import Addons
from tests.addons.examples import addon, fullest
from tests.addons.upstream import misplaced, unknown_values

FIELDS = Addons.model_fields_by_alias()
REFUSED = {"ingressNginx"}
"""Accepted by the schema only so that the refusal in a stack file says why."""
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


@pytest.mark.parametrize("key", KEYS)
def test_the_fullest_example_leaves_no_field_out(key: str) -> None:
    """Folders beside a stack file are the exception: an example has none."""
    shared = set(AddonSettings.model_fields_by_alias())
    fields = set(settings_class(key).model_fields_by_alias()) - shared
    entries = [
        dict(settings_class(key).EXAMPLE),
        *(each["settings"] for each in fullest().get(key, ())),
    ]
    written = {field for entry in entries for field in entry}
    assert fields - written <= ({"dashboards", "rules"} if key == "monitoring" else set())


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
    assert {name for name, level in levels if level == "privileged"} <= set(privileged_namespaces())


def test_its_roles_are_known(example: Addon) -> None:
    others = {role for key in KEYS for role in _roles(key)}
    assert set(example.needs) <= others | set(EXCLUSIVE)
    assert example.ready, "how does one see that it works?"


def _roles(key: str) -> tuple[str, ...]:
    return addon(key, dict(settings_class(key).EXAMPLE)).provides
