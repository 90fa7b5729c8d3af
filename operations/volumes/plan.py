"""The plan of a move, and the record by which an interrupted move continues."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from components.backup.velero import NAMESPACE as VELERO
from components.mappings import Manifest
from engine.api import Api
from errors import CaasError, Where
from errors import storage as codes
from operations.volumes import checks
from operations.volumes.claims import Claim, claims_of
from operations.volumes.velero import OF_MOVE

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class MoveSide:
    """A cluster that a move is about."""

    cluster: str
    api: Api


@dataclass(frozen=True, slots=True)
class MovePlan:
    """A move.

    Attributes:
        id: when it began, and what tells it from others; part of the names of all that it makes.
        namespace: whose volumes.
        source: the cluster that they are in.
        target: the cluster that they go to; the same where only their class changes.
        storage_class: that they get; empty where they keep theirs.
        claims: those that move, as they were before.
        resumed: whether an earlier run began it.
    """

    id: str
    namespace: str
    source: str
    target: str
    storage_class: str
    claims: tuple[Claim, ...]
    resumed: bool = False

    @property
    def stays(self) -> bool:
        """True if the volumes stay in their cluster."""
        return self.source == self.target

    @property
    def classes(self) -> dict[str, str]:
        """The class that takes the place of each."""
        if not self.storage_class:
            return {}
        return {
            claim.storage_class: self.storage_class
            for claim in self.claims
            if claim.storage_class != self.storage_class
        }

    def class_of(self, claim: Claim) -> str:
        """The class that a claim has afterwards."""
        return self.storage_class or claim.storage_class

    def name(self, attempt: int) -> str:
        """The name of a Backup or a Restore."""
        return f"caas-{self.namespace[:30]}-{self.id}-{attempt}"

    def as_dict(self) -> dict[str, Any]:
        """For `--output json`."""
        return {
            "id": self.id,
            "namespace": self.namespace,
            "cluster": self.source,
            "targetCluster": self.target,
            "resumed": self.resumed,
            "volumes": [
                {
                    "claim": claim.name,
                    "size": claim.size,
                    "from": claim.storage_class,
                    "to": self.class_of(claim),
                    "volume": claim.volume,
                }
                for claim in self.claims
            ],
        }

    def record(self) -> Manifest:
        """The ConfigMap in the source cluster that says what is under way."""
        content = {
            "source": self.source,
            "target": self.target,
            "storageClass": self.storage_class,
            "claims": [claim.as_dict() for claim in self.claims],
        }
        manifest = _record(self.namespace)
        manifest["metadata"]["labels"] = {OF_MOVE: self.id}
        return manifest | {"data": {"move": json.dumps(content, sort_keys=True)}}


def _record(namespace: str) -> Manifest:
    metadata: dict[str, Any] = {"name": f"caas-move-{namespace}", "namespace": VELERO}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


def recorded(api: Api, namespace: str) -> MovePlan | None:
    """The move of a namespace that was begun and not finished."""
    path = f"/api/v1/namespaces/{VELERO}/configmaps/{_record(namespace)['metadata']['name']}"
    found = api.get(path)
    if found is None:
        return None
    content = json.loads(found["data"]["move"])
    return MovePlan(
        found["metadata"]["labels"][OF_MOVE],
        namespace,
        content["source"],
        content["target"],
        content["storageClass"],
        tuple(Claim(**claim) for claim in content["claims"]),
        resumed=True,
    )


def plan_move(
    source: MoveSide,
    target: MoveSide,
    namespace: str,
    storage_class: str,
    clock: Clock = lambda: datetime.now(UTC),
) -> MovePlan:
    """The plan of a move; without claims if nothing is left to do.

    Args:
        source: where the volumes are.
        target: where they go; the same cluster where only their class changes.
        namespace: whose volumes.
        storage_class: that they get; empty where they keep theirs, in another cluster only.
        clock: tells the time.

    Raises:
        CaasError: CAAS-1300 to CAAS-1307, CAAS-1312, CAAS-1313: it can't work.
    """
    begun = recorded(source.api, namespace)
    if begun and (begun.target, begun.storage_class) != (target.cluster, storage_class):
        raise CaasError(
            codes.OTHER_MOVE_UNFINISHED,
            f"The volumes of `{namespace}` are part of an unfinished move",
            where=Where(cluster=source.cluster),
            fix=f"Finish it: `./caas volumes move {command_line(begun)}`.",
        )
    move = begun or _new(source, target, namespace, storage_class, clock)
    if move.claims:
        _check(move, source, target)
    return move


def command_line(move: MovePlan) -> str:
    """The arguments that begin or continue a move."""
    words = [move.source, f"--namespace {move.namespace}"]
    if move.storage_class:
        words.append(f"--to-class {move.storage_class}")
    if not move.stays:
        words.append(f"--to-cluster {move.target}")
    return " ".join(words)


def _new(
    source: MoveSide, target: MoveSide, namespace: str, storage_class: str, clock: Clock
) -> MovePlan:
    claims = claims_of(source.api, namespace).values()
    if not claims:
        raise CaasError(
            codes.NAMESPACE_WITHOUT_VOLUMES,
            f"The namespace `{namespace}` of `{source.cluster}` has no PersistentVolumeClaims",
            where=Where(cluster=source.cluster),
        )
    stays = source.cluster == target.cluster
    wanted = tuple(claim for claim in claims if not stays or claim.storage_class != storage_class)
    move = f"{clock():%Y%m%d%H%M%S}-{secrets.token_hex(3)}"
    return MovePlan(move, namespace, source.cluster, target.cluster, storage_class, wanted)


def _check(move: MovePlan, source: MoveSide, target: MoveSide) -> None:
    ours = checks.velero_is_ready(source.api, source.cluster)
    if not move.stays:
        theirs = checks.velero_is_ready(target.api, target.cluster)
        checks.same_bucket(ours, theirs, target.cluster)
    for name in sorted({move.class_of(claim) for claim in move.claims} - {""}):
        checks.target_class(target.api, name, target.cluster)
    checks.unused(source.api, move.claims, source.cluster, move.namespace)
    checks.mapping_is_free(target.api, move.id, target.cluster)
    if not move.resumed:
        checks.movable(source.api, move.claims, source.cluster, move.namespace)
        if not move.stays:
            _refuse_taken(move, target)


def _refuse_taken(move: MovePlan, target: MoveSide) -> None:
    there = claims_of(target.api, move.namespace).keys() & {each.name for each in move.claims}
    if there:
        raise CaasError(
            codes.TARGET_HAS_VOLUMES,
            f"`{target.cluster}` has {', '.join(sorted(there))} in `{move.namespace}`",
            where=Where(cluster=target.cluster),
        )
