"""The reachable release hosts. Each gets one request, all at the same time."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from urllib.parse import urlsplit

import requests

from plane.binaries.recipe import ReleaseMirror
from plane.progress import Progress

CONNECT = 3.0
PROBE = 3.5
SKIP = "none"


class Mirrors:
    """The mirrors that can be used in this run.

    Args:
        mirrors: those that are wanted; asking all of them takes at most 3.5 seconds.
        progress: gets a note about those that do not answer.
    """

    def __init__(self, mirrors: Iterable[ReleaseMirror], progress: Progress) -> None:
        wanted = {mirror: _address(mirror) for mirror in mirrors}
        addresses = {address for address in wanted.values() if address}
        answering = _answering(addresses)
        silent = sorted({_host(address) for address in addresses - answering})
        if silent:
            progress.note(
                f"No answer from {' and '.join(silent)}: nothing is downloaded from there"
            )
        self._usable = {
            mirror: address for mirror, address in wanted.items() if address in answering
        }

    def address(self, mirror: ReleaseMirror) -> str | None:
        """The address to download from; None where the mirror is switched off or silent."""
        return self._usable.get(mirror)

    def drop(self, mirror: ReleaseMirror) -> None:
        """Asks this mirror for nothing more in this run."""
        self._usable.pop(mirror, None)


def _address(mirror: ReleaseMirror) -> str:
    """The address in force, without a slash at its end; empty where it is switched off."""
    address = os.environ.get(mirror.variable) or mirror.address
    return "" if address == SKIP else address.rstrip("/")


def _host(address: str) -> str:
    return urlsplit(address).netloc or address


def _answering(addresses: set[str]) -> set[str]:
    """Those whose host answers anything at all, an error included."""
    found: set[str] = set()

    def ask(address: str) -> None:
        try:
            requests.head(address, timeout=CONNECT)
        except requests.RequestException:
            return
        found.add(address)

    # Not a thread pool: that waits at the end of the process, and a name server that does not
    # answer is waited for longer than the limit here.
    threads = [threading.Thread(target=ask, args=(item,), daemon=True) for item in addresses]
    for thread in threads:
        thread.start()
    clock = threading.Event()
    timer = threading.Timer(PROBE, clock.set)
    timer.daemon = True
    timer.start()
    while any(thread.is_alive() for thread in threads) and not clock.wait(0.01):
        pass
    timer.cancel()
    return set(found)
