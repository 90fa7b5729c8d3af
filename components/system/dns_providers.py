"""DNS providers of external-dns, and the needs of its pod.

Source: https://kubernetes-sigs.github.io/external-dns/ and, for Designate,
https://github.com/inovex/external-dns-openstack-webhook
"""

from __future__ import annotations

from abc import abstractmethod
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import Field

from catalog import catalog
from components.fields import Count, Domain, Flag, Settings
from components.ingress.names import ObjectName
from components.pods import Resources

CHART = "external-dns"
Text = Annotated[str, Field(min_length=1, max_length=1024)]


class Visibility(StrEnum):
    """The zones that are managed."""

    PUBLIC = "public"
    PRIVATE = "private"


class DnsProvider(Settings):
    """The base of every provider's settings."""

    NAME: ClassVar[str]
    """Its name in external-dns."""
    CLOUD: ClassVar[str] = ""
    """The infrastructure whose own credentials it takes; empty for none."""

    secret: ObjectName | None = None
    """The Secret in `external-dns` with its credentials."""

    @abstractmethod
    def values(self) -> dict[str, Any]:
        """Values of the chart."""

    def _from_secret(self, variables: dict[str, str]) -> list[dict[str, Any]]:
        """Environment variables from keys of the Secret, where there is one."""
        if not self.secret:
            return []
        return [
            {"name": name, "valueFrom": {"secretKeyRef": {"name": self.secret, "key": key}}}
            for name, key in variables.items()
        ]

    def _volume(self) -> list[dict[str, Any]]:
        return [{"name": "credentials", "secret": {"secretName": self.secret}}]


def mounted(folder: str) -> list[dict[str, Any]]:
    """The Secret's keys as files of a folder."""
    return [{"name": "credentials", "mountPath": folder, "readOnly": True}]


class Route53Records(DnsProvider):
    """Route 53 of AWS; the Secret has `access-key-id` and `secret-access-key`."""

    NAME: ClassVar = "aws"
    CLOUD: ClassVar = "aws"

    region: Text
    """The region of the API."""
    zones: Visibility | None = None
    """Only public or only private zones."""
    role: Text | None = None
    """A role to assume, as ARN."""

    def values(self) -> dict[str, Any]:
        """Region and credentials as variables, which the AWS SDK reads."""
        keys = {
            "AWS_ACCESS_KEY_ID": "access-key-id",
            "AWS_SECRET_ACCESS_KEY": "secret-access-key",
        }
        region = {"name": "AWS_DEFAULT_REGION", "value": self.region}
        arguments = {"aws-zone-type": self.zones, "aws-assume-role": self.role}
        return {
            "env": [region, *self._from_secret(keys)],
            "extraArgs": {key: str(value) for key, value in arguments.items() if value},
        }


class Google(DnsProvider):
    """Cloud DNS of Google Cloud; the Secret has the service account's key as `key.json`."""

    NAME: ClassVar = "google"
    CLOUD: ClassVar = "gcp"

    project: Text
    """The project of the zones."""
    zones: Visibility | None = None
    """Only public or only private zones."""

    def values(self) -> dict[str, Any]:
        """The project, and the key as a file."""
        arguments = {"google-project": self.project}
        if self.zones:
            arguments["google-zone-visibility"] = str(self.zones)
        if not self.secret:
            return {"extraArgs": arguments}
        folder = "/etc/google"
        file = {"name": "GOOGLE_APPLICATION_CREDENTIALS", "value": f"{folder}/key.json"}
        return {
            "env": [file],
            "extraArgs": arguments,
            "extraVolumes": self._volume(),
            "extraVolumeMounts": mounted(folder),
        }


class AzureRecords(DnsProvider):
    """Azure DNS; the Secret has external-dns' `azure.json`, for a managed identity too."""

    NAME: ClassVar = "azure"

    resource_group: Text
    """The resource group of the zones."""
    subscription: Text
    """The subscription of the zones."""

    def values(self) -> dict[str, Any]:
        """The file where external-dns looks for it."""
        return {
            "extraArgs": {
                "azure-resource-group": self.resource_group,
                "azure-subscription-id": self.subscription,
            },
            "extraVolumes": self._volume(),
            "extraVolumeMounts": mounted("/etc/kubernetes"),
        }


class TsigAlgorithm(StrEnum):
    """The signature algorithm of updates."""

    SHA256 = "hmac-sha256"
    SHA512 = "hmac-sha512"


class Rfc2136Records(DnsProvider):
    """Any DNS server with dynamic updates and transfers; the Secret has the key, `tsig-secret`."""

    NAME: ClassVar = "rfc2136"

    host: Text
    """The server's address."""
    port: Annotated[Count, Field(ge=1, le=65535)] = 53
    """Its port."""
    zones: Annotated[tuple[Domain, ...], Field(min_length=1, max_length=100)]
    """The zones that it may change."""
    key_name: Text
    """The name of the key."""
    algorithm: TsigAlgorithm = TsigAlgorithm.SHA256
    """The signature algorithm of updates."""

    def values(self) -> dict[str, Any]:
        """The key comes as a variable: arguments are readable for all users of the machine."""
        return {
            "env": self._from_secret({"EXTERNAL_DNS_RFC2136_TSIG_SECRET": "tsig-secret"}),
            "extraArgs": {
                "rfc2136-host": self.host,
                "rfc2136-port": str(self.port),
                "rfc2136-zone": list(self.zones),
                "rfc2136-tsig-keyname": self.key_name,
                "rfc2136-tsig-secret-alg": str(self.algorithm),
                "rfc2136-tsig-axfr": True,
            },
        }


class CloudflareRecords(DnsProvider):
    """Cloudflare; the Secret has a token as `api-token`."""

    NAME: ClassVar = "cloudflare"

    proxied: Flag = False
    """Callers come through Cloudflare's own proxies."""

    def values(self) -> dict[str, Any]:
        """The token as a variable."""
        proxied = {"cloudflare-proxied": True} if self.proxied else {}
        return {"env": self._from_secret({"CF_API_TOKEN": "api-token"}), "extraArgs": proxied}


class Designate(DnsProvider):
    """Designate of OpenStack, by a second container; the Secret has a `clouds.yaml`."""

    NAME: ClassVar = "webhook"
    IMAGE_AT: ClassVar = "provider.webhook.image"

    cloud: Text = "openstack"
    """The cloud in the file."""

    def values(self) -> dict[str, Any]:
        """The container beside external-dns, as restricted as that."""
        images = catalog().charts[CHART].images
        (image,) = (each for each in images if each.at == self.IMAGE_AT)
        webhook = {
            "image": {"repository": image.name, "tag": image.tag},
            "env": [{"name": "OS_CLOUD", "value": self.cloud}],
            "extraVolumeMounts": mounted("/etc/openstack"),
            "resources": Resources(cpu="25m", memory="64Mi").requirements(),
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "runAsNonRoot": True,
                "runAsUser": 65532,
                "capabilities": {"drop": ["ALL"]},
            },
        }
        return {"provider": {"webhook": webhook}, "extraVolumes": self._volume()}
