"""Settings of alerts: receivers, routes and quiet hours."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from components.cluster.control_plane_settings import SecretName, Text
from components.fields import (
    Count,
    Domain,
    Duration,
    Flag,
    Namespace,
    Settings,
    Value,
    WebAddress,
    refusal,
    shown,
)
from errors import stack_file

ADDRESS = r"^[^@\s,<>]+@[^@\s,<>]+$"
Address = Annotated[str, Field(pattern=ADDRESS, max_length=254)]
"""An e-mail address without a name."""


def _phone(value: object) -> object:
    """A telephone number without quotes is a number for YAML, and has lost its `+`."""
    is_number = isinstance(value, int) and not isinstance(value, bool) and value > 0
    return f"+{value}" if is_number else value


Phone = Annotated[str, BeforeValidator(_phone), Field(pattern=r"^\+[1-9][0-9]{6,14}$")]
"""A telephone number as E.164 writes it: `+` and the country first, `+4915112345678`."""
TEAM_NAME = r"^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$"
TeamName = Annotated[str, Field(pattern=TEAM_NAME)]
LabelName = Annotated[str, Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$", max_length=63)]
DAY_MINUTES, HOUR = 1440, 60


class Severity(StrEnum):
    """Severity: `critical` needs attention at once, `warning` can wait until morning, `info` is
    never sent."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class Quiet(StrEnum):
    """Severities that can wait."""

    WARNING = "warning"
    INFO = "info"


class Day(StrEnum):
    """A day of the week."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


class SmtpTls(StrEnum):
    """The encryption of the connection to a mail server."""

    STARTTLS = "starttls"
    IMPLICIT = "implicit"
    NONE = "none"


@dataclass(frozen=True, order=True, slots=True)
class TimeOfDay(Value):
    """A time of the day, `22:00`; `24:00` is its end."""

    minutes: int

    schema: ClassVar[dict[str, Any]] = {
        "anyOf": [
            {"type": "string", "pattern": r"^([01]?[0-9]|2[0-3]):[0-5][0-9]$|^24:00$"},
            {"type": "integer", "minimum": HOUR, "maximum": DAY_MINUTES},
        ],
        "examples": ["22:00"],
    }

    @classmethod
    def read(cls, value: object) -> TimeOfDay:
        """A time as YAML reads it: `22:00` without quotes is 1320 there, in minutes."""
        if isinstance(value, cls):
            return value
        if isinstance(value, int) and not isinstance(value, bool) and HOUR <= value <= DAY_MINUTES:
            return cls(value)
        found = (
            re.fullmatch(r"([0-9]{1,2}):([0-5][0-9])", value) if isinstance(value, str) else None
        )
        minutes = int(found[1]) * HOUR + int(found[2]) if found else DAY_MINUTES + 1
        if minutes > DAY_MINUTES:
            what = f"{shown(value)} is not a time of the day"
            raise refusal(stack_file.OUT_OF_RANGE, what, fix='Write it as "22:00".')
        return cls(minutes)

    def __str__(self) -> str:
        return f"{self.minutes // HOUR:02}:{self.minutes % HOUR:02}"


class Email(Settings):
    """The mail server, and the default recipients."""

    host: Domain
    """The mail server."""
    port: Annotated[Count, Field(ge=1, le=65535)] = 587
    tls: SmtpTls = SmtpTls.STARTTLS
    """`implicit` is usual on port 465; `none` only for a relay beside the cluster that requires no
    password."""
    from_: Annotated[Address, Field(alias="from")]
    """The sender."""
    to: Annotated[tuple[Address, ...], Field(min_length=1, max_length=20)]
    """The recipients of alerts without a team, and the fallback for teams without recipients."""
    user: Text | None = None
    """The user at the server; the sender if only a password is set."""
    password_secret: SecretName | None = None
    """The Secret whose `password` it is; none for a server that requires none."""
    ca_secret: SecretName | None = None
    """A Secret whose `ca.crt` has signed the server's certificate; none for a public authority."""
    severities: Annotated[tuple[Severity, ...], Field(min_length=1)] = (
        Severity.CRITICAL,
        Severity.WARNING,
    )
    """The severities that are sent by e-mail."""


class Webhook(Settings):
    """An HTTP endpoint that alerts are posted to as JSON."""

    url: WebAddress | None = None
    """Its address; or `urlSecret`."""
    url_secret: SecretName | None = None
    """A Secret whose `url` is the address, where the address itself is a secret."""
    token_secret: SecretName | None = None
    """A Secret whose `token` is sent as `Authorization: Bearer`."""
    user: Text | None = None
    """The user for HTTP basic authentication with `passwordSecret`."""
    password_secret: SecretName | None = None
    """A Secret whose `password` it is."""
    ca_secret: SecretName | None = None
    """A Secret whose `ca.crt` has signed its certificate; none for a public authority."""
    payload: dict[str, Any] = Field(default_factory=dict)
    """The body, instead of Alertmanager's JSON. In its texts `{text}` is the alerts in a line,
    `{status}` `firing` or `resolved`, and `{alert}`, `{severity}`, `{cluster}`, `{namespace}` what
    they have in common."""


