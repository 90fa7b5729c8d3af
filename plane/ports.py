"""The listen addresses of a plane: a separate loopback address, and free ports on it."""

from __future__ import annotations

import hashlib
import socket
import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from errors import CaasError, machine

# The in-memory provider's debug server, and its first workload clusters: not configurable.
FIXED_PORTS = (19000, 20000)
ONLY_LOOPBACK = "127.0.0.1"
# Below the ephemeral ranges of Linux and macOS, beside the fixed ports and 20000-30000.
SEARCHED = range(10000, 18000)
CANDIDATES = 16
GRACE_SECONDS = 1.0
POLL = 0.02


def choose_address(directory: Path) -> str:
    """A loopback address for the plane in `directory`, the same one every time while it is free.

    Every plane has its own address because the simulated clusters of each listen on port 20000
    and up. Where only 127.0.0.1 exists (macOS) that one is used.

    Raises:
        CaasError: CAAS-2103 the fixed ports are taken on every address.
    """
    for address in _candidates(directory):
        if all(is_free(address, port) for port in FIXED_PORTS):
            return address
    taken = next(port for port in FIXED_PORTS if not is_free(ONLY_LOOPBACK, port))
    raise CaasError(machine.PORT_UNAVAILABLE, f"Port {taken} is taken by another program.")


def choose_ports(
    address: str, wanted: Mapping[str, int], used: Collection[int] = ()
) -> dict[str, int]:
    """A free port for each name, the preferred one where it is free.

    Args:
        address: the address to listen on.
        wanted: the preferred port by name.
        used: ports that are not to be chosen.

    Raises:
        CaasError: CAAS-2103 no port is left.
    """
    chosen: dict[str, int] = {}
    for name, preferred in wanted.items():
        free = (
            port
            for port in (preferred, *SEARCHED)
            if port not in used and port not in chosen.values() and is_free(address, port)
        )
        try:
            chosen[name] = next(free)
        except StopIteration:
            raise CaasError(
                machine.PORT_UNAVAILABLE, f"No port is left for {name} on {address}."
            ) from None
    return chosen


def comes_free(address: str, port: int) -> bool:
    """True if a server could listen there now or within a second.

    A process that was killed holds its ports until its last thread is gone.
    """
    end = time.monotonic() + GRACE_SECONDS
    while not (free := is_free(address, port)) and time.monotonic() < end:
        time.sleep(POLL)
    return free


def is_free(address: str, port: int) -> bool:
    """True if a server could listen there now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def _candidates(directory: Path) -> Iterator[str]:
    """Addresses that belong to this directory, then the one that always exists."""
    for attempt in range(CANDIDATES):
        digest = hashlib.sha256(f"{directory}#{attempt}".encode()).digest()
        second, third, fourth = (1 + byte % 254 for byte in digest[:3])
        yield f"127.{second}.{third}.{fourth}"
    yield ONLY_LOOPBACK
