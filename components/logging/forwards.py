"""The user's own systems that logs are sent to, besides the store or in place of it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from components.fields import CertSan, Count, Flag, Settings
from components.logging.outputs import LOKI, Properties, s3
from components.logging.settings import (
    Address,
    Archive,
    ClassName,
    LogSource,
    SecretName,
)

Port = Annotated[Count, Field(ge=1, le=65535)]
ForwardName = Annotated[str, Field(pattern=r"^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$")]
Broker = Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]+:[0-9]{1,5}$", max_length=253)]
Path = Annotated[str, Field(pattern=r"^/[A-Za-z0-9/_.~%?&=,:-]*$", max_length=512)]
CA_FOLDER = "/etc/caas/ca"


class Forward(Settings):
    """The common settings of destinations."""

    name: ForwardName
    """Its name, which no other destination has."""
    sources: Annotated[tuple[LogSource, ...], Field(max_length=5)] = ()
    """The sources of its lines; empty for all."""
    classes: Annotated[tuple[ClassName, ...], Field(max_length=21)] = ()
    """Classes of `retention` that it gets; all when empty."""

    @property
    def login(self) -> str:
        """The Secret that says who the collector is there; empty without one."""
        return ""

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """The keys that this Secret has to have."""
        return ("username", "password")

    def variable(self, key: str) -> str:
        """The variable of the collector that holds a key of its Secret."""
        return f"FORWARD_{self.name}_{key}".upper().replace("-", "_")

    @abstractmethod
    def output(self) -> Properties:
        """The output of Fluent Bit, without what all outputs have."""


class _WithTls(Forward):
    ca: SecretName | None = None
    """A Secret with the authority as `ca.crt`; without it those of the collector's image."""
    verify: Flag = True
    """Checks the certificate of the server."""

    def _tls(self, on: bool) -> Properties:
        if not on:
            return {}
        ca = {"tls.ca_file": f"{CA_FOLDER}/{self.name}/ca.crt"} if self.ca else {}
        return {"tls": "On", "tls.verify": "On" if self.verify else "Off", **ca}


class _WithLogin(_WithTls):
    secret: SecretName | None = None
    """A Secret with the keys `username` and `password`; without it no authentication is used."""

    @property
    def login(self) -> str:
        """Its Secret."""
        return self.secret or ""

    def _login(self, keys: tuple[str, str] = ("http_user", "http_passwd")) -> Properties:
        if not self.secret:
            return {}
        return {
            key: f"${{{self.variable(each)}}}"
            for key, each in zip(keys, ("username", "password"), strict=True)
        }


class _Web(_WithLogin):
    url: Address
    """Its address, `https://logs.example.com:9200`."""

    def _server(self) -> Properties:
        scheme, _, rest = self.url.partition("://")
        host, _, port = rest.partition(":")
        default = "443" if scheme == "https" else "80"
        return {"host": host, "port": port or default, **self._tls(scheme == "https")}


