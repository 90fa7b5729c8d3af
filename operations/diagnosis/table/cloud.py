"""Failures of infrastructures, from the signs that each infrastructure gives of its provider.

Providers pass the infrastructure's answer on: in the message of a condition, or, where they have no
conditions, in an event. `Infrastructure.FAILURE_SIGNS` has the patterns; this module has their
order and the sentences.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from components.infrastructure.failure_sign import FailureSign
from errors import Code
from errors import cloud_failures as codes
from operations.diagnosis.row import CLOUD, Row, staying
from operations.diagnosis.signs import condition, says

REFUSED = "The infrastructure refuses the credentials"
UNREACHABLE = "The infrastructure can't be reached"
NETWORK_ERRORS = (
    FailureSign(
        codes.CLOUD_UNREACHABLE,
        r"dial tcp|no such host|connection refused|no route to host|i/o timeout"
        r"|TLS handshake timeout|x509: ",
    ),
)
"""Errors of Go's network library, in which every provider is written."""

ANSWERS = {
    codes.CREDENTIALS_REFUSED: REFUSED,
    codes.CLOUD_UNREACHABLE: UNREACHABLE,
    codes.ORGANIZATION_REFUSES: "A policy of the organization refuses",
    codes.THROTTLED: "The infrastructure limits the calls",
    codes.QUOTA_EXCEEDED: "A quota is used up",
    codes.PERMISSION_MISSING: "The provider lacks a permission",
    codes.CAPACITY_EXHAUSTED: "The infrastructure has no room",
    codes.IMAGE_NOT_FOUND: "There is no image",
    codes.MACHINE_TYPE_UNAVAILABLE: "There is no such machine type",
    codes.ADDRESSES_EXHAUSTED: "There is no free address",
    codes.OBJECT_MISSING: "Something that the stack file names does not exist",
    codes.STORAGE_EXHAUSTED: "There is no room for a disk",
}
"""Answers to a request, most telling first: a quota of OpenStack's comes as a 403, too."""

STATES = {
    codes.CREDENTIALS_REFUSED: REFUSED,
    codes.CLOUD_UNREACHABLE: UNREACHABLE,
    codes.ADDRESSES_EXHAUSTED: ANSWERS[codes.ADDRESSES_EXHAUSTED],
    codes.INSTANCE_STOPPED: "The machine was stopped in the infrastructure",
    codes.INSTANCE_GONE: "The machine does not exist any more in the infrastructure",
    codes.INSTANCE_IN_ERROR: "The infrastructure could not start the machine",
    codes.CLOUD_DELETION_FAILED: "The infrastructure does not delete what is no longer needed",
    codes.NETWORK_FAILED: "The network of {cluster} can't be made",
    codes.LOAD_BALANCER_NOT_READY: "The load balancer of {cluster} is not ready",
    codes.MACHINE_REFUSED: "The infrastructure does not make the machine",
    codes.MEMBER_NOT_ATTACHED: "The machine is not behind the load balancer",
}
"""States of objects, in their order of precedence, behind every answer."""

PROGRESS = {codes.THROTTLED, codes.LOAD_BALANCER_NOT_READY, codes.MEMBER_NOT_ATTACHED}
"""Failures that are normal for the first minutes."""


def rows(signs: Collection[FailureSign]) -> Iterator[Row]:
    """The rows of the table for objects of infrastructure providers, in order of precedence.

    Args:
        signs: of the infrastructures in use.
    """
    every = (*NETWORK_ERRORS, *signs)
    for code, what in ANSWERS.items():
        texts = [each.message for each in every if each.code is code and each.message]
        if texts:
            yield _row(FailureSign(code, "|".join(texts)), what, always=True)
    for code, what in STATES.items():
        states = [each for each in every if each.code is code and _is_state(each)]
        always = code is codes.CLOUD_DELETION_FAILED
        # A condition is more exact than a text.
        for each in sorted(states, key=lambda sign: bool(sign.message)):
            yield _row(each, each.what or what, always=always)
    known: set[Code] = {*ANSWERS, *STATES}
    for each in every:
        if each.code not in known:
            yield _row(each, each.what or each.code.summary.rstrip("."), always=False)


def _is_state(sign: FailureSign) -> bool:
    return bool(sign.condition) or sign.code not in ANSWERS


def _row(sign: FailureSign, what: str, *, always: bool) -> Row:
    seen = (
        condition(sign.condition, sign.status, sign.reason)
        if sign.condition
        else says(sign.message)
    )
    return Row(
        CLOUD,
        seen,
        sign.code,
        f"{what}, as {{object}} reports",
        only=(lambda subject: True) if always else staying,
        grace=sign.is_progress or sign.code in PROGRESS,
    )
