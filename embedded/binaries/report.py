"""What a step says about the work under way."""

from __future__ import annotations

from dataclasses import dataclass

from embedded.progress import Step


@dataclass(frozen=True, slots=True)
class Report:
    """Tells a step how far it is, with what is left after it."""

    step: Step
    left: str

    def __call__(self, done: float, total: float | None, detail: str = "") -> None:
        """`done` of `total` units are finished; `detail` names what is being worked on."""
        self.step.advance(done, total, f"{detail}, {self.left}" if detail else self.left)
