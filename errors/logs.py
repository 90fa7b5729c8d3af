"""Codes 1390-1419: logs: where they come from, where they go, and how long they stay."""

from errors.model import Code

LOG_PATTERN = Code(
    1390,
    "LogPattern",
    "a pattern of `logs.redact` is not one that Lua takes",
    "Fluent Bit replaces with patterns of Lua, which are not regular expressions: `%d` is a digit, "
    "`%.` a dot, and there is neither `|` nor `{n}`. One that is wrong would stop every collector.",
    "Write it as the message says; docs/logs.md has the whole language on half a page.",
    'redact: {patterns: [{name: pin, pattern: "PIN-\\\\d{4}"}]}',
)
LOG_STORE_CANNOT = Code(
    1391,
    "LogStoreCannot",
    "the chosen store of logs cannot do what is asked of it",
    "VictoriaLogs runs once, on a volume, and keeps all logs equally long; without a store there "
    "is nothing to keep at all.",
    "Remove the setting, or use `store: loki`.",
    "logs: {store: victoriaLogs, replicas: 3}",
)
LOKI_NEEDS_OBJECT_STORAGE = Code(
    1392,
    "LokiNeedsObjectStorage",
    "several replicas of Loki have no storage in common",
    "Each replica answers from the same chunks; a volume belongs to one of them.",
    "Add `objectStorage`, or run one replica.",
    "logs: {replicas: 3}",
)
NO_LOG_DESTINATION = Code(
    1393,
    "NoLogDestination",
    "logs are collected and go nowhere",
    "Without a store, an archive and systems of your own every line would be thrown away.",
    "Name a `store`, an `archive`, or something in `forward`.",
    "logs: {store: none}",
)
LOG_BUCKET_SECRETS = Code(
    1394,
    "LogBucketSecrets",
    "collectors would need two identities for their buckets",
    "Fluent Bit takes the access keys of S3 from its environment: there is one of each.",
    "Use one Secret whose keys may write to every bucket, or none and a role of the machines.",
    "logs: {archive: {secret: a, ...}, forward: [{type: s3, secret: b, ...}]}",
)
UNKNOWN_LOG_CLASS = Code(
    1395,
    "UnknownLogClass",
    "a destination names a class of logs that there is not",
    "It would wait for lines that nobody marks so.",
    "Use a name of `retention.classes`, or `default`.",
    "logs: {forward: [{type: syslog, classes: [audits], ...}]}",
)
LOG_NAME_TWICE = Code(
    1396,
    "LogNameTwice",
    "two classes, destinations or patterns of logs have the same name",
    "Names tell them apart in labels, metrics and variables; `default` is the class of what no "
    "class takes, `store` and `archive` are destinations that are there already.",
    "Give one of them another name.",
    "logs: {retention: {classes: [{name: default, days: 90}]}}",
)
AUDIT_LOG_IS_OFF = Code(
    1397,
    "AuditLogIsOff",
    "audit logs are to be collected, and the API server writes none",
    "`controlPlane.audit.enabled` is false for the cluster.",
    "Turn the audit log on, or leave `audit` out of `collect`.",
    "addons: {logs: {collect: [audit]}}, controlPlane: {audit: {enabled: false}}",
)
LOG_LIMIT_UNREACHABLE = Code(
    1398,
    "LogLimitUnreachable",
    "a limit of logs is above the one around it",
    "A node drops what is beyond its own limit, so that a namespace or tenant never comes near a "
    "higher one.",
    "Lower it, or raise `limits.node`.",
    "logs: {limits: {node: 1000, namespaces: {shop: 5000}}}",
)
LOGS_COLLECT_NOTHING = Code(
    1399,
    "LogsCollectNothing",
    "nothing is collected",
    "`collect` is empty, so that every part of the add-on would wait for nothing.",
    "Name at least one source, or remove `logs`.",
    "logs: {collect: []}",
)
