"""Moving volumes: save, set aside, restore, verify.

Velero copies the data; this tells it what to do, waits for it, and believes only what the objects
say. Every step looks first whether an earlier run did it, so a move may be interrupted at any time.
Old volumes are kept: their claims go, the PersistentVolumes stay.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from components.mappings import Manifest
from errors import CaasError, Code, Where
from errors import storage as codes
from operations.volumes import verify
from operations.volumes.checks import unused
from operations.volumes.claims import CORE, Claim, claims_of, listed
from operations.volumes.plan import MovePlan, MoveSide, command_line
from operations.volumes.velero import (
    BACKUP,
    DONE,
    FAILED,
    OF_MOVE,
    OF_RESTORE,
    RESTORE,
    Order,
    Transfer,
    VeleroKind,
    Work,
    backup_spec,
    mapping,
    restore_spec,
    transfers,
    work,
    works,
)
from plane.progress import Progress, Step

STEPS = ("back up", "set aside", "restore", "verify", "tidy up")
MOVED_FROM = "caas.dev/moved-from"
"""The annotation of an old volume: the claim that it belonged to."""
GONE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Moved:
    """The result of a move.

    Attributes:
        backup: the Backup, which Velero keeps for 30 days.
        restore: the Restore.
        kept: the old volumes that stay in the source cluster.
        data: bytes that were restored, by claim.
    """

    plan: MovePlan
    backup: Work
    restore: Work
    kept: tuple[str, ...]
    data: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        """For `--output json`."""
        return self.plan.as_dict() | {
            "backup": self.backup.name,
            "restore": self.restore.name,
            "items": self.restore.done,
            "warnings": self.restore.warnings,
            "restoredBytes": dict(self.data),
            "keptVolumes": list(self.kept),
        }


class VolumeMove:
    """One move, that may take several runs.

    Args:
        plan: what `plan_move` gave.
        source: the cluster with the volumes.
        target: the cluster that they go to.
        patience: seconds that nothing may happen.
        poll: seconds between two looks.
    """

    def __init__(
        self,
        plan: MovePlan,
        source: MoveSide,
        target: MoveSide,
        *,
        patience: float,
        poll: float = 2.0,
    ) -> None:
        self.plan = plan
        self.source = source
        self.target = target
        self.patience = patience
        self.poll = poll

    def run(self, progress: Progress) -> Moved:
        """Moves the volumes, or goes on with it.

        Raises:
            CaasError: CAAS-1303, CAAS-1308 to CAAS-1311, CAAS-1313.
        """
        self.source.api.apply(self.plan.record())
        backup = self._back_up(progress.step(STEPS[0]))
        if self.plan.stays:
            self._set_aside(progress.step(STEPS[1]))
        else:
            self._arrive(backup.name, progress.step(STEPS[1]))
        restore = self._restore(backup, progress.step(STEPS[2]))
        data = verify.verify(
            self.plan, self.target, restore, progress.step(STEPS[3]), self._until_patience_ends
        )
        progress.step(STEPS[4])
        self._tidy_up()
        kept = tuple(claim.volume for claim in self.plan.claims)
        return Moved(self.plan, backup, restore, kept, data)

    # ---- the steps -----------------------------------------------------------------------------

    def _back_up(self, step: Step) -> Work:
        if self.plan.stays:
            for claim in self._still_old():
                self._label(claim, self.plan.id)
        order = Order(
            self._attempt(BACKUP, self.source),
            backup_spec(self.plan.namespace),
            {OF_MOVE: self.plan.id},
        )
        made = self._follow(BACKUP, self.source, order, step, codes.BACKUP_FAILED)
        saved = transfers(self.source.api, BACKUP, made.name)
        for claim in self.plan.claims:
            one = saved.get(claim.name)
            if one is None or one.phase != DONE:
                why = f"{one.phase or 'not begun'} {one.message}".strip() if one else ""
                raise self._failed(
                    codes.BACKUP_FAILED,
                    f"The backup `{made.name}` has no data of the volume of `{claim.name}`",
                    why,
                )
        return made

    def _set_aside(self, step: Step) -> None:
        """Keeps the old volumes, and deletes their claims; they have the names of the new ones."""
        waiting = self._still_old()
        if waiting:
            unused(self.source.api, waiting, self.source.cluster, self.plan.namespace)
        for done, claim in enumerate(waiting):
            step.advance(done, len(waiting), claim.name)
            volume = {"apiVersion": "v1", "kind": "PersistentVolume"}
            self.source.api.merge(
                volume | {"metadata": {"name": claim.volume}},
                {
                    "metadata": {
                        "annotations": {MOVED_FROM: f"{self.plan.namespace}/{claim.name}"}
                    },
                    "spec": {"persistentVolumeReclaimPolicy": "Retain"},
                },
            )
            self.source.api.delete(self._claim(claim))
        self._until(lambda: not self._still_old(), "the old claims are still there")

    def _arrive(self, name: str, step: Step) -> None:
        """Waits until the target's Velero has found the backup in the bucket."""

        def has_arrived() -> bool:
            there = work(self.target.api, BACKUP, name)
            step.advance(0, detail=there.phase if there else "not in the bucket yet")
            return there is not None and there.phase == DONE

        what = f"The Velero of `{self.target.cluster}` does not find the backup `{name}`"
        self._until(has_arrived, what, codes.BACKUP_NOT_IN_TARGET)

    def _restore(self, backup: Work, step: Step) -> Work:
        api, namespace = self.target.api, self.plan.namespace
        failed = [each.name for each in works(api, RESTORE, self.plan.id) if each.phase in FAILED]
        if self.plan.classes:
            api.apply(mapping(self.plan.id, self.plan.classes))
        name = self._attempt(RESTORE, self.target)
        if name not in failed and work(api, RESTORE, name) is None:
            self._clear(failed)
        only = self.plan.id if self.plan.stays else ""
        order = Order(
            name, restore_spec(backup.name, namespace, only=only), {OF_MOVE: self.plan.id}
        )
        return self._follow(RESTORE, self.target, order, step, codes.RESTORE_FAILED)

    def _clear(self, restores: list[str]) -> None:
        """Deletes what restores that failed have made: another one leaves alone what is there."""

        def left() -> list[Manifest]:
            found = listed(self.target.api, CORE, "persistentvolumeclaims", self.plan.namespace)
            return [
                each
                for each in found
                if each["metadata"].get("labels", {}).get(OF_RESTORE) in restores
            ]

        if not restores:
            return
        half = left()
        names = {each["metadata"]["name"] for each in half}
        ours = [claim for claim in self.plan.claims if claim.name in names]
        unused(self.target.api, ours, self.target.cluster, self.plan.namespace)
        for each in half:
            self.target.api.delete(each)
        self._until(lambda: not left(), "claims of a restore that failed are still there")

    def _tidy_up(self) -> None:
        self.target.api.delete(mapping(self.plan.id, {}))
        if self.plan.stays:
            for claim in self.plan.claims:
                self._label(claim, None)
        self.source.api.delete(self.plan.record())

    # ---- what the steps are made of ------------------------------------------------------------

    def _still_old(self) -> list[Claim]:
        """The claims that still are on their old volumes."""
        live = claims_of(self.source.api, self.plan.namespace)
        return [
            claim
            for claim in self.plan.claims
            if claim.name in live and live[claim.name].volume in ("", claim.volume)
            if live[claim.name].storage_class == claim.storage_class
        ]

    def _claim(self, claim: Claim) -> Manifest:
        metadata = {"name": claim.name, "namespace": self.plan.namespace}
        return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata}

    def _label(self, claim: Claim, value: str | None) -> None:
        self.source.api.merge(self._claim(claim), {"metadata": {"labels": {OF_MOVE: value}}})

    def _attempt(self, kind: VeleroKind, side: MoveSide) -> str:
        """The name of the attempt that is under way, or of the next one."""
        earlier = works(side.api, kind, self.plan.id)
        again = bool(earlier) and earlier[-1].phase in FAILED
        if kind is BACKUP and earlier and earlier[-1].phase == DONE:
            again = self._may_be_stale()
        return self.plan.name(max(1, len(earlier) + again))

    def _may_be_stale(self) -> bool:
        """True if data may have changed since an earlier run's backup, which is unused so far."""
        if self.plan.stays:
            return len(self._still_old()) == len(self.plan.claims)
        return not works(self.target.api, RESTORE, self.plan.id)

    def _follow(
        self, kind: VeleroKind, side: MoveSide, order: Order, step: Step, failed: Code
    ) -> Work:
        """Makes what is not there, and waits until Velero is done with it."""
        if work(side.api, kind, order.name) is None:
            side.api.apply(order.manifest(kind))
        seen: tuple[object, ...] = ()
        end = time.monotonic() + self.patience
        while True:
            now = work(side.api, kind, order.name) or Work(order.name)
            data = transfers(side.api, kind, order.name)
            if now.is_over:
                break
            if (now, data) != seen:
                seen, end = (now, data), time.monotonic() + self.patience
                step.advance(*_share(now, data))
            elif time.monotonic() > end:
                what = f"{kind.name} `{order.name}` is {now.phase or 'not reconciled by Velero'}"
                raise self._failed(codes.MOVE_TOO_SLOW, what, self._patience_in_words())
            time.sleep(self.poll)
        if now.phase != DONE:
            lost = [f"{each.claim}: {each.message}" for each in data.values() if each.message]
            reasons = [*now.reasons, *lost] or [f"{now.errors} errors, {now.warnings} warnings"]
            what = f"{kind.name} `{order.name}` ended as {now.phase}"
            raise self._failed(failed, what, "; ".join(reasons))
        return now

    def _until(
        self, condition: Callable[[], bool], what: str, code: Code = codes.MOVE_TOO_SLOW
    ) -> None:
        if not self._until_patience_ends(condition):
            raise self._failed(code, what, self._patience_in_words())

    def _until_patience_ends(self, condition: Callable[[], bool]) -> bool:
        """True if the condition becomes true in time."""
        end = time.monotonic() + self.patience
        while not condition():
            if time.monotonic() > end:
                return False
            time.sleep(self.poll)
        return True

    def _patience_in_words(self) -> str:
        return f"no progress for {self.patience:g} s"

    def _failed(self, code: Code, what: str, why: str) -> CaasError:
        again = f"./caas volumes move {command_line(self.plan)}"
        where = Where(cluster=self.source.cluster, object=f"Namespace {self.plan.namespace}")
        return CaasError(code, what, where=where, why=why, fix=f"{code.fix} Again: `{again}`.")


def _share(now: Work, data: Mapping[str, Transfer]) -> tuple[float, float | None, str]:
    """The progress: bytes while data moves, items before."""
    total = sum(each.total for each in data.values())
    if total:
        done = sum(each.done for each in data.values())
        return done, total, f"{now.phase}, {len(data)} volumes"
    return now.done, now.total or None, now.phase or "waiting for Velero"
