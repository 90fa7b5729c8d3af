"""A small client of Harbor's API v2.0.

Source: api/v2.0/swagger.yaml of Harbor 2.15.
"""

from __future__ import annotations

from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any

import requests

from errors import CaasError, Where
from errors.registries import HARBOR_LOGIN, HARBOR_REFUSED, HARBOR_UNREACHABLE

PAGE = 100
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = 401, 403, 404
_FIRST_ERROR = 400


class HarborClient:
    """One Harbor.

    Args:
        url: its address, `https://registry.example.com`.
        username: who asks.
        password: kept in this process only.
        ca: a file with the certificate of its CA; without it the system's.
        timeout: seconds that one request may take.
    """

    def __init__(
        self, url: str, username: str, password: str, *, ca: Path | None = None, timeout: float = 30
    ) -> None:
        self.url = url.rstrip("/")
        self._timeout = timeout
        self._session = requests.Session()
        self._session.auth = (username, password)
        # With a session's cookie Harbor wants a token against forgery too.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        # Said with each request: a session's own is overruled by $REQUESTS_CA_BUNDLE.
        self._verify: bool | str = str(ca) if ca else True

    def get(self, path: str, **query: str | int) -> Any:
        """The resource at `path`; None if it does not exist."""
        response = self._send("GET", path, query=query)
        return None if response.status_code == _NOT_FOUND else self._content(response)

    def list(self, path: str, **query: str | int) -> list[dict[str, Any]]:
        """Everything below `path`, page by page."""
        found: list[dict[str, Any]] = []
        page = 1
        while True:
            response = self._send("GET", path, query={**query, "page": page, "page_size": PAGE})
            part = self._content(response) or []
            found += part
            if len(part) < PAGE:
                return found
            page += 1

    def create(self, path: str, body: Any) -> Any:
        """Makes something; the answer, or what is at its location."""
        response = self._send("POST", path, body)
        return self._content(response)

    def replace(self, path: str, body: Any) -> None:
        """Writes something anew."""
        self._content(self._send("PUT", path, body))

    def change(self, path: str, body: Any) -> Any:
        """Changes a part of something."""
        return self._content(self._send("PATCH", path, body))

    def delete(self, path: str) -> None:
        """Deletes something."""
        self._content(self._send("DELETE", path))

    def _send(
        self, method: str, path: str, body: Any = None, query: Any = None
    ) -> requests.Response:
        url = f"{self.url}/api/v2.0{path}"
        try:
            response = self._session.request(
                method,
                url,
                params=query,
                json=body,
                timeout=self._timeout,
                allow_redirects=False,
                verify=self._verify,
            )
        except requests.RequestException as error:
            reason = str(error).partition("\n")[0]
            raise CaasError(
                HARBOR_UNREACHABLE, f"{self.url} does not answer", why=reason
            ) from error
        if response.is_redirect:
            what = f"{self.url} redirects to {response.headers['Location']}"
            raise CaasError(HARBOR_UNREACHABLE, what)
        if response.status_code in (_UNAUTHORIZED, _FORBIDDEN):
            raise CaasError(HARBOR_LOGIN, f"{self.url} refuses the login", where=Where(object=path))
        if response.status_code >= _FIRST_ERROR and response.status_code != _NOT_FOUND:
            raise self._refused(response, f"{method} {path}")
        return response

    def _content(self, response: requests.Response) -> Any:
        if response.status_code == _NOT_FOUND:
            raise self._refused(response, str(response.request.path_url))
        if not response.content:
            return None
        try:
            return response.json()
        except ValueError as error:
            what = f"{self.url} does not serve Harbor's API"
            raise CaasError(HARBOR_UNREACHABLE, what) from error

    def _refused(self, response: requests.Response, what: str) -> CaasError:
        try:
            errors = response.json().get("errors", ())
            why = "; ".join(str(each.get("message", "")) for each in errors)
        except (ValueError, AttributeError):
            why = ""
        return CaasError(
            HARBOR_REFUSED, f"Harbor refused {what}", why=why or f"HTTP {response.status_code}"
        )
