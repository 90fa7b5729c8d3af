"""Passwords of Harbor and its robots, as Secrets in Harbor's namespace."""

from __future__ import annotations

import base64
import json

from components.registry.harbor_objects import NAMESPACE
from engine.api import Api
from errors import CaasError, Where
from errors.registries import HARBOR_SECRET_MISSING
from operations.registry.sync import Login

DOCKER, DOCKER_KEY = "kubernetes.io/dockerconfigjson", ".dockerconfigjson"


class Secrets:
    """The Secrets of a cluster.

    Args:
        api: of the cluster that Harbor runs in.
        host: under which its robots log in.
    """

    def __init__(self, api: Api, host: str) -> None:
        self._api = api
        self._host = host

    def value(self, secret: str, key: str) -> str:
        """One value of a Secret.

        Raises:
            CaasError: HARBOR_SECRET_MISSING.
        """
        found = self._api.get(f"/api/v1/namespaces/{NAMESPACE}/secrets/{secret}")
        encoded = (found or {}).get("data", {}).get(key)
        if encoded is None:
            what = f"has no key `{key}`" if found else "is not there"
            raise CaasError(
                HARBOR_SECRET_MISSING,
                f"The Secret `{secret}` {what}",
                where=Where(object=f"Secret {NAMESPACE}/{secret}"),
            )
        return base64.b64decode(encoded).decode()

    def login(self, secret: str) -> Login:
        """The `username` and `password` of a Secret."""
        return Login(self.value(secret, "username"), self.value(secret, "password"))

    def has_pull_secret(self, secret: str) -> bool:
        """True if a robot's Secret exists."""
        return self._api.get(f"/api/v1/namespaces/{NAMESPACE}/secrets/{secret}") is not None

    def pull_secret(self, secret: str) -> str | None:
        """The content of a robot's Secret; None where it is not there."""
        return self.value(secret, DOCKER_KEY) if self.has_pull_secret(secret) else None

    def keep_pull_secret(self, secret: str, login: Login) -> None:
        """Writes a robot's Secret, with which pods pull."""
        encoded = base64.b64encode(f"{login.username}:{login.password}".encode()).decode()
        entry = {"username": login.username, "password": login.password, "auth": encoded}
        self._api.apply(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": secret, "namespace": NAMESPACE},
                "type": DOCKER,
                "stringData": {DOCKER_KEY: json.dumps({"auths": {self._host: entry}})},
            }
        )
