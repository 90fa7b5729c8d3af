"""Settings of Harbor's exposure, database, cache, object storage and login."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from components.fields import CertSan, Count, Flag, ObjectName, Settings, WebAddress

Text = Annotated[str, Field(min_length=1, max_length=253)]


class Exposure(StrEnum):
    """The exposure of Harbor."""

    ROUTE = "route"
    INGRESS = "ingress"
    LOAD_BALANCER = "loadBalancer"


class GatewayReference(Settings):
    """The Gateway that Harbor's route belongs to."""

    name: ObjectName = "shared"
    namespace: ObjectName = "gateway"
    listener: ObjectName | None = None
    """One of its listeners; without it every one that fits the host."""

    def parent(self) -> dict[str, str]:
        """An entry of a route's `parentRefs`."""
        section = {"sectionName": self.listener} if self.listener else {}
        return {"name": self.name, "namespace": self.namespace} | section


class SslMode(StrEnum):
    """The verification of the database's certificate."""

    DISABLE = "disable"
    REQUIRE = "require"
    VERIFY_CA = "verify-ca"
    VERIFY_FULL = "verify-full"


class Database(Settings):
    """A PostgreSQL that is there already."""

    host: CertSan
    port: Annotated[Count, Field(ge=1, le=65535)] = 5432
    username: Text = "harbor"
    name: Text = "registry"
    """The database; it has to be there."""
    secret: ObjectName
    """A Secret in Harbor's namespace, its key `password`."""
    ssl: SslMode = SslMode.VERIFY_FULL
    """The verification of its certificate; `require` encrypts without verification."""

    def values(self) -> dict[str, Any]:
        """The chart's `database`."""
        return {
            "type": "external",
            "external": {
                "host": self.host,
                "port": str(self.port),
                "username": self.username,
                "coreDatabase": self.name,
                "existingSecret": self.secret,
                "sslmode": self.ssl.value,
            },
        }


class Valkey(Settings):
    """A Valkey or Redis that is there already."""

    addresses: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9.\[\]:-]+:[0-9]{1,5}$")], ...],
        Field(min_length=1, max_length=9),
    ]
    """`valkey.example.com:6379`; of sentinels all of them."""
    sentinel_set: Text | None = None
    """The name of the set that sentinels watch; without it the address is the server's own."""
    username: Annotated[str, Field(pattern=r"^[A-Za-z0-9._~-]{1,64}$")] | None = None
    """A user with a name; without it the default one."""
    secret: ObjectName | None = None
    """A Secret in Harbor's namespace, its key `REDIS_PASSWORD`: letters, digits and `-._~`, because
    it becomes a part of addresses; without it no password. Pods read it when they start."""
    tls: Flag = True
    """Connects with TLS."""

    def values(self) -> dict[str, Any]:
        """The chart's `redis`, without the password: the chart would write it into ConfigMaps, or
        leave it empty where the Secret comes after the chart."""
        watched = {"sentinelMasterSet": self.sentinel_set} if self.sentinel_set else {}
        external = {"addr": ",".join(self.addresses), "tlsOptions": {"enable": self.tls}}
        return {"type": "external", "external": external | watched}

    def environment(self) -> dict[str, list[dict[str, Any]]]:
        """The environment by component, with the password filled in by the kubelet; it wins over
        what the chart writes into ConfigMaps."""
        if not self.secret:
            return {}
        password = _from_secret("REDIS_PASSWORD", self.secret, "REDIS_PASSWORD")
        user = {"name": "REGISTRY_REDIS_USERNAME", "value": self.username}
        images = [_from_secret("REGISTRY_REDIS_PASSWORD", self.secret, "REDIS_PASSWORD")]
        images += [user] if self.username else []
        core, jobs, layers = (self._address(index) for index in (0, 1, 2))
        idle = "?idle_timeout_seconds=30"
        own = {"name": "_REDIS_URL_CORE", "value": core + idle}
        return {
            "core": [password, own, {"name": "_REDIS_URL_REG", "value": layers + idle}],
            "jobservice": [password, own, {"name": "JOB_SERVICE_POOL_REDIS_URL", "value": jobs}],
            "exporter": [password, {"name": "HARBOR_REDIS_URL", "value": jobs}],
            "registry": images,
        }

    def _address(self, index: int) -> str:
        """The address of a database, with the numbers of the chart."""
        scheme = ("rediss" if self.tls else "redis") + ("+sentinel" if self.sentinel_set else "")
        path = f"/{self.sentinel_set}" if self.sentinel_set else ""
        login = f"{self.username or ''}:$(REDIS_PASSWORD)"
        return f"{scheme}://{login}@{','.join(self.addresses)}{path}/{index}"


