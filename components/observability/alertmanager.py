"""Alertmanager's configuration, made as a whole from what a stack file says about alerts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from components.facts import TenantFacts
from components.fields import Duration
from components.observability.alert_settings import (
    DAY_MINUTES,
    Address,
    Alerts,
    Chat,
    Day,
    Phone,
    QuietHours,
    Severity,
    Sms,
    SmtpTls,
    Team,
    TimeOfDay,
    Webhook,
)
from components.observability.messages import LINE, body

SECRETS = "/etc/alertmanager/secrets"
NOBODY = "nobody"
"""The receiver without recipients."""
OPERATORS = "operators"
HEARTBEAT = "heartbeat"
REPEAT = {
    Severity.CRITICAL: Duration(2 * 3600),
    Severity.WARNING: Duration(12 * 3600),
    Severity.INFO: Duration(24 * 3600),
}
LEVELS = {
    Severity.CRITICAL: 'severity = "critical"',
    Severity.WARNING: 'severity !~ "critical|info"',
    Severity.INFO: 'severity = "info"',
}
"""The matchers of a severity; an alert with another severity, or none, counts as a warning."""
PASSWORD, TOKEN, ADDRESS, AUTHORITY = "password", "token", "url", "ca.crt"
AWS_CREDENTIALS = "credentials"
"""The keys in the Secrets that are referred to."""
WITHOUT_CLUSTER = "KubeAPIDown|ClusterSilent|ClusterNotAvailable"
"""Alerts that explain everything else that is wrong in their cluster."""

Config = dict[str, Any]


@dataclass(frozen=True, slots=True)
class AlertOwner:
    """The owner of alerts: the operators, or a team."""

    name: str
    email: Sequence[Address]
    sms: Sequence[Phone]


def configuration(
    alerts: Alerts,
    secrets: str = SECRETS,
    tenants: Sequence[TenantFacts] = (),
    platform: Sequence[str] = (),
) -> Config:
    """The configuration file, as a mapping.

    Args:
        alerts: what the stack file says.
        secrets: the folder with a folder for each Secret.
        tenants: of the cluster.
        platform: patterns of the namespaces of the platform, which are not of the tenant of a
            whole cluster.
    """
    return _Maker(alerts, secrets, tenants, platform).configuration()


def secrets_of(alerts: Alerts) -> list[str]:
    """The names of the Secrets that the configuration reads, sorted."""
    hooks = [hook for hook in (alerts.heartbeat, alerts.sms and alerts.sms.webhook) if hook]
    found = [
        name
        for hook in (*hooks, *alerts.webhooks)
        for name in (hook.url_secret, hook.token_secret, hook.password_secret, hook.ca_secret)
    ]
    found += [alerts.email.password_secret, alerts.email.ca_secret] if alerts.email else []
    found.append(alerts.sms.sns.secret if alerts.sms and alerts.sms.sns else None)
    return sorted({name for name in found if name})


class _Maker:
    def __init__(
        self,
        alerts: Alerts,
        secrets: str,
        tenants: Sequence[TenantFacts],
        platform: Sequence[str],
    ) -> None:
        self.alerts, self.secrets = alerts, secrets
        self.tenants, self.platform = tenants, platform
        self.receivers: dict[str, Config] = {NOBODY: {"name": NOBODY}}

    def configuration(self) -> Config:
        grouping = self.alerts.grouping
        owner = self._operators()
        route = {
            "receiver": self._receiver(owner, Severity.WARNING),
            "group_by": list(grouping.by) or ["..."],
            "group_wait": str(grouping.wait),
            "group_interval": str(grouping.interval),
            "repeat_interval": str(self._repeat(Severity.WARNING)),
            "routes": [
                *self._special(),
                *self._chats(),
                *self._labelled(),
                *self._tenants(),
                *self._teams(),
                *self._levels(owner),
            ],
        }
        intervals = [
            {"name": _interval(index), "time_intervals": list(_spans(each))}
            for index, each in enumerate(self.alerts.quiet_hours)
        ]
        return {
            "global": {"resolve_timeout": "5m"} | self._smtp(),
            "route": route,
            "receivers": list(self.receivers.values()),
            "inhibit_rules": _inhibitions(),
        } | ({"time_intervals": intervals} if intervals else {})

    # ---- who ----------------------------------------------------------------------------------

    def _operators(self) -> AlertOwner:
        email, sms = self.alerts.email, self.alerts.sms
        return AlertOwner(OPERATORS, email.to if email else (), sms.numbers if sms else ())

    def _receiver(self, owner: AlertOwner, severity: Severity) -> str:
        """The name of the receiver of an owner's alerts of a severity; it is made once."""
        email, sms = self.alerts.email, self.alerts.sms
        found: Config = {}
        if email and owner.email and severity in email.severities:
            subject = {"Subject": LINE}
            mail = {"to": ", ".join(owner.email), "send_resolved": True, "headers": subject}
            found["email_configs"] = [mail]
        if sms and severity in sms.severities:
            found |= self._sms(sms, owner.sms)
        return self._named(f"{owner.name}-{severity}", found)

    def _named(self, name: str, channels: Config) -> str:
        if not channels:
            return NOBODY
        self.receivers[name] = {"name": name} | channels
        return name

    # ---- where to -----------------------------------------------------------------------------

    def _special(self) -> Iterator[Config]:
        """The alerts that are no alerts: those that hold always, or only silence others."""
        heartbeat, watchdog = self.alerts.heartbeat, 'alertname = "Watchdog"'
        if heartbeat:
            hook = self._hook(heartbeat) | {"send_resolved": False}
            yield {
                "receiver": self._named(HEARTBEAT, {"webhook_configs": [hook]}),
                "matchers": [watchdog],
                "group_wait": "0s",
                "group_interval": str(heartbeat.interval),
                # Each interval, from one of the replicas: what the first has sent a moment ago, the
                # others would send again if they could repeat it at once.
                "repeat_interval": str(Duration(max(1, heartbeat.interval.seconds // 2))),
            }
        yield {"receiver": NOBODY, "matchers": [watchdog]}
        yield {"receiver": NOBODY, "matchers": ['severity = "none"']}

    def _chats(self) -> Iterator[Config]:
        """Chat rooms receive all alerts, so routing continues after them."""
        for chat in self.alerts.webhooks:
            if not chat.for_tenants:
                yield from self._chat(chat)

    def _chat(self, chat: Chat) -> Iterator[Config]:
        name = self._named(f"webhook-{chat.name}", {"webhook_configs": [self._hook(chat)]})
        for severity in chat.severities:
            yield self._level(name, severity) | {"continue": True}

    def _owner(self, team: Team) -> AlertOwner:
        operators = self._operators()
        email, sms = team.email or operators.email, team.sms or operators.sms
        return AlertOwner(f"team-{team.name}", email, sms)

    def _labelled(self) -> Iterator[Config]:
        for team in self.alerts.teams:
            yield self._branch([f'team = "{team.name}"'], self._owner(team))

    def _teams(self) -> Iterator[Config]:
        for team in self.alerts.teams:
            if team.namespaces:
                matcher = f'namespace =~ "{"|".join(team.namespaces)}"'
                yield self._branch([matcher], self._owner(team))

    def _tenants(self) -> Iterator[Config]:
        """The alerts about namespaces of tenants with receivers; no other receiver gets them."""
        for tenant in self.tenants:
            matchers = self._namespaces_of(tenant)
            if not (tenant.receivers and matchers):
                continue
            teams = [each for each in self.alerts.teams if each.name in tenant.receivers]
            owners = [
                AlertOwner("", [each for each in tenant.receivers if "@" in each], ()),
                *map(self._owner, teams),
            ]
            email = dict.fromkeys(each for owner in owners for each in owner.email)
            sms = dict.fromkeys(each for owner in owners for each in owner.sms)
            chats = [
                route
                for chat in self.alerts.webhooks
                if chat.for_tenants and chat.name in tenant.receivers
                for route in self._chat(chat)
            ]
            owner = AlertOwner(f"tenant-{tenant.name}", [*email], [*sms])
            yield self._branch(matchers, owner, chats)

    def _namespaces_of(self, tenant: TenantFacts) -> list[str]:
        """The matchers of the namespaces of a tenant; empty where it has none."""
        if tenant.whole_cluster:
            return ['namespace != ""', f'namespace !~ "{"|".join(self.platform)}"']
        return [f'namespace =~ "{"|".join(tenant.namespaces)}"'] if tenant.namespaces else []

    def _branch(
        self, matchers: list[str], owner: AlertOwner, first: Sequence[Config] = ()
    ) -> Config:
        return {
            "receiver": self._receiver(owner, Severity.WARNING),
            "matchers": matchers,
            "routes": [*first, *self._levels(owner)],
        }

    def _levels(self, owner: AlertOwner) -> list[Config]:
        return [self._level(self._receiver(owner, severity), severity) for severity in Severity]

    def _level(self, receiver: str, severity: Severity) -> Config:
        quiet = [
            _interval(index)
            for index, each in enumerate(self.alerts.quiet_hours)
            if str(severity) in [str(other) for other in each.severities]
        ]
        return {
            "receiver": receiver,
            "matchers": [LEVELS[severity]],
            "repeat_interval": str(self._repeat(severity)),
        } | ({"mute_time_intervals": quiet} if quiet else {})

    def _repeat(self, severity: Severity) -> Duration:
        return self.alerts.grouping.repeat.get(severity, REPEAT[severity])

    # ---- how ----------------------------------------------------------------------------------

    def _file(self, secret: str, key: str) -> str:
        return f"{self.secrets}/{secret}/{key}"

    def _smtp(self) -> Config:
        email = self.alerts.email
        if not email:
            return {}
        server = {
            "smtp_smarthost": f"{email.host}:{email.port}",
            "smtp_from": email.from_,
            "smtp_require_tls": email.tls is SmtpTls.STARTTLS,
        }
        if email.tls is SmtpTls.IMPLICIT:
            server["smtp_force_implicit_tls"] = True
        if email.password_secret:
            server["smtp_auth_username"] = email.user or email.from_
            server["smtp_auth_password_file"] = self._file(email.password_secret, PASSWORD)
        if email.ca_secret:
            server["smtp_tls_config"] = {"ca_file": self._file(email.ca_secret, AUTHORITY)}
        return server

    def _hook(self, hook: Webhook, number: str = "") -> Config:
        found: Config = {"send_resolved": True}
        if hook.url_secret:
            found["url_file"] = self._file(hook.url_secret, ADDRESS)
        else:
            found["url"] = hook.url
        if http := self._http(hook):
            found["http_config"] = http
        if hook.payload:
            found["payload"] = body(hook.payload, number)
        return found

    def _http(self, hook: Webhook) -> Config:
        found: Config = {}
        if hook.token_secret:
            credentials = self._file(hook.token_secret, TOKEN)
            found["authorization"] = {"credentials_file": credentials}
        elif hook.password_secret:
            password = self._file(hook.password_secret, PASSWORD)
            found["basic_auth"] = {"username": hook.user, "password_file": password}
        if hook.ca_secret:
            found["tls_config"] = {"ca_file": self._file(hook.ca_secret, AUTHORITY)}
        return found

    def _sms(self, sms: Sms, numbers: Sequence[Phone]) -> Config:
        if sms.webhook and numbers:
            return {"webhook_configs": [self._hook(sms.webhook, number) for number in numbers]}
        if sms.sns:
            sigv4 = {"region": sms.sns.region}
            if sms.sns.role:
                sigv4["role_arn"] = sms.sns.role
            base = {"sigv4": sigv4, "send_resolved": True, "message": LINE}
            if sms.sns.endpoint:
                base["api_url"] = sms.sns.endpoint
            topic = [{"topic_arn": sms.sns.topic}] if sms.sns.topic else []
            whom = [{"phone_number": number} for number in numbers] or topic
            return {"sns_configs": [base | each for each in whom]} if whom else {}
        return {}


def _interval(index: int) -> str:
    return f"quiet-{index + 1}"


def _spans(quiet: QuietHours) -> Iterator[Config]:
    """The spans of quiet hours: Alertmanager knows none that goes beyond midnight."""
    midnight = TimeOfDay(DAY_MINUTES)
    if quiet.begin < quiet.end:
        yield _span(quiet.begin, quiet.end, quiet.days, quiet.time_zone)
        return
    yield _span(quiet.begin, midnight, quiet.days, quiet.time_zone)
    if quiet.end.minutes:
        week = tuple(Day)
        after = [week[(week.index(day) + 1) % len(week)] for day in quiet.days]
        yield _span(TimeOfDay(0), quiet.end, after, quiet.time_zone)


def _span(begin: TimeOfDay, end: TimeOfDay, days: Iterable[Day], zone: str) -> Config:
    return {
        "times": [{"start_time": str(begin), "end_time": str(end)}],
        "weekdays": [str(day) for day in days],
        "location": zone,
    }


def _inhibitions() -> list[Config]:
    """A cause silences its effects, and the worse of two the lesser."""
    same = ["cluster", "namespace", "alertname"]
    return [
        _inhibition('severity = "critical"', 'severity =~ "warning|info"', same),
        _inhibition('severity = "warning"', 'severity = "info"', same),
        _inhibition('alertname = "InfoInhibitor"', 'severity = "info"', ["cluster", "namespace"]),
        _inhibition(f'alertname =~ "{WITHOUT_CLUSTER}"', 'severity =~ "warning|info"', ["cluster"]),
        _inhibition(
            'alertname = "KubeNodeUnreachable"',
            'alertname =~ "KubeNodeNotReady|KubeNodeReadinessFlapping|KubeletInstanceUnreachable"',
            ["cluster", "node"],
        ),
    ]


def _inhibition(source: str, target: str, equal: Sequence[str]) -> Config:
    return {"source_matchers": [source], "target_matchers": [target], "equal": list(equal)}
