"""Codes 1280-1319: storage classes, snapshots, backups, and moving volumes."""

from errors.model import Code

NO_DEFAULT_STORAGE_CLASS = Code(
    1280,
    "NoDefaultStorageClass",
    "none of a cluster's storage classes is the default one",
    "Most charts ask for a volume without naming a class, and wait for ever where no class is the "
    "default.",
    "Set `default` of one class.",
    "addons: {nfs: {classes: [{server: nfs.example.com, share: /export}]}}, alone",
)
TWO_DEFAULT_STORAGE_CLASSES = Code(
    1281,
    "TwoDefaultStorageClasses",
    "a cluster has more than one default storage class",
    "Kubernetes then takes the class that was made last, which nobody chose.",
    "Set `default` of all but one to `false`; of the infrastructure's own class, set "
    "`infrastructure.defaultStorageClass: false`.",
    "addons: {longhorn: {}} for a cluster on AWS",
)
DUPLICATE_STORAGE_CLASS = Code(
    1282,
    "DuplicateStorageClass",
    "two storage classes of a cluster have one name",
    "Both makers would undo each other's work.",
    "Give one of them another name.",
    "addons: {storageClasses: {classes: [{name: gp3, ...}]}} for a cluster on AWS",
)
TOO_FEW_STORAGE_NODES = Code(
    1283,
    "TooFewStorageNodes",
    "data shall be on more machines than hold data",
    "Each copy of data and each monitor stands on a machine of its own, and an autoscaled pool "
    "counts with its fewest machines. What has no machine waits for one for ever.",
    "Give the pools more machines, choose more pools, or ask for fewer copies.",
    "longhorn: {replicas: 3} for a cluster with two workers",
)
CEPH_WITHOUT_DISKS = Code(
    1284,
    "CephWithoutDisks",
    "it is not said which disks Ceph takes",
    "Ceph takes whole disks, and what it took is not easily given back. So it is said once and "
    "clearly.",
    "Give exactly one of `filter`, `all` and `claims` below `disks`.",
    "rookCeph: {disks: {}}",
)
NOTHING_TO_SNAPSHOT = Code(
    1285,
    "NothingToSnapshot",
    "no storage driver of a cluster takes snapshots",
    "The snapshot controller only passes requests on to drivers.",
    "Remove `snapshots`, or add storage that has them: `rookCeph`, `longhorn`, `nfs`, or an "
    "infrastructure with volumes of its own.",
    "addons: {snapshots: {}, localPath: {default: true}}",
)
DEFAULT_LOCATION = Code(
    1286,
    "DefaultBackupLocation",
    "not exactly one backup location is the default one",
    "Backups that name no location go to the default one.",
    "Set `default: true` of one location; a single one is it by itself.",
    "velero: {locations: [{name: a, ...}, {name: b, ...}]}",
)
BAD_BACKUP_TIME = Code(
    1287,
    "BadBackupSchedule",
    "the time of a backup schedule is not understood",
    "It is written as cron does: minute, hour, day of the month, month, day of the week; or "
    "`@hourly`, `@daily`, `@weekly`, `@monthly`, `@every 6h`.",
    "Write for example `0 3 * * *` for three o'clock every night, UTC.",
    "velero: {schedules: [{name: nightly, time: 3am}]}",
)
UNKNOWN_BACKUP_LOCATION = Code(
    1288,
    "UnknownBackupLocation",
    "a backup schedule names a location that is not there",
    "A schedule's backups go to one of `locations`.",
    "Name one of the locations.",
    "schedules: [{name: nightly, time: '@daily', location: offsite}]",
)
DUPLICATE_BACKUP_NAME = Code(
    1289,
    "DuplicateBackupName",
    "two backup locations or schedules have one name",
    "Each becomes an object of its own.",
    "Give one of them another name.",
    "locations: [{name: main, ...}, {name: main, ...}]",
)
INCOMPLETE_LOCATION = Code(
    1290,
    "IncompleteBackupLocation",
    "a backup location lacks what its kind of storage needs",
    "S3 has to know the region, Azure the resource group and the storage account.",
    "Add the fields that the message names.",
    "locations: [{name: main, kind: azure, bucket: backups}]",
)
