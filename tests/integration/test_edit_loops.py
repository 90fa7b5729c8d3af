"""Random edits on a real plane: what preview says is what happens, with scaling by hand in between.

`CAAS_EDIT_LOOPS=100 pytest tests/integration/test_edit_loops.py --log-cli-level=info` runs a
hundred, with a line for each; `CAAS_EDIT_SEED` chooses others.
"""

from __future__ import annotations

import copy
import logging
import os
import random
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from stand import Settings, Stand, happened, machines_of, predicted, stand_on, watching

from engine.fleet import POOL_NAME
from engine.plan.words import sentences
from plane.plane import Plane

LOOPS = int(os.environ.get("CAAS_EDIT_LOOPS", "3"))
SEED = int(os.environ.get("CAAS_EDIT_SEED", "7"))
LIMIT = 300 + 200 * LOOPS
pytestmark = [pytest.mark.plane, pytest.mark.timeout(LIMIT)]

COUNTED = ("gone", "stayed", "new", "made")
VERSIONS = ("1.36.1", "1.36.3", "1.37.2")
SCALED_SECONDS = 400.0


def start() -> Settings:
    """The cluster before the first edit: a fixed pool and one with an autoscaler."""
    return {
        "name": "shop",
        "version": VERSIONS[0],
        "controlPlane": {"replicas": 1},
        "workerPools": [
            {"name": "fixed", "replicas": 2},
            {"name": "scaled", "autoscaling": {"min": 1, "max": 5}},
        ],
    }


class Edits:
    """Random changes of one cluster's settings."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - not a secret
        self._number = 0

    def next(self, cluster: Settings) -> tuple[str, Settings]:
        """The name of an edit, and the settings after it."""
        edits: tuple[Callable[[Settings], object], ...] = (
            self.resize,
            self.reconfigure,
            self.label,
            self.bounds,
            self.switch,
            self.add,
            self.remove,
            self.plane,
            self.upgrade,
        )
        while True:
            changed = copy.deepcopy(cluster)
            self._number += 1
            edit = self._random.choice(edits)
            edit(changed)
            if changed != cluster:
                return getattr(edit, "__name__", ""), changed

    def number(self, least: int, most: int) -> int:
        """A random number between the two."""
        return self._random.randint(least, most)

    def _pool(self, cluster: Settings, key: str = "name") -> dict[str, Any]:
        pools = [pool for pool in cluster["workerPools"] if key in pool]
        return self._random.choice(pools) if pools else {}

    def resize(self, cluster: Settings) -> None:
        if pool := self._pool(cluster, "replicas"):
            pool["replicas"] = self.number(0, 3)

    def reconfigure(self, cluster: Settings) -> None:
        self._pool(cluster)["kubelet"] = {"podPidsLimit": 2000 + self._number}

    def label(self, cluster: Settings) -> None:
        self._pool(cluster)["labels"] = {"edit": str(self._number)}

    def bounds(self, cluster: Settings) -> None:
        if pool := self._pool(cluster, "autoscaling"):
            pool["autoscaling"] = {"min": self.number(0, 3), "max": self.number(3, 6)}

    def switch(self, cluster: Settings) -> None:
        pool = self._pool(cluster)
        if pool.pop("autoscaling", None):
            pool["replicas"] = self.number(0, 3)
        else:
            del pool["replicas"]
            pool["autoscaling"] = {"min": self.number(0, 2), "max": self.number(2, 5)}

    def add(self, cluster: Settings) -> None:
        if len(cluster["workerPools"]) < 3:
            new = {"name": f"p{self._number}", "replicas": self.number(0, 2)}
            cluster["workerPools"].append(new)

    def remove(self, cluster: Settings) -> None:
        if len(cluster["workerPools"]) > 1:
            cluster["workerPools"].remove(self._pool(cluster))

    def plane(self, cluster: Settings) -> None:
        cluster["controlPlane"]["kubelet"] = {"podPidsLimit": 2000 + self._number}

    def upgrade(self, cluster: Settings) -> None:
        later = VERSIONS.index(cluster["version"]) + 1
        cluster["version"] = VERSIONS[min(later, len(VERSIONS) - 1)]


def scale_by_hand(stand: Stand, edits: Edits) -> str:
    """Sets the numbers of autoscaled pools, as an autoscaler or `kubectl scale` does."""
    scaled = [
        pool for pool in stand.settings["clusters"][0]["workerPools"] if "autoscaling" in pool
    ]
    said = []
    for pool in scaled:
        low, high = pool["autoscaling"]["min"], pool["autoscaling"]["max"]
        count = edits.number(low, high)
        found = stand.session().fleet().pools["shop"]
        (owner,) = (each for each in found if each["metadata"]["labels"][POOL_NAME] == pool["name"])
        stand.api.merge(owner, {"spec": {"replicas": count}})
        said.append(f"{pool['name']}={count}")
    stand.wait(lambda fleet: all(state.settled for state in fleet.states()), SCALED_SECONDS)
    return ", ".join(said)


def loop(stand: Stand, edits: Edits) -> tuple[int, list[str]]:
    """One edit: of how many groups preview spoke, and where it was wrong."""
    by_hand = scale_by_hand(stand, edits)
    name, changed = edits.next(stand.settings["clusters"][0])
    before = stand.look()
    stand.write(clusters=[changed])
    with watching(stand, "machines") as events:
        begun = time.monotonic()
        plan = stand.up()
        took = time.monotonic() - begun
        after = stand.look()
        seen = machines_of(events())
    (change,) = plan.clusters
    words = "; ".join(sentences(plan.clusters))
    wrong = []
    for group in change.machines:
        said = predicted(change, group)
        found = happened(("shop", group.name), before, after, seen)
        if any(said[key] != found[key] for key in COUNTED):
            wrong.append(f"{name}: {words}: {group.name}: said {said}, happened {found}")
    log = logging.getLogger("edits")
    log.info("%s (%.0f s; by hand: %s): %s", name, took, by_hand or "nothing", words)
    return len(change.machines), wrong


def test_what_preview_says_is_what_happens(plane: Plane, tmp_path: Path) -> None:
    groups, wrong = 0, []
    with stand_on(plane, tmp_path, f"test-{uuid.uuid4().hex[:8]}") as stand:
        stand.write(clusters=[start()])
        stand.up()
        edits = Edits(SEED)
        for number in range(LOOPS):
            counted, different = loop(stand, edits)
            groups, wrong = groups + counted, wrong + different
            right = groups - len(wrong)
            log = logging.getLogger("edits")
            log.info("%d edits: %d of %d groups as preview said", number + 1, right, groups)
    assert not wrong, "\n".join(wrong)
