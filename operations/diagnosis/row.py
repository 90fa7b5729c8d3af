"""A line of the table, and the tests that several of its parts share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from errors import Code
from operations.diagnosis.signs import ObservedObject, Sign

INFRASTRUCTURE = "spec.infrastructureRef"
BOOTSTRAP = "spec.bootstrap.configRef"
NODE = "status.nodeRef"

ANYTHING = ""
CONTROL_PLANE = "KubeadmControlPlane"
EVERY_KIND = ""
CLOUD = "infrastructure"
"""Stands for the kinds that clusters and machines name as their infrastructure."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        kind: of the object; `EVERY_KIND`, or `CLOUD` for every kind of infrastructure.
        sign: what is seen.
        code: what it means.
        what: the sentence about it; `{object}`, `{cluster}`.
        only: a further test.
        grace: it is progress, not a problem, until it is older than the patience.
        symptom: what explains it: something found below the object (`ANYTHING`), or only what is
            found below one kind of object there; None if it is always reported.
        aside: it is reported beside the object's other rows, and explains nothing.
        leads_to: the reference that the chain ends with.
    """

    kind: str
    sign: Sign
    code: Code
    what: str
    only: Callable[[ObservedObject], bool] = lambda subject: True
    grace: bool = False
    symptom: str | None = None
    aside: bool = False
    leads_to: str = ""


def staying(subject: ObservedObject) -> bool:
    """True if the object is not being deleted."""
    return not subject.is_deleting