class SyslogProtocol(StrEnum):
    """The transport of syslog."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"


class SyslogForward(_WithTls):
    """A syslog server, RFC 5424."""

    type: Literal["syslog"]
    """`syslog`."""
    host: CertSan
    """Its name or address."""
    port: Port = 6514
    """Its port."""
    protocol: SyslogProtocol = SyslogProtocol.TLS
    """`udp`, `tcp` or `tls`."""

    def output(self) -> Properties:
        """The source of a line is in the structured data `caas`."""
        return {
            "name": "syslog",
            "host": self.host,
            "port": str(self.port),
            "mode": self.protocol.value,
            "syslog_format": "rfc5424",
            "syslog_maxsize": "65536",
            "syslog_message_key": "log",
            "syslog_hostname_key": "node",
            "syslog_appname_key": "container",
            "syslog_procid_key": "pod",
            "syslog_msgid_key": "source",
            **self._tls(self.protocol is SyslogProtocol.TLS),
        }


class KafkaForward(_WithLogin):
    """A topic of Kafka, one message a line, as JSON."""

    type: Literal["kafka"]
    """`kafka`."""
    brokers: Annotated[tuple[Broker, ...], Field(min_length=1, max_length=50)]
    """Host and port of some brokers."""
    topic: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,249}$")]
    """The topic."""
    tls: Flag = True
    """Uses TLS to the brokers."""
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    """The authentication mechanism with `secret`."""

    def output(self) -> Properties:
        """Messages without a key: brokers spread them over the partitions."""
        security = ("SASL_" if self.secret else "") + ("SSL" if self.tls else "PLAINTEXT")
        found = {
            "name": "kafka",
            "brokers": ",".join(self.brokers),
            "topics": self.topic,
            "format": "json",
            "timestamp_key": "time",
            "timestamp_format": "iso8601",
            "rdkafka.security.protocol": security,
            "rdkafka.compression.codec": "lz4",
        }
        if self.tls and self.ca:
            found["rdkafka.ssl.ca.location"] = f"{CA_FOLDER}/{self.name}/ca.crt"
        if self.tls and not self.verify:
            found["rdkafka.enable.ssl.certificate.verification"] = "false"
        if self.secret:
            found["rdkafka.sasl.mechanism"] = self.mechanism
        return found | self._login(("rdkafka.sasl.username", "rdkafka.sasl.password"))


class SearchForward(_Web):
    """An index of Elasticsearch or OpenSearch, or a data stream."""

    type: Literal["elasticsearch", "opensearch"]
    """`elasticsearch` or `opensearch`."""
    index: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,200}$")] = "logs-caas-default"
    """The index, or the data stream."""

    def output(self) -> Properties:
        """Records are created, never updated, as data streams want it."""
        return {
            "name": "es" if self.type == "elasticsearch" else "opensearch",
            **self._server(),
            "index": self.index,
            "suppress_type_name": "On",
            "write_operation": "create",
            "time_key": "@timestamp",
            "replace_dots": "On",
            "compress": "gzip",
            "trace_error": "On",
            **self._login(),
        }


class HttpForward(_Web):
    """Any server that takes JSON by POST, one record a line."""

    type: Literal["http"]
    """`http`."""
    path: Path = "/"
    """The path, with its query."""
    bearer: Flag = False
    """Sends the key `token` of `secret` as a bearer token, not `username` and `password`."""

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """The token, or who it is."""
        return ("token",) if self.bearer else super().secret_keys

    def output(self) -> Properties:
        """The time of a record is its `time`."""
        if self.bearer and self.secret:
            who = {"header": f"Authorization Bearer ${{{self.variable('token')}}}"}
        else:
            who = self._login()
        return {
            "name": "http",
            **self._server(),
            "uri": self.path,
            "format": "json_lines",
            "json_date_key": "time",
            "json_date_format": "iso8601",
            "compress": "gzip",
            "log_response_payload": "Off",
            **who,
        }


class LokiForward(_Web):
    """A Loki elsewhere, that of a fleet."""

    type: Literal["loki"]
    """`loki`."""
    tenant: Annotated[str, Field(pattern=r"^[A-Za-z0-9!._*'()-]{1,150}$")] | None = None
    """The tenant there, `X-Scope-OrgID`."""

    def output(self) -> Properties:
        """The same labels as in a store of the cluster."""
        tenant = {"tenant_id": self.tenant} if self.tenant else {}
        return {**LOKI, **self._server(), **tenant, **self._login()}


class S3Forward(Forward, Archive):
    """A bucket that is not the archive."""

    type: Literal["s3"]
    """`s3`."""

    def output(self) -> Properties:
        """Files as those of the archive."""
        return s3(self, self.name)


Destination = Annotated[
    SyslogForward | KafkaForward | SearchForward | HttpForward | LokiForward | S3Forward,
    Field(discriminator="type"),
]


def authorities(forwards: Sequence[Forward]) -> Iterator[tuple[str, str]]:
    """Each destination's name whose authority is in a Secret, and the Secret's."""
    for forward in forwards:
        if isinstance(forward, _WithTls) and forward.ca:
            yield forward.name, forward.ca
