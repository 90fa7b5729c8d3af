"""Verification that the result of a move matches its source."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from errors import CaasError, Problem, Where
from errors.storage import MOVE_UNVERIFIED
from operations.volumes.claims import Claim, claims_of
from operations.volumes.plan import MovePlan, MoveSide
from operations.volumes.velero import DONE, RESTORE, Transfer, Work, transfers
from plane.progress import Step

Until = Callable[[Callable[[], bool]], bool]


def verify(
    plan: MovePlan, target: MoveSide, restore: Work, step: Step, until: Until
) -> Mapping[str, int]:
    """Checks every claim in the target; the bytes that were restored, by claim.

    Args:
        plan: what was wanted.
        target: where the volumes are now.
        restore: the Restore, which is over.
        step: gets how many claims are bound.
        until: waits for a condition as long as anybody has patience.

    Raises:
        CaasError: MOVE_UNVERIFIED, one for each difference.
    """

    def are_bound() -> bool:
        live = claims_of(target.api, plan.namespace)
        bound = [each for each in plan.claims if each.name in live and live[each.name].volume]
        step.advance(len(bound), len(plan.claims))
        return len(bound) == len(plan.claims)

    until(are_bound)
    live = claims_of(target.api, plan.namespace)
    data = transfers(target.api, RESTORE, restore.name)
    wrong = [
        (claim, what)
        for claim in plan.claims
        for what in _differences(plan, claim, live.get(claim.name), data.get(claim.name))
    ]
    problems = [
        Problem(
            MOVE_UNVERIFIED,
            what,
            Where(
                cluster=target.cluster,
                object=f"PersistentVolumeClaim {plan.namespace}/{claim.name}",
            ),
        )
        for claim, what in wrong
    ]
    if restore.done != restore.total:
        what = f"Restore `{restore.name}` brought back {restore.done} of {restore.total} items"
        problems.append(Problem(MOVE_UNVERIFIED, what, Where(cluster=target.cluster)))
    if problems:
        raise CaasError.of(problems)
    return {name: each.done for name, each in data.items()}


def _differences(
    plan: MovePlan, claim: Claim, live: Claim | None, data: Transfer | None
) -> Iterator[str]:
    if live is None:
        yield f"`{claim.name}` is not there"
        return
    if not live.volume:
        yield f"`{claim.name}` is not bound"
    elif live.volume == claim.volume and plan.stays:
        yield f"`{claim.name}` is still on its old volume `{claim.volume}`"
    if live.storage_class != plan.class_of(claim):
        yield f"`{claim.name}` has the class `{live.storage_class}`, not `{plan.class_of(claim)}`"
    if live.bytes != claim.bytes:
        yield f"`{claim.name}` has {live.size}, and had {claim.size}"
    if data is None:
        yield f"no data was restored into `{claim.name}`"
    elif data.phase != DONE or data.done != data.total:
        yield f"{data.done} of {data.total} bytes were restored into `{claim.name}`"
