"""Codes 1350-1389: metrics, dashboards and alerts."""

from errors.model import Code

FOLDER_NOT_FOUND = Code(
    1350,
    "MonitoringFolderNotFound",
    "a folder with dashboards or rules is not in the checkout",
    "What clusters get must be what was reviewed, so it is part of the checkout.",
    "Name a folder relative to the top of the checkout, without `..` out of it.",
    "monitoring: {dashboards: /home/me/dashboards}",
)
BAD_DASHBOARD = Code(
    1351,
    "BadDashboard",
    "a file is not a dashboard that Grafana would take",
    "Grafana reads JSON with `title`, `uid` and `panels`; without a `uid` of its own a dashboard "
    "would be a new one after each change.",
    "Export the dashboard again with `uid`, or write one into the file.",
    '{"title": "Orders", "panels": []}, without a uid',
)
DASHBOARD_TWICE = Code(
    1352,
    "DashboardTwice",
    "two dashboards have the same uid",
    "Grafana would show one of them, now this, now that.",
    "Give one of them another `uid`.",
    "a copy of a dashboard with the uid of the original",
)
BAD_RULES = Code(
    1353,
    "BadRules",
    "a file is not one with rules of Prometheus",
    "The operator refuses the whole object for one wrong rule, and none of them would be there.",
    "Write `groups:` with `name` and `rules`; `promtool check rules` tells the rest.",
    "a rule without `expr`",
)
HALF_CREDENTIALS = Code(
    1354,
    "HalfCredentials",
    "a login is half there, or there twice",
    "A password needs a user, a user a password; a token is instead of both.",
    "Name the user and the Secret of the password, or the Secret of the token.",
    "email: {user: caas} without passwordSecret",
)
WEBHOOK_ADDRESS = Code(
    1355,
    "WebhookAddress",
    "a webhook has no address, or two",
    "It is posted to `url`, or to the `url` in a Secret where the address itself is a secret.",
    "Keep one of `url` and `urlSecret`.",
    "heartbeat: {interval: 5m}",
)
NO_MAIL_SERVER = Code(
    1356,
    "NoMailServer",
    "a team is to get mail, and there is no mail server",
    "The server is the same for all teams.",
    "Write `alerts.email` with `host`, `from` and `to`.",
    "alerts: {teams: [{name: shop, email: [shop@example.com]}]}",
)
NO_SMS_GATEWAY = Code(
    1357,
    "NoSmsGateway",
    "SMS are to be sent, and nothing says through what, or two things do",
    "They go through Amazon SNS or through a webhook of another gateway; not through both, or "
    "everybody would get everything twice.",
    "Write `alerts.sms` with one of `sns` and `webhook`.",
    "alerts: {sms: {numbers: [+4915112345678]}}",
)
NO_SMS_NUMBERS = Code(
    1358,
    "NoSmsNumbers",
    "SMS are to be sent, and nobody gets them",
    "Neither numbers nor a topic are named, so critical alerts that are no team's are lost.",
    "Write `alerts.sms.numbers`, or a `topic` of SNS.",
    "alerts: {sms: {sns: {region: eu-central-1}}}",
)
SAME_NAME_TWICE = Code(
    1359,
    "ReceiverTwice",
    "two teams or webhooks have the same name, or two teams the same namespace",
    "An alert goes to the first of them, and the other would never hear of it.",
    "Give each its own name and namespaces.",
    "teams: [{name: shop}, {name: shop}]",
)
QUIET_HOURS_EMPTY = Code(
    1360,
    "QuietHoursEmpty",
    "quiet hours never begin, or in a time zone that there is not",
    "They need a beginning, another end, a day, and a zone of the IANA; Alertmanager refuses the "
    "whole configuration for a zone that it does not know.",
    'Write `begin: "22:00"`, `end: "07:00"`, and a zone such as `Europe/Berlin`.',
    "quietHours: [{begin: 22:00, end: 07:00, timeZone: Europe/Berln}]",
)
UNKNOWN_PLACEHOLDER = Code(
    1361,
    "UnknownPlaceholder",
    "a payload names something that nothing can fill",
    "It would be sent as it stands, and nobody would read the alert.",
    "Use the placeholders that docs/observability.md lists.",
    'payload: {message: "{body}"}',
)
RECEIVER_OPEN = Code(
    1362,
    "MetricsReceiverOpen",
    "everybody could write metrics into the management cluster",
    "Prometheus asks nobody who they are; the Gateway does, and here that is Envoy Gateway with a "
    "Secret of users.",
    "Add `envoyGateway` to the cluster and name `receive.secret`; or leave `hostname` out and make "
    "a way in of your own.",
    "receive: {hostname: metrics.example.com}",
)
NOBODY_TOLD = Code(
    1363,
    "NobodyTold",
    "teams or quiet hours are named, and no alert goes anywhere",
    "Without mail, SMS or a webhook Alertmanager has nothing to send.",
    "Add `alerts.email`, `alerts.sms` or `alerts.webhooks`.",
    "alerts: {quietHours: [{begin: 22:00, end: 07:00}]}",
)
