"""The work inside workload clusters after an apply: removing what left, putting right what differs.

Clusters are looked at side by side, and one that does not answer delays no other. Whatever stays is
recorded, and the next apply tries again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import cache

from components.delivery.plan import kebab
from engine.api import Api, RefusedError
from engine.inside.fate import Consent, Fate, fates, is_namespace
from engine.inside.look import Brought, ClusterLook, look_into
from engine.inside.parallel import NO_TIME, Tick, side_by_side
from engine.inside.record import (
    PendingRemoval,
    Reason,
    RemovalState,
    grouped,
    with_leaving,
)
from engine.objects import Key, Kind
from engine.plan.deliveries import Deliveries, Names, Removal, leaving
from engine.plan.objects import ObjectChange
from engine.plan.plan import Plan
from engine.session import Session
from engine.workload import quick_api
from errors import Problem, Where
from errors.drift import CLUSTER_NOT_READ, REFUSED_BY_CLUSTER, REMOVAL_PENDING

GONE_LIMIT = 20.0
"""Seconds that the objects of a cluster may take to be gone; then the next apply looks again."""
POLL = 0.3
NAMED = 5
"""Clusters that a message names."""
Examine = Callable[[str, ClusterLook], None]
"""Is given the name of a cluster, and what is in it."""


@dataclass(slots=True)
class ClusterWork:
    """The work in one cluster.

    Attributes:
        cluster: its name.
        fates: of the objects that leave it.
        changes: that put objects right.
        removed: objects that are gone.
        restored: objects that were put right.
        refused: the reasons of the API server, by object.
        error: the reason for which nothing was done.
    """

    cluster: str
    fates: list[Fate] = field(default_factory=list)
    changes: list[ObjectChange] = field(default_factory=list)
    removed: list[Removal] = field(default_factory=list)
    restored: list[Key] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    error: str = ""

    @property
    def is_due(self) -> bool:
        """True if there is something to do."""
        return bool(self.changes) or any(each.reason is None for each in self.fates)


@dataclass(frozen=True, slots=True)
class NameQuestion:
    """An object whose name is asked for before it goes with data.

    Attributes:
        kind: of the object.
        name: of the object.
        clusters: the loss in each, in words.
    """

    kind: str
    name: str
    clusters: Mapping[str, str]

    def __str__(self) -> str:
        where = ", ".join(f"{data} in `{name}`" for name, data in self.clusters.items())
        return f"{self.kind} `{self.name}` goes with {where}; type its name to delete it"


class InsideClusters:
    """The work in the clusters that were there before an apply.

    Args:
        session: the stack.
        plan: the plan of the apply.
    """

    def __init__(self, session: Session, plan: Plan) -> None:
        self._session = session
        live, after = plan.objects.live, plan.objects.after()
        self._now, self._then = Deliveries(live), Deliveries(after)
        self._sets: dict[str, tuple[Names, Names]] = {
            key.name: (self._now.of(each), self._then.of(after[key]))
            for key, each in live.items()
            if key.kind == "Cluster"
            and key in after
            and "deletionTimestamp" not in each["metadata"]
        }
        wanted = {name: self._then.identities(new) for name, (_, new) in self._sets.items()}
        self._before = plan.recorded
        self._recorded = with_leaving(plan.recorded, leaving(live, after), wanted)
        self._kinds = self._recorded.kinds | self._all_kinds()
        self._brought = cache(self._find_brought)

    @property
    def clusters(self) -> list[str]:
        """The clusters that something is, or was, brought to."""
        removals = self._recorded.removals
        return sorted(name for name, sets in self._sets.items() if any(sets) or name in removals)

    def remember(self) -> None:
        """Records what leaves, before an apply after which nothing else would tell."""
        self._write(self._recorded)

    def look(self, tick: Tick, examine: Examine = lambda *_: None) -> list[ClusterWork]:
        """Looks into every cluster.

        Args:
            tick: is given the progress.
            examine: is given each cluster with what is in it, by several threads.
        """

        def look(work: ClusterWork) -> None:
            examine(work.cluster, self._look(work))

        return self._each([ClusterWork(name) for name in self.clusters], look, tick)

    def act(
        self, works: Iterable[ClusterWork], agreed: Callable[[Fate], bool], tick: Tick
    ) -> list[ClusterWork]:
        """Removes objects and puts others right; records what is left.

        Args:
            works: by `look`.
            agreed: whether an object whose name is asked for may go.
            tick: is given the progress.
        """
        works = list(works)
        for work in works:
            work.fates = [
                replace(each, reason=Reason("its name was not confirmed"))
                if each.asked and not each.reason and not agreed(each)
                else each
                for each in work.fates
            ]
        done = self._each([each for each in works if each.is_due], self._act, tick)
        acted = {each.cluster: each for each in done}
        works = [acted.get(each.cluster, each) for each in works]
        self._write(RemovalState(dict(self._left(works)), self._kinds))
        return works

    def pending(self, works: Iterable[ClusterWork]) -> list[PendingRemoval]:
        """The removals that are left for the next apply."""
        return grouped(dict(self._left(works)))

    def _write(self, recorded: RemovalState) -> None:
        if recorded != self._before:
            self._session.removals.write(recorded)
            self._before = recorded

    def _all_kinds(self) -> frozenset[Kind]:
        found = {(found, names) for pair in self._sets.values() for found, names in self._of(pair)}
        return frozenset(
            (key.api_version, key.kind)
            for deliveries, names in found
            for key in deliveries.contents(names)
        )

    def _of(self, pair: tuple[Names, Names]) -> Iterator[tuple[Deliveries, Names]]:
        yield self._now, pair[0]
        yield self._then, pair[1]

    def _find_brought(self, old: Names, new: Names) -> Brought:
        """The objects of alike clusters; sets that change are Cluster API's to deliver."""
        same = tuple(
            name
            for name in new
            if name in old and self._now.texts((name,)) == self._then.texts((name,))
        )
        return Brought(self._then.contents(same), self._then.identities(new), self._kinds)

    def _look(self, work: ClusterWork) -> ClusterLook:
        recorded = self._recorded.removals.get(work.cluster, {})
        with self._api(work.cluster) as api:
            found = look_into(api, self._brought(*self._sets[work.cluster]), recorded)
            consent = self._consent(work.cluster)
            work.fates = list(fates(api, found.leaving, recorded, consent))
        work.changes = found.changes
        work.refused = {_title(key): why for key, why in found.refused.items()}
        return found

    def _consent(self, cluster: str) -> Consent:
        named = self._session.settings.all_clusters
        discards = (kebab(add) for each in named if each.name == cluster for add in each.discard)
        return Consent(self._session.delete_data, frozenset(discards))

    def _act(self, work: ClusterWork) -> None:
        with self._api(work.cluster) as api:
            for change in work.changes:
                try:
                    api.apply(change.desired or {})
                    work.restored.append(change.key)
                except RefusedError as error:
                    work.refused[_title(change.key)] = _why(error)
            going = [each for each in work.fates if not each.reason]
            kept = [each for each in work.fates if each.reason]
            first = [each for each in going if not each.guards]
            left = _delete(api, work, [each for each in first if not is_namespace(each.removal)])
            left += _delete(api, work, [each for each in first if is_namespace(each.removal)])
            there = {each.tenant for each in (*left, *kept)} - {""}
            guards = [each for each in going if each.guards]
            late = Reason("a namespace that it closes is still there")
            waiting = [replace(each, reason=late) for each in guards if each.guards in there]
            left += _delete(api, work, [each for each in guards if each.guards not in there])
            work.fates = [*kept, *left, *waiting]

    def _left(self, works: Iterable[ClusterWork]) -> Iterator[tuple[str, dict[Removal, Reason]]]:
        for work in works:
            found = {each.removal: each.reason or Reason() for each in work.fates}
            if work.error:
                reason = Reason(work.error)
                before = self._recorded.removals.get(work.cluster, {})
                found = dict.fromkeys((*before, *found), reason)
            if found:
                yield work.cluster, found

    def _api(self, cluster: str) -> AbstractContextManager[Api]:
        return quick_api(self._session.api, self._session.namespace, cluster)

    def _each(
        self, works: list[ClusterWork], run: Callable[[ClusterWork], None], tick: Tick
    ) -> list[ClusterWork]:
        """Runs a function for each cluster, side by side and with a limit.

        An error with a code is that of its cluster.
        """
        by_name = {each.cluster: each for each in works}
        failed, late = side_by_side(by_name, lambda name: run(by_name[name]), tick)
        for name, why in failed.items():
            by_name[name].error = why
        # A thread may still write to the work of a cluster that is late.
        return [
            ClusterWork(each.cluster, error=NO_TIME) if each.cluster in late else each
            for each in works
        ]