class Chat(Webhook):
    """A webhook for people or tickets: chat rooms, on-call services."""

    name: TeamName
    """Unique among the webhooks."""
    severities: Annotated[tuple[Severity, ...], Field(min_length=1)] = (
        Severity.CRITICAL,
        Severity.WARNING,
    )
    """The severities that are posted."""
    for_tenants: Flag = False
    """Gets only alerts about namespaces of the tenants that name it in `alerts.receivers`; other
    webhooks get all alerts."""


class Sns(Settings):
    """SMS through Amazon SNS."""

    region: Text
    """The region of SNS; not all of them send SMS."""
    topic: Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:sns:")] | None = None
    """The fallback where there are no SMS recipients: a topic with the numbers as subscriptions."""
    secret: SecretName | None = None
    """A Secret whose `credentials` is a credentials file of AWS; without it the role of the
    service account is used, where `values` annotate it with one."""
    role: Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:iam:")] | None = None
    """A role that is assumed for it."""
    endpoint: WebAddress | None = None
    """Another address of SNS, such as that of a VPC endpoint."""


class SmsGateway(Webhook):
    """SMS through any gateway with JSON over HTTP: one request per telephone number."""

    payload: dict[str, Any] = Field(
        default_factory=lambda: {"to": "{number}", "text": "{text}"}, min_length=1
    )
    """The body for the gateway; `{number}` is the telephone number, `{text}` the message."""


class Sms(Settings):
    """SMS: how they are sent, and to whom."""

    sns: Sns | None = None
    """Through Amazon SNS; or `webhook`."""
    webhook: SmsGateway | None = None
    """Through another gateway."""
    numbers: Annotated[tuple[Phone, ...], Field(max_length=20)] = ()
    """The recipients of alerts without a team, and the fallback for teams without recipients."""
    severities: Annotated[tuple[Severity, ...], Field(min_length=1)] = (Severity.CRITICAL,)
    """The severities that are sent."""


class Team(Settings):
    """A team with separate receivers."""

    name: TeamName
    """Alerts with the label `team` of this value are its own."""
    namespaces: Annotated[tuple[Namespace, ...], Field(max_length=100)] = ()
    """So are alerts about these namespaces."""
    email: Annotated[tuple[Address, ...], Field(max_length=20)] = ()
    """The e-mail recipients; fallback are those of `alerts.email`."""
    sms: Annotated[tuple[Phone, ...], Field(max_length=20)] = ()
    """The SMS recipients; fallback are those of `alerts.sms`."""


class QuietHours(Settings):
    """Hours in which warnings are muted; warnings that still fire afterwards are sent then."""

    begin: TimeOfDay
    """The start, `22:00`."""
    end: TimeOfDay
    """The end; an end before `begin` is on the next day."""
    days: tuple[Day, ...] = tuple(Day)
    """The days on which they begin."""
    time_zone: Annotated[str, Field(pattern=r"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$")] = "UTC"
    """As the IANA names it, `Europe/Berlin`."""
    severities: Annotated[tuple[Quiet, ...], Field(min_length=1)] = tuple(Quiet)
    """The muted severities; critical alerts are never muted."""


class Heartbeat(Webhook):
    """The dead man's switch: a request that comes for as long as alerting works.

    A service elsewhere raises the alarm when it stops; a cluster cannot report its own failure.
    """

    interval: Duration = Duration(300)
    """The interval."""


class Grouping(Settings):
    """The labels by which alerts are grouped into one message."""

    by: Annotated[tuple[LabelName, ...], Field(max_length=10)] = (
        "cluster",
        "namespace",
        "alertname",
    )
    """Alerts that are equal in these labels go into one message."""
    wait: Duration = Duration(30)
    """The wait for other alerts of a group before its first message."""
    interval: Duration = Duration(300)
    """The wait before a message about new alerts of a group."""
    repeat: dict[Severity, Duration] = Field(default_factory=dict)
    """After how long a message is sent again while it still holds; without it 2h for critical
    alerts, 12h for warnings, a day for the rest."""


class Alerts(Settings):
    """The receivers of alerts.

    With `email` alone, critical alerts and warnings are mailed, a cause silences its effects, and
    nothing comes twice within hours.
    """

    email: Email | None = None
    """Mail."""
    sms: Sms | None = None
    """SMS, for critical alerts."""
    webhooks: Annotated[tuple[Chat, ...], Field(max_length=20)] = ()
    """Chat rooms, ticket and on-call services; they get the alerts of all teams, or those of
    tenants."""
    teams: Annotated[tuple[Team, ...], Field(max_length=200)] = ()
    """Teams with separate receivers."""
    quiet_hours: Annotated[tuple[QuietHours, ...], Field(max_length=20)] = ()
    """The periods in which muted severities wait."""
    heartbeat: Heartbeat | None = None
    """The dead man's switch."""
    grouping: Grouping = Grouping()
