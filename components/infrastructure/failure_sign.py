"""The signs of failures on the objects of infrastructure providers, as plain data."""

from __future__ import annotations

from dataclasses import dataclass

from errors import Code

DELETION_FAILED = r"Delet\w+Failed|\w+DeleteFailed"
"""The reasons of a condition after a failed deletion, the same for every provider."""


@dataclass(frozen=True, slots=True)
class FailureSign:
    """A sign on an object of an infrastructure provider, and the code that it means.

    A sign is either a text in a message of the object's controller (`message`), or a condition of
    the object (`condition`, `status`, `reason`). Codes of infrastructures and reasons of conditions
    are stable; prefer them to prose.

    Attributes:
        code: one of `errors.cloud_failures`.
        message: a pattern in a message: of a condition, a failure or an event.
        condition: the type of a condition, or several as `VpcReady|SubnetsReady`.
        status: its status, or several as `False|Unknown`.
        reason: a pattern for its whole reason.
        what: the beginning of the sentence about it; empty for the usual one of the code.
        is_progress: it is normal for the first minutes.
    """

    code: Code
    message: str = ""
    condition: str = ""
    status: str = "False"
    reason: str = ".*"
    what: str = ""
    is_progress: bool = False