def asked(works: Iterable[ClusterWork]) -> list[NameQuestion]:
    """The objects whose names are asked for, each once for all clusters."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for work in works:
        for fate in work.fates:
            if fate.asked and not fate.reason:
                key = fate.removal.key
                found.setdefault((key.kind, key.name), {})[work.cluster] = fate.data
    return [NameQuestion(kind, name, clusters) for (kind, name), clusters in sorted(found.items())]


def problems(works: Iterable[ClusterWork]) -> Iterator[Problem]:
    """The clusters that were not looked into, and the objects that they refused."""
    silent: dict[str, list[str]] = {}
    refused: dict[tuple[str, str], list[str]] = {}
    for work in works:
        if work.error:
            silent.setdefault(work.error, []).append(work.cluster)
        for title, why in work.refused.items():
            refused.setdefault((title, why), []).append(work.cluster)
    for why, clusters in silent.items():
        number = len(clusters)
        what = f"the objects in {number} cluster{'s' * (number > 1)} were not read"
        yield Problem(CLUSTER_NOT_READ, what, Where(cluster=_some(clusters)), why)
    for (title, why), clusters in refused.items():
        what = f"{title} could not be put right or removed"
        yield Problem(REFUSED_BY_CLUSTER, what, Where(cluster=_some(clusters), object=title), why)


def pending_problems(pending: Iterable[PendingRemoval]) -> Iterator[Problem]:
    """The removals that are left for a later apply."""
    for each in pending:
        where = Where(cluster=_some(list(each.clusters)))
        yield Problem(REMOVAL_PENDING, each.what, where, each.reason.text)


def _some(clusters: list[str]) -> str:
    more = f" and {len(clusters) - NAMED} more" if len(clusters) > NAMED else ""
    return f"{', '.join(clusters[:NAMED])}{more}"


def _delete(api: Api, work: ClusterWork, going: list[Fate]) -> list[Fate]:
    """Deletes objects and waits until they are gone; gives those that are not."""
    begun, left = [], []
    for fate in going:
        try:
            api.delete(fate.manifest)
            begun.append(fate)
        except RefusedError as error:
            work.refused[fate.removal.title] = _why(error)
            left.append(replace(fate, reason=Reason(f"the API server refused it: {_why(error)}")))
    deadline = time.monotonic() + GONE_LIMIT
    while begun:
        there = [fate for fate in begun if api.get(api.path(fate.manifest))]
        work.removed += [fate.removal for fate in begun if fate not in there]
        begun = there
        if time.monotonic() > deadline:
            break
        time.sleep(POLL if begun else 0)
    late = Reason(f"it is not gone after {GONE_LIMIT:.0f} s")
    return [*left, *(replace(fate, reason=late) for fate in begun)]


def _why(error: RefusedError) -> str:
    return str(error.problems[0].why)


def _title(key: Key) -> str:
    return Removal("", key).title
