"""Applying a plan: objects in the order of their dependencies, then what is no longer wanted."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Container, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

from components.manifest import FOR_PULUMI, WAIT_FOR
from components.mappings import Manifest
from engine.api import CONFLICT, NOT_FOUND, Api, RefusedError, describe
from engine.fleet import conditions_of
from engine.managers import is_divided, united
from engine.objects import Key, StackObjects, digests
from engine.plan.objects import TRIES, WORKERS, ObjectChange, ObjectPlan, Operation
from engine.values import is_unknown
from errors import CaasError, Where
from errors.program import PULUMI_NEEDED, WAIT_TIMED_OUT

READY_LIMIT = 120.0
"""Seconds that an object which others depend on may take to become what it waits for."""
GONE_LIMIT = 900.0
"""Seconds that clusters may take to be gone, where something else can only be deleted then."""
POLL = 0.2
NEEDED_BY_CLUSTERS = ("ClusterClass", "Namespace", "Secret")
"""The kinds that stay until clusters are gone; a provider may need a Secret to delete machines."""

Report = Callable[[ObjectChange], None]


def apply_plan(
    api: Api,
    plan: ObjectPlan,
    waves: Sequence[list[Manifest]],
    members: StackObjects,
    report: Report = lambda change: None,
) -> None:
    """Makes the cluster what the plan says; a plan without changes alters no object.

    Objects of one wave go side by side; before the next wave, those with a `pulumi.com/waitFor`
    annotation are waited for. What is interrupted is continued by the next run: every step is
    safe to do again.

    Args:
        api: the management API server.
        plan: what to change.
        waves: the program's objects in groups, each depending only on earlier ones; without their
            secrets.
        members: the stack's membership.
        report: called for every object when it is done.

    Raises:
        CaasError: CAAS-3010 where the server refuses an object, CAAS-3012 where one that others
            need does not become ready; CAAS-3022, before anything is done, where a value is known
            only when something else is made.
    """
    unite(api, plan.live.values())
    if not plan.changes:
        return
    unknown = [each.desired for each in plan.changes if each.desired and is_unknown(each.desired)]
    if unknown:
        raise CaasError(
            PULUMI_NEEDED,
            f"{describe(unknown[0])} has values that are known only after creation",
            where=Where(object=describe(unknown[0])),
        )
    changes = {change.key: change for change in plan.changes}
    members.declare({*plan.live, *plan.desired}, members.applied())
    for change in plan.changes:  # first, or a new class would still replace their machines
        if change.operation is Operation.DELETE and change.before and change.key.kind == "Cluster":
            retire(api, change.before)
            report(change)
    pending: list[Manifest] = []
    for wave in waves:
        todo = [changes[key] for key in map(Key.of, wave) if key in changes]
        if todo:  # what is unchanged was waited for by the run that made it
            _wait_all(api, pending)
            pending = []
        _apply_wave(api, todo, report)
        pending.extend(manifest for manifest in wave if Key.of(manifest) in changes)
    _prune(api, plan, report)
    members.declare(plan.desired, digests(chain.from_iterable(waves)))


def unite(api: Api, manifests: Iterable[Manifest]) -> None:
    """Makes the field managers of objects one, where both engines have applied them.

    An object that others write to meanwhile is read again; one that is gone needs nothing.
    """

    def own(manifest: Manifest) -> None:
        found: Manifest | None = manifest
        for _ in range(TRIES):
            if found is None or not is_divided(found):
                return
            try:
                api.own_fields(found, united(found))
                return
            except RefusedError as error:
                if error.status not in (CONFLICT, NOT_FOUND):
                    raise
                found = api.get(api.path(manifest))

    with ThreadPoolExecutor(WORKERS) as pool:
        for _ in pool.map(own, filter(is_divided, manifests)):
            pass


def prepare_for_pulumi(api: Api, plan: ObjectPlan, once_made: Container[Key]) -> None:
    """Does what the Kubernetes provider of Pulumi does not, before it applies the same plan.

    It removes no field of another manager, imports only what is as the program says, and leaves a
    paused cluster behind. A cluster that an older version applied is deleted here: Pulumi's state
    does not say that its deletion is for its controllers to order.

    Raises CAAS-3012 where such a cluster is not gone in time.
    """
    unite(api, plan.live.values())
    leaving: list[Manifest] = []
    for change in plan.changes:
        before = change.before
        if change.desired and before and change.key in once_made:
            api.apply(change.desired)
        elif change.operation is Operation.DELETE and before and change.key.kind == "Cluster":
            resume(api, before)
            if FOR_PULUMI.keys() - before["metadata"].get("annotations", {}).keys():
                api.delete(before)
                leaving.append(before)
    _await_gone(api, leaving)


def resume(api: Api, manifest: Manifest) -> None:
    """Ends the pause of a cluster, or it would never be deleted."""
    if manifest.get("spec", {}).get("paused"):
        api.merge(manifest, {"spec": {"paused": False}})


def retire(api: Api, manifest: Manifest) -> None:
    """Begins to delete an object; a paused cluster is resumed first, or it would stay for ever."""
    resume(api, manifest)
    api.delete(manifest)


def _prune(api: Api, plan: ObjectPlan, report: Report) -> None:
    """Deletes what is no longer wanted; what clusters need stays until these are gone."""
    leaving = [
        manifest
        for key, manifest in plan.live.items()
        if key.kind == "Cluster" and key not in plan.desired
    ]
    for change in plan.changes:
        if change.key.kind == "Cluster":
            continue
        if change.operation is Operation.DELETE and change.before:
            if change.key.kind in NEEDED_BY_CLUSTERS:
                _await_gone(api, leaving)
            retire(api, change.before)
            report(change)


def _await_gone(api: Api, manifests: Iterable[Manifest]) -> None:
    deadline = time.monotonic() + GONE_LIMIT
    for manifest in manifests:
        while api.get(api.path(manifest)):
            if time.monotonic() > deadline:
                raise CaasError(
                    WAIT_TIMED_OUT,
                    f"{describe(manifest)} is not gone after {GONE_LIMIT:.0f} s",
                    where=Where(object=describe(manifest)),
                )
            time.sleep(POLL)


def _apply_wave(api: Api, changes: list[ObjectChange], report: Report) -> None:
    def apply(change: ObjectChange) -> None:
        if change.desired:
            api.apply(change.desired)
            report(change)

    with ThreadPoolExecutor(WORKERS) as pool:
        futures = [pool.submit(apply, change) for change in changes]
        for future in futures:
            try:
                future.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise


def _wait_all(api: Api, manifests: Iterable[Manifest]) -> None:
    for manifest in manifests:
        wanted = manifest["metadata"].get("annotations", {}).get(WAIT_FOR)
        if wanted:
            _wait(api, manifest, _conditions(wanted))


def _conditions(wanted: str) -> dict[str, str]:
    """`condition=Type[=Status]`, or a JSON list of such, as the Pulumi provider reads it."""
    entries: list[str] = json.loads(wanted) if wanted.startswith("[") else [wanted]
    parsed: dict[str, str] = {}
    for entry in entries:
        kind, _, status = entry.removeprefix("condition=").partition("=")
        parsed[kind] = status or "True"
    return parsed


def _wait(api: Api, manifest: Manifest, wanted: dict[str, str]) -> None:
    path = api.path(manifest)
    deadline = time.monotonic() + READY_LIMIT
    while True:
        live = api.get(path) or {}
        generation = live.get("metadata", {}).get("generation")
        conditions = conditions_of(live)
        if all(
            conditions.get(kind, {}).get("status") == status
            and conditions[kind].get("observedGeneration", generation) == generation
            for kind, status in wanted.items()
        ):
            return
        if time.monotonic() > deadline:
            found = {kind: conditions.get(kind, {}).get("message", "absent") for kind in wanted}
            raise CaasError(
                WAIT_TIMED_OUT,
                f"{describe(manifest)} did not become {', '.join(wanted)} "
                f"within {READY_LIMIT:.0f} s",
                where=Where(object=describe(manifest)),
                why=json.dumps(found),
            )
        time.sleep(POLL)
