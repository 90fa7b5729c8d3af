"""The application store: entries, their forms and amounts, shelves, and `./caas store`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog import APPS, catalog
from components.store.amounts import Amount
from components.store.entry import AppEntry, AppState
from components.store.form import Changes, FormField, fault_of_change
from components.store.shelf import names, recommended
from errors import CaasError, Code
from errors.stack_file import OUT_OF_RANGE, UNKNOWN_CHOICE, UNKNOWN_KEY, WRONG_TYPE
from errors.store import APP_UNKNOWN, ENTRY_INCONSISTENT, STORE_ENTRY_NOT_FOUND
from stacks.settings.shelves import Shelves, Store
from tests.addons.chart_keys import APP_KEYS, known
from tests.addons.upstream import unknown_keys
from tests.unit.command_line import within

ENTRY = """\
title: Prices
summary: The prices of the shop.
categories: [shop]
owner: shop
home: https://prices.example.com
licence: MIT
chart: oci://registry.example.com/charts/prices
takes: {cpu: replicas * 250m, memory: replicas * 1Gi}
form:
  replicas: {title: Pods, type: count, default: 1, least: 1, most: 3, at: replicas}
versions:
  - {version: 1.0.0}
"""
DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("replicas * 250m", Fraction(3, 4)),
        ("(replicas + 1) * 1Gi", Fraction(4 * 2**30)),
        ("max(replicas, 5) - 0.5", Fraction(9, 2)),
        ("2", Fraction(2)),
    ],
)
def test_amounts(text: str, value: Fraction) -> None:
    assert Amount(text).value({"replicas": Fraction(3)}) == value


@pytest.mark.parametrize(
    "text",
    [
        "replicas **",
        "__import__('os')",
        "replicas.real",
        "'a' * 3",
        "replicas ** 9",
        "1 if 1 else 2",
        "True",
        "print(1)",
        "[1]",
        "x" * 300,
    ],
)
def test_what_is_no_arithmetic(text: str) -> None:
    with pytest.raises(ValueError, match=r"it is|is no arithmetic"):
        Amount(text)


@pytest.mark.parametrize("text", ["nodes * 2", "1 / (replicas - 3)"])
def test_amounts_without_a_value(text: str) -> None:
    with pytest.raises(ValueError, match=r"there is no number|divides by zero"):
        Amount(text).value({"replicas": Fraction(3)})


FIELDS: dict[str, dict[str, Any]] = {
    "count": {"type": "count", "least": 1, "most": 10},
    "size": {"type": "size", "least": "1Gi", "most": "1Ti"},
    "cpu": {"type": "cpu", "most": 4},
    "text": {"type": "text", "pattern": "[a-z]+"},
    "line": {"type": "text"},
    "flag": {"type": "flag"},
    "choice": {"type": "choice", "choices": ["16", "17"]},
    "host": {"type": "host"},
}


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("count", [1, 10], [0, 11, "1", True, 1.5, None]),
        ("size", ["1Gi", "1024Mi", "1Ti"], ["1", 5, "2Ti", "512Mi", "1 Gi", "-1Gi"]),
        ("cpu", ["500m", 2, "4"], ["4001m", 0, True, "0m", "1.5"]),
        ("text", ["abc"], ["a1", "", 3]),
        ("line", ["a: b", "{a}"], ["a\nb", "{{ .Values }}", "x" * 300]),
        ("flag", [True, False], ["true", 1]),
        ("choice", ["16"], [16, "18"]),
        ("host", ["a.example.com"], ["a_b", "https://a", "A.example.com"]),
    ],
)
def test_values_of_a_form(field: str, good: list[Any], bad: list[Any]) -> None:
    form = FormField.model_validate({"title": "a", "at": "a", **FIELDS[field]})
    assert form.inconsistency() == ""
    assert [form.fault(value) for value in good] == [""] * len(good)
    assert all(form.fault(value) for value in bad)


@pytest.mark.parametrize(
    ("changes", "old", "new", "allowed"),
    [
        ("always", "2Gi", "1Gi", True),
        ("grows", "1Gi", "2Gi", True),
        ("grows", "2Gi", "1024Mi", False),
        ("never", "1Gi", "2Gi", False),
        ("never", "1Gi", "1Gi", True),
    ],
)
def test_changes_after_the_install(changes: str, old: str, new: str, allowed: bool) -> None:
    assert (fault_of_change(Changes(changes), old, new) == "") is allowed


def shelf(root: Path, text: str, name: str = "prices") -> Shelves:
    """A store with an internal shelf of one entry."""
    folder = root / "apps" / name
    folder.mkdir(parents=True)
    (folder / "app.yaml").write_text(text)
    store = Store.model_validate({"internal": [{"name": "internal", "folder": "apps"}]})
    return Shelves(store, root)


def changed(old: str, new: str) -> str:
    assert old in ENTRY
    return ENTRY.replace(old, new)


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        (
            changed("{version: 1.0.0}", "{version: 1.0.0, state: listed}"),
            ENTRY_INCONSISTENT,
            12,
            29,
        ),
        (changed("{version: 1.0.0}", "{version: 1.0}"), WRONG_TYPE, 12, 15),
        (changed("default: 1,", "default: 9,"), ENTRY_INCONSISTENT, 10, 13),
        (changed("replicas * 250m", "pods * 250m"), ENTRY_INCONSISTENT, 8, 14),
        (changed("replicas * 1Gi", "replicas ** 2"), ENTRY_INCONSISTENT, 8, 39),
        (changed("owner: shop", "owner: shop\nlicense: MIT"), UNKNOWN_KEY, 5, 1),
        (changed("type: count", "type: number"), UNKNOWN_CHOICE, 10, 33),
        (changed("categories: [shop]", "categories: []"), OUT_OF_RANGE, 3, 13),
        (changed("oci:", "https:"), WRONG_TYPE, 7, 8),
    ],
)
def test_problems_of_an_entry(
    tmp_path: Path, text: str, code: Code, line: int, column: int
) -> None:
    with pytest.raises(CaasError) as caught:
        shelf(tmp_path, text).all()
    where = caught.value.problems[0].where
    assert caught.value.problems[0].code is code
    assert (where.line, where.column) == (line, column)
    assert where.file == str(tmp_path / "apps/prices/app.yaml")


@pytest.mark.parametrize(
    "version",
    [
        {"version": "1.0.0", "state": "deprecated", "digest": DIGEST},
        {"version": "1.0.0", "state": "withdrawn", "digest": DIGEST},
    ],
)
def test_states_say_why(tmp_path: Path, version: Mapping[str, str]) -> None:
    text = yaml.safe_dump(yaml.safe_load(ENTRY) | {"versions": [version]})
    with pytest.raises(CaasError) as caught:
        shelf(tmp_path, text).all()
    assert caught.value.problems[0].code is ENTRY_INCONSISTENT


def entry(**more: Any) -> AppEntry:
    return AppEntry.model_validate(yaml.safe_load(ENTRY) | more)


def test_the_newest_listed_version() -> None:
    listed = {"state": "listed", "digest": DIGEST}
    versions = [
        {"version": "1.9.0", **listed},
        {"version": "1.10.0", **listed},
        {"version": "1.11.0-rc.1", **listed},
        {"version": "1.11.0", "digest": DIGEST},
    ]
    newest = entry(versions=versions).newest
    assert newest
    assert newest.version == "1.11.0-rc.1"
    assert entry().newest is None


def test_values_and_amounts_of_an_install() -> None:
    found = entry(
        fixed={"replicas": 2, "a": {"b": 1}}, stays={"what": "it", "deleteWith": {"x": 1}}
    )
    assert found.values({"replicas": 3}) == {"replicas": 2, "a": {"b": 1}}  # fixed ones win
    assert found.values({}, delete_data=True)["x"] == 1
    assert found.amounts({"replicas": 3}) == {
        "cpu": Fraction(3, 4),
        "memory": Fraction(3 * 2**30),
        "storage": 0,
        "pods": 1,
    }


def test_what_differs_in_a_version() -> None:
    form = {"size": {"title": "Size", "type": "size", "default": "1Gi", "at": "size"}}
    version = {"version": "2.0.0", "form": form, "takes": {"storage": "size"}}
    found = entry(versions=[{"version": "1.0.0"}, version])
    second = found.version("2.0.0")
    assert second
    assert found.of(second).amounts({})["storage"] == 2**30


@pytest.mark.parametrize("name", names(APPS))
def test_recommended_entries(name: str) -> None:
    found = recommended(name)
    assert found.chinese
    assert [each.at for each in found.form.values()]
    for release in catalog().kubernetes_versions:
        assert release in found.specifiers
    given = {key: each.default or "name" for key, each in found.form.items()}
    tree, commented = known(found.chart.rpartition("/")[2], APP_KEYS)
    assert not list(unknown_keys(found.values(given, delete_data=True), tree, commented, ""))
    assert all(amount > 0 for key, amount in found.amounts(given).items() if key != "storage")


def test_no_entry_has_an_invented_digest() -> None:
    """Registries of charts are out of reach where this repository is written: all are drafts."""
    states = {each.state for name in names(APPS) for each in recommended(name).versions}
    assert states == {AppState.DRAFT}


def test_an_entry_that_is_not_there() -> None:
    with pytest.raises(CaasError) as caught:
        recommended("valky")
    assert caught.value.problems[0].code is APP_UNKNOWN
    assert "valkey" in caught.value.problems[0].fix


class TestCommand:
    @pytest.fixture(autouse=True)
    def stacks(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        shelf(tmp_path, ENTRY)
        store = "{internal: [{name: internal, folder: apps}]}"
        (tmp_path / "Pulumi.shop.yaml").write_text(f"config:\n  caas:store: {store}\n")
        monkeypatch.setenv("CAAS_STACKS", str(tmp_path))
        monkeypatch.setenv("CAAS_STATE", str(tmp_path / "state"))

    def test_list_and_search(self) -> None:
        done = within("store", "list", "--stack", "shop")
        first = [line.split()[0] for line in done.out.splitlines()]
        assert first == ["NAME", *names(APPS), "internal/prices"]
        done = within("store", "search", "price", "--stack", "shop", "--output", "json")
        (found,) = json.loads(done.out)["entries"]
        assert (found["name"], found["newest"]) == ("internal/prices", None)
        done = within("store", "search", "nothing-of-this", "--stack", "shop")
        assert done.out == "The store has no such entry.\n"

    def test_show(self) -> None:
        done = within("store", "show", "internal/prices", "--stack", "shop")
        assert "replicas  count  1        1 to 3  always   Pods" in done.out
        done = within("store", "show", "valkey", "--stack", "shop", "--output", "json")
        assert json.loads(done.out)["form"]["storage"]["changes"] == "never"
        assert within("store", "show", "--stack", "shop").status == 64
        done = within("store", "show", "internal/price", "--stack", "shop")
        assert STORE_ENTRY_NOT_FOUND.id in done.err
        assert "Did you mean `internal/prices`?" in done.err

    def test_check(self, tmp_path: Path) -> None:
        done = within("store", "check", "--stack", "shop", "--output", "json")
        drafts = [each["entry"] for each in json.loads(done.out)["drafts"]]
        assert drafts == [*names(APPS), "internal/prices"]
        (tmp_path / "apps/prices/app.yaml").write_text("title: 3\n")
        done = within("store", "check", "--stack", "shop")
        assert done.status == 1
        assert "apps/prices/app.yaml:1:8" in done.err
