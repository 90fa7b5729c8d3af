"""Codes 1170-1184: control planes."""

from errors.model import Code

SNAPSHOTS_WITHOUT_BUCKET = Code(
    1170,
    "SnapshotsWithoutBucket",
    "snapshots of etcd have no bucket",
    "Without a bucket no snapshot is taken, so every other field of `etcd.snapshots` would be "
    "ignored.",
    "Name a bucket, or remove `etcd.snapshots`.",
    "etcd: {snapshots: {schedule: '0 * * * *'}}",
)
BAD_SCHEDULE = Code(
    1171,
    "BadSchedule",
    "a schedule is not one that cron knows",
    "A schedule has five fields: minute, hour, day of the month, month, day of the week; or it is "
    "a word such as `@daily`.",
    "Write a schedule such as `0 */6 * * *`, every six hours.",
    "etcd: {snapshots: {bucket: backups, schedule: every day}}",
)
SNAPSHOTS_WITHOUT_CREDENTIALS = Code(
    1172,
    "SnapshotsWithoutCredentials",
    "an S3 service other than AWS is used without credentials",
    "Only on AWS may a machine use a bucket by its role; elsewhere access keys are needed.",
    "Name a Secret with the keys in `etcd.snapshots.credentials`; docs/control-plane.md says what "
    "is in it.",
    "etcd: {snapshots: {bucket: backups, endpoint: 'https://s3.example.com'}}",
)
BAD_ETCD_ENDPOINT = Code(
    1173,
    "BadEtcdEndpoint",
    "the address of an etcd member or of an S3 service is not an https URL",
    "The API server proves who it is to etcd with a certificate, and everything that is stored "
    "goes over this connection.",
    "Write `https://`, the host, and for etcd the port: `https://10.0.0.11:2379`.",
    "etcd: {external: {endpoints: ['http://10.0.0.11:2379']}}",
)
EXTERNAL_ETCD_OPTIONS = Code(
    1174,
    "ExternalEtcdOptions",
    "an option of the etcd on the machines is set beside an external one",
    "Disk, quota and snapshots of an external etcd are the business of whoever runs it; here they "
    "would be ignored.",
    "Remove the option, or `etcd.external`.",
    "etcd: {external: {endpoints: [...]}, disk: {sizeGiB: 20}}",
)
ETCD_DISK_TOO_SMALL = Code(
    1175,
    "EtcdDiskTooSmall",
    "the disk of etcd is smaller than twice its quota",
    "Beside the database etcd keeps its log, and defragmenting writes the database a second time.",
    "Make the disk larger, or the quota smaller.",
    "etcd: {quotaGiB: 8, disk: {sizeGiB: 10}}",
)
NO_ETCD_DISK = Code(
    1176,
    "NoEtcdDisk",
    "the infrastructure has no disk of its own for etcd",
    "Its control-plane machines have no device for it, so the setting would be ignored.",
    "Remove `etcd.disk`.",
    "etcd: {disk: {sizeGiB: 20}} with provider: in-memory",
)
ISSUER_NOT_HTTPS = Code(
    1177,
    "IssuerNotHttps",
    "the URL of a login provider is not an https URL",
    "The API server fetches the keys there that prove who somebody is; Kubernetes refuses "
    "anything but https, and a user, a query or a fragment in it.",
    "Write the issuer as it stands in `iss` of its tokens, `https://login.example.com/realms/a`.",
    "authentication: {issuers: [{url: 'http://login.example.com', audiences: [kubernetes]}]}",
)
DUPLICATE_ISSUER = Code(
    1178,
    "DuplicateIssuer",
    "a login provider is written twice",
    "Kubernetes chooses the provider by `iss` of a token, so each stands there once.",
    "Join the audiences of both into one entry.",
    "issuers: [{url: 'https://a.example'}, {url: 'https://a.example'}]",
)
BAD_AUTHORITY = Code(
    1179,
    "BadAuthority",
    "a certificate authority is not a PEM certificate",
    "The text must be one or more certificates between BEGIN CERTIFICATE and END CERTIFICATE.",
    "Paste the certificate of the authority, not a path and not a key.",
    "certificateAuthority: /etc/ssl/ca.crt",
)
NO_CONTROL_PLANE_ROOM = Code(
    1180,
    "NoControlPlaneRoom",
    "fewer than three control-plane machines would be replaced without a spare one",
    "With `maxSurge: 0` an old machine goes before its successor comes, and etcd needs a majority "
    "meanwhile.",
    "Use three machines or more, or `maxSurge: 1`.",
    "controlPlane: {replicas: 1, rollout: {maxSurge: 0}}",
)
ADMISSION_CONFLICT = Code(
    1181,
    "AdmissionConflict",
    "settings of admission contradict each other",
    "An admission plugin is switched on in one place and off in another, or configured in two.",
    "Say it in `admission` only.",
    "admission: {plugins: [AlwaysPullImages]} and extraArgs: [{name: enable-admission-plugins}]",
)
ENCRYPTION_SWITCHED_OFF = Code(
    1182,
    "EncryptionSwitchedOff",
    "the encryption of a running cluster is switched off",
    "Its Secrets are stored encrypted: an API server without the key could read none of them.",
    "Leave it on; docs/control-plane.md tells how to decrypt everything first, with a Secret of "
    "your own in `encryption.secret`.",
    "encryption: {enabled: false} on a cluster that was made with it",
)
ETCD_MOVED = Code(
    1183,
    "EtcdMoved",
    "the etcd of a running cluster is exchanged for another",
    "Everything that the cluster knows is in its etcd; Cluster API refuses to leave it behind.",
    "Write `etcd.external` as the cluster was made with; for another make a new cluster.",
    "etcd: {external: {...}} on a cluster that was made without",
)
AUTHENTICATION_CONFLICT = Code(
    1184,
    "AuthenticationConflict",
    "login is configured both in the stack file and in a Secret",
    "The Secret holds the whole AuthenticationConfiguration, so issuers and anonymous paths of the "
    "stack file would be ignored.",
    "Keep one of the two.",
    "authentication: {secret: login, issuers: [...]}",
)
