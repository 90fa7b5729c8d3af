"""Health checks of the plane's processes, and waiting for them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import urllib3

POLL = 0.05


class Client:
    """A client of the plane's servers, with the admin's certificate and the plane's CA.

    Args:
        pki: the folder of certificates and keys.
    """

    def __init__(self, pki: Path) -> None:
        self._pool = urllib3.PoolManager(
            maxsize=16,
            block=True,
            cert_file=str(pki / "admin.crt"),
            key_file=str(pki / "admin.key"),
            ca_certs=str(pki / "ca.crt"),
            retries=False,
        )

    def answers(self, url: str) -> bool:
        """True if a GET returns 200 within two seconds."""
        try:
            return self._pool.request("GET", url, timeout=2.0).status == 200  # noqa: PLR2004
        except urllib3.exceptions.HTTPError:
            return False

    def get(self, url: str, accept: str = "application/json") -> tuple[int, Any]:
        """Status and JSON body of a GET."""
        response = self._pool.request("GET", url, headers={"Accept": accept}, timeout=30.0)
        return response.status, _body(response)

    def apply(self, url: str, content: Mapping[str, Any]) -> tuple[int, Any]:
        """Status and JSON body of a server-side apply by the field manager `caas-plane`."""
        response = self._pool.request(
            "PATCH",
            f"{url}?fieldManager=caas-plane&force=true",
            body=json.dumps(content).encode(),
            headers={"Content-Type": "application/apply-patch+yaml"},
            timeout=60.0,
        )
        return response.status, _body(response)

    def close(self) -> None:
        """Ends the connections."""
        self._pool.clear()


def _body(response: urllib3.BaseHTTPResponse) -> Any:
    try:
        return json.loads(response.data)
    except ValueError:
        return {"message": response.data.decode(errors="replace")}


def wait_for(
    conditions: Mapping[str, Callable[[], bool]],
    limit: float,
    between: Callable[[list[str]], None],
) -> list[str]:
    """Waits until every condition has been true once.

    Args:
        conditions: what to wait for, by name.
        limit: seconds.
        between: called with the names still missing, between two rounds.

    Returns:
        The names that were still missing at the limit.
    """
    missing = dict(conditions)
    end = time.monotonic() + limit
    while missing := {name: ready for name, ready in missing.items() if not ready()}:
        between(list(missing))
        if time.monotonic() > end:
            break
        time.sleep(POLL)
    return list(missing)
