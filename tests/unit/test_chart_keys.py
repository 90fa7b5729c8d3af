"""The committed keys of charts are those of the charts, from wherever they are taken."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from catalog import catalog
from tests.addons import chart_keys
from tests.addons.chart_keys import KEYS, Values, chart_of, known, written
from tests.addons.upstream import WITHOUT_KEYS, unknown_values, values_of

TEXT = """
# comment: 1
image: { repository: x, tag: "" }
extra: {}
# - other: 2
replicas: 2
config:
  level: ${Level}
"""


def test_every_chart_of_the_catalog_has_keys_and_no_other_has() -> None:
    ours = {chart_of(entry) for entry in catalog().charts}
    assert {path.stem for path in KEYS.glob("*.txt")} == ours - WITHOUT_KEYS


@pytest.mark.parametrize("file", sorted(KEYS.glob("*.txt")), ids=lambda file: file.stem)
def test_they_are_those_of_the_chart(file: Path) -> None:
    expected = written(values_of(file.stem))
    assert file.read_text() == expected, "run: python -m tests.addons.chart_keys"


def test_what_is_written_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chart_keys, "KEYS", tmp_path)
    (tmp_path / "one.txt").write_text(written(Values("one", "1.0", TEXT, {})))
    tree, commented = known.__wrapped__("one")
    image = {"repository": (), "tag": None}
    assert tree == {"image": image, "extra": None, "replicas": (), "config": {"level": None}}
    assert commented == {"comment", "other"}


@pytest.mark.parametrize("is_archive", [True, False])
def test_they_come_from_an_archive_or_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_archive: bool
) -> None:
    monkeypatch.setattr(chart_keys, "KEYS", tmp_path)
    chart = tmp_path / "metallb"
    chart.mkdir()
    (chart / "Chart.yaml").write_text("name: metallb\nversion: 9.9.9\n")
    (chart / "values.yaml").write_text(TEXT)
    place = chart
    if is_archive:
        place = tmp_path / "metallb-9.9.9.tgz"
        with tarfile.open(place, "w:gz") as archive:
            archive.add(chart, "metallb")
    chart_keys.main([str(place)])
    assert (tmp_path / "metallb.txt").read_text().startswith("# metallb 9.9.9: ")


def test_a_value_that_no_chart_knows_is_found() -> None:
    assert unknown_values("metallb", {"controler": {}}) == ["controler"]
    assert unknown_values("metallb", {"controller": {"imag": {}}}) == ["controller.imag"]
    assert unknown_values("metallb", {"controller": {"enabled": {"a": 1}}})
    assert not unknown_values("metallb", {"imagePullSecrets": [{"name": "x"}]})
