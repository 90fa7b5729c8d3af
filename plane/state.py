"""The state of a plane between runs: its address, ports and processes."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from plane.pki import write_private
from plane.process import ProcessRecord


@dataclass(slots=True)
class State:
    """The content of `plane.json`.

    Attributes:
        address: the plane's loopback address; empty before the first start.
        ports: port by name.
        processes: what was started last, by name.
        complete: the fingerprint of the plane when it was last seen ready; empty while starting.
    """

    address: str = ""
    ports: dict[str, int] = field(default_factory=dict)
    processes: dict[str, ProcessRecord] = field(default_factory=dict)
    complete: str = ""

    @classmethod
    def read(cls, path: Path) -> State:
        """The state in the file; an empty one where there is none, or it is damaged.

        Losing it is harmless: processes are found again by their marks.
        """
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            return cls(
                address=str(content["address"]),
                ports={str(name): int(port) for name, port in content["ports"].items()},
                processes={
                    str(name): ProcessRecord(**each) for name, each in content["processes"].items()
                },
                complete=str(content["complete"]),
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return cls()

    def write(self, path: Path) -> None:
        """Replaces the file in one move."""
        write_private(path, json.dumps(asdict(self), indent=2).encode())
