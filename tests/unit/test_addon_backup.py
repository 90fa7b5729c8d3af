"""Velero: the values of its chart, and the settings that are refused."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from catalog import catalog
from components.addon import SNAPSHOTS
from components.delivery.contents import contents
from components.delivery.rules import check_target
from errors import Code, storage
from errors.addons import ADDON_NEEDS
from tests.addons.examples import addon, cluster, target
from tests.addons.upstream import defaults, unknown_values

MAIN = {"name": "main", "bucket": "backups", "region": "eu-central-1", "secret": "credentials"}
PEM = "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n"


def found(velero: dict[str, Any]) -> list[tuple[Code, tuple[str | int, ...]]]:
    files = {"volumes": "files"}
    return [(each.code, each.path[1:]) for each in check_target(target({"velero": velero | files}))]


def values(velero: dict[str, Any]) -> Any:
    return addon("velero", velero).charts[0].values


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({}, []),
        ({"locations": [MAIN, MAIN | {"name": "b", "default": True}]}, []),
        (
            {"locations": [MAIN, MAIN | {"name": "b"}]},
            [(storage.DEFAULT_LOCATION, ("locations",))],
        ),
        (
            {
                "locations": [
                    MAIN | {"default": True},
                    MAIN | {"name": "b", "default": True},
                ]
            },
            [(storage.DEFAULT_LOCATION, ("locations",))],
        ),
        (
            {"locations": [MAIN | {"default": True}, MAIN]},
            [(storage.DUPLICATE_BACKUP_NAME, ("locations", 1, "name"))],
        ),
        (
            {"locations": [{"name": "main", "bucket": "backups"}]},
            [(storage.INCOMPLETE_LOCATION, ("locations", 0))],
        ),
        (
            {"locations": [{"name": "main", "kind": "azure", "bucket": "backups"}]},
            [(storage.INCOMPLETE_LOCATION, ("locations", 0))],
        ),
        ({"locations": [{"name": "main", "kind": "gcs", "bucket": "backups"}]}, []),
        (
            {"schedules": [{"name": "nightly", "time": "3am"}]},
            [(storage.BAD_BACKUP_TIME, ("schedules", 0, "time"))],
        ),
        (  # Velero's cron knows no day 7
            {"schedules": [{"name": "sundays", "time": "0 3 * * 7"}]},
            [(storage.BAD_BACKUP_TIME, ("schedules", 0, "time"))],
        ),
        ({"schedules": [{"name": "often", "time": "@every 6h"}]}, []),
        (
            {"schedules": [{"name": "nightly", "time": "@daily", "location": "offsite"}]},
            [(storage.UNKNOWN_BACKUP_LOCATION, ("schedules", 0, "location"))],
        ),
        (
            {
                "locations": [MAIN | {"default": True}, MAIN | {"name": "b", "readOnly": True}],
                "schedules": [{"name": "nightly", "time": "@daily", "location": "b"}],
            },
            [(storage.UNKNOWN_BACKUP_LOCATION, ("schedules", 0, "location"))],
        ),
        (
            {
                "locations": [MAIN | {"readOnly": True}],
                "schedules": [{"name": "nightly", "time": "@daily"}],
            },
            [(storage.UNKNOWN_BACKUP_LOCATION, ("schedules", 0))],
        ),
        ({"locations": [MAIN | {"readOnly": True}]}, []),
        (
            {"schedules": [{"name": "a", "time": "@daily"}, {"name": "a", "time": "@daily"}]},
            [(storage.DUPLICATE_BACKUP_NAME, ("schedules", 1, "name"))],
        ),
    ],
)
def test_rules(change: dict[str, Any], wanted: list[tuple[Code, tuple[str | int, ...]]]) -> None:
    assert found({"locations": [MAIN]} | change) == wanted


def test_snapshots_are_needed_unless_files_are_copied() -> None:
    where = target({"velero": {"locations": [MAIN]}})
    assert [(each.code, each.path) for each in check_target(where)] == [(ADDON_NEEDS, ("velero",))]
    assert addon("velero", {"locations": [MAIN]}).needs == (SNAPSHOTS,)
    assert addon("velero", {"locations": [MAIN], "volumes": "files"}).needs == ()


def test_how_volumes_are_saved() -> None:
    copied = values({"locations": [MAIN]})["configuration"]
    assert (copied["features"], copied["defaultSnapshotMoveData"]) == ("EnableCSI", True)
    kept = values({"locations": [MAIN], "keepSnapshots": True})["configuration"]
    assert (kept["features"], kept["defaultSnapshotMoveData"]) == ("EnableCSI", False)
    files = values({"locations": [MAIN], "volumes": "files"})["configuration"]
    assert (files["features"], files["defaultVolumesToFsBackup"]) == ("", True)


def test_locations_name_secrets_and_bring_their_plugins() -> None:
    locations = [
        MAIN | {"url": "https://swift.example.com", "ca": PEM, "prefix": "shop", "default": True},
        {
            "name": "azure",
            "kind": "azure",
            "bucket": "backups",
            "resourceGroup": "rg",
            "storageAccount": "account1",
            "secret": "azure",
            "readOnly": True,
        },
        {"name": "gcs", "kind": "gcs", "bucket": "backups"},
    ]
    made = addon("velero", {"locations": locations})
    assert made.secrets == ("azure", "credentials")
    given = made.charts[0].values
    images = {each["name"]: each["image"] for each in given["initContainers"]}
    names = ("velero-plugin-aws", "velero-plugin-azure", "velero-plugin-gcp")
    assert images == {name: catalog().images[name] for name in names}
    main, azure, gcs = given["configuration"]["backupStorageLocation"]
    assert main["credential"] == {"name": "credentials", "key": "cloud"}
    assert base64.b64decode(main["caCert"]).decode() == PEM
    assert main["config"] == {
        "region": "eu-central-1",
        "s3Url": "https://swift.example.com",
        "s3ForcePathStyle": "true",
        "checksumAlgorithm": "",
    }
    assert [each["default"] for each in (main, azure, gcs)] == [True, False, False]
    assert azure["config"] == {"resourceGroup": "rg", "storageAccount": "account1"}
    assert azure["accessMode"] == "ReadOnly"
    assert "credential" not in gcs
    assert not unknown_values("velero", given)


def test_a_bundle_has_its_plug_ins_and_the_job_that_brings_its_definitions() -> None:
    where = target({"velero": {"locations": [MAIN], "volumes": "files"}})
    found = contents([cluster()], [where], where.infrastructure)
    references = {each.reference for each in found.images}
    assert catalog().images["velero-plugin-aws"] in references
    assert catalog().images["velero-plugin-gcp"] not in references
    repository = defaults("velero")["kubectl"]["image"]["repository"]
    assert f"{repository}:v{where.version}" in references


def test_schedules() -> None:
    schedule = {
        "name": "nightly",
        "time": "0 3 * * *",
        "keep": "36h",
        "namespaces": ["shop"],
        "location": "main",
    }
    given = values({"locations": [MAIN], "schedules": [schedule]})["schedules"]["nightly"]
    assert given == {
        "schedule": "0 3 * * *",
        "template": {
            "ttl": "36h0m0s",
            "includedNamespaces": ["shop"],
            "storageLocation": "main",
        },
    }


def test_volumes_of_stopped_pods_can_be_restored() -> None:
    given = values({"locations": [MAIN]})
    (name,) = given["configMaps"]
    assert given["nodeAgent"]["extraArgs"] == [f"--node-agent-configmap=velero-{name}"]
    (text,) = given["configMaps"][name]["data"].values()
    assert json.loads(text) == {"restorePVC": {"ignoreDelayBinding": True}}
    assert given["fullnameOverride"] == "velero"