def _from_secret(variable: str, secret: str, key: str) -> dict[str, Any]:
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}


class S3(Settings):
    """A bucket of S3 or of a compatible store."""

    bucket: Text
    region: Text
    url: WebAddress | None = None
    """The address of a store that is not Amazon's."""
    secret: ObjectName | None = None
    """A Secret in Harbor's namespace, its keys `REGISTRY_STORAGE_S3_ACCESSKEY` and
    `REGISTRY_STORAGE_S3_SECRETKEY`; without it the role of the service account, where `values`
    annotate it with one."""
    folder: Annotated[str, Field(pattern=r"^/[\w./-]*$", max_length=512)] | None = None

    def values(self) -> dict[str, Any]:
        """The chart's `imageChartStorage.s3`."""
        optional = {
            "regionendpoint": self.url,
            "existingSecret": self.secret,
            "rootdirectory": self.folder,
        }
        found = {key: value for key, value in optional.items() if value}
        return {"bucket": self.bucket, "region": self.region} | found


class Swift(Settings):
    """A container of OpenStack Swift."""

    container: Text
    auth_url: WebAddress
    username: Text
    secret: ObjectName
    """A Secret in Harbor's namespace, its key `REGISTRY_STORAGE_SWIFT_PASSWORD`."""
    region: Text | None = None
    project: Text | None = None
    """The project's name."""
    domain: Text | None = None
    """The user's domain."""

    def values(self) -> dict[str, Any]:
        """The chart's `imageChartStorage.swift`."""
        optional = {"region": self.region, "tenant": self.project, "domain": self.domain}
        return {
            "container": self.container,
            "authurl": self.auth_url,
            "username": self.username,
            "existingSecret": self.secret,
        } | {key: value for key, value in optional.items() if value}


class ImageStore(Settings):
    """The object storage of images, instead of a volume."""

    s3: S3 | None = None
    swift: Swift | None = None
    redirect: Flag = True
    """Sends clients to the store for layers; `false` where they can't reach it."""

    def values(self) -> dict[str, Any]:
        """The chart's `imageChartStorage`."""
        chosen = {"s3": self.s3, "swift": self.swift}
        kind, store = next((name, each) for name, each in chosen.items() if each)
        return {"type": kind, "disableredirect": not self.redirect, kind: store.values()}


class HarborOidc(Settings):
    """Users log in with an identity provider; the first admin still has a password."""

    name: Text
    """The text of the button."""
    issuer: Annotated[str, Field(pattern=r"^https://\S+$", max_length=512)]
    """The provider's address."""
    client_id: Text
    secret: ObjectName
    """A Secret in Harbor's namespace, its key `clientSecret`."""
    scope: Text = "openid,profile,email,offline_access"
    user_claim: Text = "preferred_username"
    groups_claim: Text | None = None
    """The claim with a user's groups."""
    admin_group: Text | None = None
    """Members of it administer Harbor."""

    def environment(self) -> list[dict[str, Any]]:
        """Environment of Harbor's core: its settings, with the secret filled in by the kubelet."""
        variable = "CAAS_OIDC_CLIENT_SECRET"
        groups = {"oidc_groups_claim": self.groups_claim, "oidc_admin_group": self.admin_group}
        settings = {
            "auth_mode": "oidc_auth",
            "oidc_name": self.name,
            "oidc_endpoint": self.issuer,
            "oidc_client_id": self.client_id,
            "oidc_client_secret": f"$({variable})",
            "oidc_scope": self.scope,
            "oidc_user_claim": self.user_claim,
            "oidc_verify_cert": True,
            "oidc_auto_onboard": True,
        } | {key: value for key, value in groups.items() if value}
        return [
            _from_secret(variable, self.secret, "clientSecret"),
            {"name": "CONFIG_OVERWRITE_JSON", "value": json.dumps(settings)},
        ]
