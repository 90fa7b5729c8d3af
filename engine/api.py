"""A small client of a Kubernetes API server: objects as dictionaries, failures as codes."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import urllib3
import yaml
from kubernetes import config
from kubernetes.client import ApiClient, Configuration
from kubernetes.config import ConfigException

from components.manifest import FIELD_MANAGER
from components.mappings import Manifest
from errors import CaasError, Where
from errors.program import API_SERVER_REFUSED, API_SERVER_UNREACHABLE, KUBECONFIG_UNUSABLE

APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
Entries = list[dict[str, Any]]
"""`managedFields`."""
NOT_FOUND = 404
CONFLICT = 409


def describe(manifest: Manifest) -> str:
    """An object in words, `Cluster clusters/shop`."""
    metadata = manifest["metadata"]
    place = f"{metadata['namespace']}/" if metadata.get("namespace") else ""
    return f"{manifest['kind']} {place}{metadata['name']}"


class Api:
    """One API server.

    Args:
        kubeconfig: the file with its address and the client certificate.
        timeout: seconds that one request may take.
        context: of the file; without it the current one.
        advice: what to do when it does not answer, where that is not what the code says.
        once: whether a request is sent once only, where the server does not answer.

    Raises:
        CaasError: CAAS-3024 when the file can't be used.
    """

    def __init__(
        self,
        kubeconfig: Path,
        timeout: float = 30,
        *,
        context: str | None = None,
        advice: str = "",
        once: bool = False,
    ) -> None:
        settings = Configuration()
        settings.retries = urllib3.Retry(connect=0, read=0) if once else None
        try:
            self._client: ApiClient = config.new_client_from_config(
                str(kubeconfig), context, client_configuration=settings
            )
        except (ConfigException, OSError, yaml.YAMLError, TypeError) as error:
            named = f", with the context `{context}`" if context else ""
            raise CaasError(
                KUBECONFIG_UNUSABLE,
                f"The kubeconfig can't be used{named}",
                where=Where(file=str(kubeconfig)),
                why=str(error).partition("\n")[0],
            ) from error
        self._advice = advice
        self._timeout = timeout
        self._plural = lru_cache(self._find_plural)
        self._served = lru_cache(self._find_served)

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content_type: str = "application/json",
        what: str = "",
        **query: str,
    ) -> dict[str, Any]:
        """Sends one request and gives the decoded answer.

        Args:
            method: the HTTP method.
            path: what follows the host, `/api/v1/namespaces`.
            body: JSON-like, or None.
            content_type: of the body.
            what: the object that it is about, for errors.
            query: query parameters.

        Raises:
            CaasError: CAAS-3010 when the server refuses, CAAS-3011 when it can't be reached.
        """
        host = self._client.configuration.host
        headers = {"Accept": "application/json", "Content-Type": content_type}
        url = f"{host}{path}" + (f"?{urlencode(query)}" if query else "")
        try:
            response = self._client.call_api(
                method, url, headers, body, None, _request_timeout=self._timeout
            )
            text = response.read()
        except urllib3.exceptions.HTTPError as error:
            reason = str(getattr(error, "reason", error)).rpartition(": ")[2]
            raise CaasError(
                API_SERVER_UNREACHABLE, f"{host} does not answer", why=reason, fix=self._advice
            ) from error
        try:
            answer: dict[str, Any] = json.loads(text or b"{}")
        except ValueError:  # a path that is not served, or a proxy that has its own opinion
            answer = {"message": text.decode(errors="replace").strip()}
        if response.status >= 400:  # noqa: PLR2004 - HTTP's first error status
            raise RefusedError(response.status, answer, Where(object=what or path))
        return answer

    def get(self, path: str) -> Manifest | None:
        """The object at `path`, or None."""
        try:
            return self.request("GET", path)
        except RefusedError as error:
            if error.status == NOT_FOUND:
                return None
            raise

    def list(self, path: str, **query: str) -> list[Manifest]:
        """All objects below `path`; kinds are filled in.

        They come from the server's watch cache, as old as it happens to be, unless the query says
        `resourceVersion=""`: then they are as new as the request.
        """
        answer = self.request("GET", path, **{"resourceVersion": "0"} | query)
        kind = answer["kind"].removesuffix("List")
        header = {"apiVersion": answer["apiVersion"], "kind": kind}
        return [header | item for item in answer["items"]]

    def apply(self, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        """Applies one object server-side, and gives what the server made of it."""
        query = {"fieldManager": FIELD_MANAGER, "force": "true"}
        if dry_run:
            query["dryRun"] = "All"
        return self.request(
            "PATCH",
            self.path(manifest),
            manifest,
            content_type=APPLY,
            what=describe(manifest),
            **query,
        )

    def merge(self, manifest: Manifest, change: dict[str, Any]) -> Manifest:
        """Merges `change` into the object that `manifest` names."""
        path = self.path(manifest)
        return self.request("PATCH", path, change, content_type=MERGE, what=describe(manifest))

    def own_fields(self, manifest: Manifest, entries: Entries) -> Manifest:
        """Writes who manages which field; refused where the object has changed since.

        Args:
            manifest: the object as it was read, with its `resourceVersion`.
            entries: its `managedFields` as they shall be.
        """
        metadata = {
            "resourceVersion": manifest["metadata"]["resourceVersion"],
            "managedFields": entries,
        }
        change = [
            {"op": "replace", "path": f"/metadata/{name}", "value": value}
            for name, value in metadata.items()
        ]
        path = self.path(manifest)
        return self.request("PATCH", path, change, content_type=JSON_PATCH, what=describe(manifest))

    def delete(self, manifest: Manifest) -> None:
        """Begins to delete an object; one that is gone already is fine."""
        try:
            self.request("DELETE", self.path(manifest), what=describe(manifest))
        except RefusedError as error:
            if error.status != NOT_FOUND:
                raise

    def path(self, manifest: Manifest) -> str:
        """The path of one object."""
        metadata = manifest["metadata"]
        place = f"/namespaces/{metadata['namespace']}" if metadata.get("namespace") else ""
        version, kind = manifest["apiVersion"], manifest["kind"]
        return f"{root(version)}{place}/{self._plural(version, kind)}/{metadata['name']}"

    def collection(self, api_version: str, kind: str) -> str:
        """The path of all objects of a kind, in every namespace."""
        return f"{root(api_version)}/{self._plural(api_version, kind)}"

    def _find_plural(self, api_version: str, kind: str) -> str:
        served = self._served(api_version)
        if kind not in served:  # it may have been defined since
            self._served.cache_clear()
            served = self._served(api_version)
        if kind in served:
            return served[kind]
        raise UnknownKindError(
            API_SERVER_REFUSED, f"The API server does not serve the kind {kind} of {api_version}"
        )

    def _find_served(self, api_version: str) -> dict[str, str]:
        """The kinds of an API version, with their plurals."""
        served = self.get(root(api_version)) or {}
        return {
            resource["kind"]: str(resource["name"])
            for resource in served.get("resources", ())
            if "/" not in resource["name"]
        }


def collection_path(api_version: str, plural: str, namespace: str = "") -> str:
    """The path of a kind's objects in a namespace; in all of them when it is empty."""
    place = f"/namespaces/{namespace}" if namespace else ""
    return f"{root(api_version)}{place}/{plural}"


def root(api_version: str) -> str:
    """The address of an API version."""
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"


class UnknownKindError(CaasError):
    """The API server does not serve a kind: what defines it is not installed there."""


class RefusedError(CaasError):
    """The API server answered with an error.

    Attributes:
        status: the HTTP status.
        body: the Status object.
    """

    def __init__(self, status: int, body: dict[str, Any], where: Where) -> None:
        self.status = status
        self.body = body
        message = str(body.get("message") or f"HTTP {status}")
        super().__init__(
            API_SERVER_REFUSED, f"The API server refused {where.object}", why=message, where=where
        )
