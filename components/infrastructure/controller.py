"""The controllers of infrastructure providers that the embedded plane can run, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Controller:
    """The build and the process of a provider's controller.

    Attributes:
        module: its Go module; the module's root is the program.
        pins: the folder with the `go.mod` and `go.sum` that pin it, of the provider's release.
        definitions: the definitions that are taken, by the beginning of their file names; all of
            them where it is empty.
        without: those of them that are left out, by a part of their file names.
        gates: feature gates that hold in the plane, whatever a stack says: the kinds that they
            bring are not taken.
        environment: the variables that the program gets of the user's environment, by the
            beginning of their names; its credentials come this way and no other.
        credentials: the variables among them that are credentials, in the same way.
    """

    module: str
    pins: Path
    definitions: tuple[str, ...] = ()
    without: str = ""
    gates: Mapping[str, bool] = field(default_factory=dict)
    environment: tuple[str, ...] = ()
    credentials: tuple[str, ...] = ()
