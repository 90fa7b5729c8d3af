"""Rules about the settings of metrics and alerts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from zoneinfo import available_timezones

from components import pod_identity
from components.facts import ClusterFacts
from components.finding import Finding
from components.observability import files
from components.observability.alert_settings import Alerts, Sms, Webhook
from components.observability.files import Fault
from components.observability.messages import NUMBER, PLACES, unknown_places
from components.observability.settings import MonitoringOptions
from errors import observability as codes

Path = tuple[str | int, ...]
KNOWN = frozenset(PLACES)


@lru_cache
def zones() -> frozenset[str]:
    """The time zones of the IANA; none where this machine has no database of them."""
    return frozenset(available_timezones())


def check(settings: MonitoringOptions, target: ClusterFacts) -> Iterator[Finding]:
    """Every broken rule; paths begin at the add-on's settings."""
    for finding in _alerts(settings.alerts):
        yield finding.below("alerts")
    sms = settings.alerts.sms
    if sms and sms.sns and not sms.sns.secret:
        path = ("alerts", "sms", "sns")
        yield from pod_identity.check(target, "aws", path, "`sns`", settings.values)
    if settings.dashboards:
        yield from _dashboards(settings.dashboards)
    if settings.rules:
        yield from _rules(settings.rules)
    written = settings.remote_write
    if written and written.secret and written.token_secret:
        what = "`remoteWrite` has a user and a token"
        yield Finding(codes.HALF_CREDENTIALS, ("remoteWrite", "tokenSecret"), what)
    received = settings.receive
    if received and received.hostname:
        missing = "Envoy Gateway" if not target.has("envoyGateway") else ""
        missing = missing or ("a Secret with users" if not received.secret else "")
        if missing:
            what = f"`{received.hostname}` takes metrics without {missing}"
            yield Finding(codes.RECEIVER_OPEN, ("receive", "hostname"), what)


def _alerts(alerts: Alerts) -> Iterator[Finding]:
    yield from _channels(alerts)
    yield from _teams(alerts)
    for index, quiet in enumerate(alerts.quiet_hours):
        known = zones()
        what = ""
        if quiet.begin == quiet.end or not quiet.days:
            what = f"quiet hours from {quiet.begin} to {quiet.end} never begin"
        elif known and quiet.time_zone not in known:
            what = f"there is no time zone `{quiet.time_zone}`"
        if what:
            yield Finding(codes.QUIET_HOURS_EMPTY, ("quietHours", index), what)
    told = alerts.email or alerts.sms or alerts.webhooks
    if not told and (alerts.teams or alerts.quiet_hours):
        key = "teams" if alerts.teams else "quietHours"
        yield Finding(codes.NOBODY_TOLD, (key,), f"`{key}` without a receiver", key=True)


def _channels(alerts: Alerts) -> Iterator[Finding]:
    email = alerts.email
    if email and email.user and not email.password_secret:
        what = f"`{email.user}` has no password at the mail server"
        yield Finding(codes.HALF_CREDENTIALS, ("email", "user"), what)
    if alerts.sms:
        for finding in _sms(alerts.sms):
            yield finding.below("sms")
    for index, chat in enumerate(alerts.webhooks):
        yield from _webhook(chat, ("webhooks", index))
    if alerts.heartbeat:
        yield from _webhook(alerts.heartbeat, ("heartbeat",))


def _sms(sms: Sms) -> Iterator[Finding]:
    if bool(sms.sns) == bool(sms.webhook):
        what = "both `sns` and `webhook`" if sms.sns else "neither `sns` nor `webhook`"
        yield Finding(codes.NO_SMS_GATEWAY, (), f"`sms` has {what}")
    elif not sms.numbers and not (sms.sns and sms.sns.topic):
        yield Finding(codes.NO_SMS_NUMBERS, (), "`sms` names no telephone number")
    if sms.webhook:
        yield from _webhook(sms.webhook, ("webhook",), KNOWN | {NUMBER})


def _webhook(hook: Webhook, path: Path, known: frozenset[str] = KNOWN) -> Iterator[Finding]:
    if bool(hook.url) == bool(hook.url_secret):
        what = "both `url` and `urlSecret`" if hook.url else "neither `url` nor `urlSecret`"
        yield Finding(codes.WEBHOOK_ADDRESS, path, f"the webhook has {what}")
    if bool(hook.user) != bool(hook.password_secret):
        has, lacks = ("user", "password") if hook.user else ("password", "user")
        yield Finding(codes.HALF_CREDENTIALS, path, f"the webhook has a {has} and no {lacks}")
    elif hook.user and hook.token_secret:
        yield Finding(codes.HALF_CREDENTIALS, path, "the webhook has a user and a token")
    for name in unknown_places(hook.payload, known):
        what = f"there is no placeholder `{{{name}}}`"
        fix = f"Known are {', '.join(f'`{{{each}}}`' for each in sorted(known))}."
        yield Finding(codes.UNKNOWN_PLACEHOLDER, (*path, "payload"), what, fix=fix)


def _teams(alerts: Alerts) -> Iterator[Finding]:
    names: set[str] = set()
    namespaces: set[str] = set()
    for index, team in enumerate(alerts.teams):
        if team.email and not alerts.email:
            what = f"the team `{team.name}` is to get mail"
            yield Finding(codes.NO_MAIL_SERVER, ("teams", index, "email"), what)
        if team.sms and not alerts.sms:
            what = f"the team `{team.name}` is to get SMS"
            yield Finding(codes.NO_SMS_GATEWAY, ("teams", index, "sms"), what)
        if team.name in names:
            what = f"there are two teams `{team.name}`"
            yield Finding(codes.SAME_NAME_TWICE, ("teams", index, "name"), what)
        names.add(team.name)
        for namespace in team.namespaces:
            if namespace in namespaces:
                what = f"the namespace `{namespace}` belongs to two teams"
                yield Finding(codes.SAME_NAME_TWICE, ("teams", index, "namespaces"), what)
            namespaces.add(namespace)
    hooks: set[str] = set()
    for index, chat in enumerate(alerts.webhooks):
        if chat.name in hooks:
            what = f"there are two webhooks `{chat.name}`"
            yield Finding(codes.SAME_NAME_TWICE, ("webhooks", index, "name"), what)
        hooks.add(chat.name)


def _dashboards(path: str) -> Iterator[Finding]:
    if not files.folder(path):
        what = f"there is no folder `{path}` in the checkout"
        yield Finding(codes.FOLDER_NOT_FOUND, ("dashboards",), what)
        return
    seen = {each.uid: "one of the project's own" for each in files.own_dashboards().values()}
    for each in files.dashboards(path):
        if isinstance(each, Fault):
            yield Finding(codes.BAD_DASHBOARD, ("dashboards",), f"`{each.file}` {each.what}")
        elif each.uid in seen:
            what = f"`{each.file}` has the uid `{each.uid}` of {seen[each.uid]}"
            yield Finding(codes.DASHBOARD_TWICE, ("dashboards",), what)
        else:
            seen[each.uid] = f"`{each.file}`"


def _rules(path: str) -> Iterator[Finding]:
    if not files.folder(path):
        what = f"there is no folder `{path}` in the checkout"
        yield Finding(codes.FOLDER_NOT_FOUND, ("rules",), what)
        return
    for each in files.rules(path):
        if isinstance(each, Fault):
            yield Finding(codes.BAD_RULES, ("rules",), f"`{each.file}` {each.what}")
