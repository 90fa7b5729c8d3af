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
    "a backup schedule has no location that takes its backups",
    "A schedule's backups go to one of `locations`, by itself to the default one; Velero refuses "
    "every backup to one that is read-only.",
    "Name a location that is there and is not read-only.",
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
VELERO_NOT_READY = Code(
    1300,
    "VeleroNotReady",
    "a cluster's Velero can't save or restore volumes",
    "Volumes travel through Velero: it has to run in both clusters, with node agents and a default "
    "backup location that it reaches.",
    "Add `velero` and `snapshots` to the cluster's add-ons, and look at "
    "`kubectl -n velero get backupstoragelocations,pods`.",
    "./caas volumes move shop --namespace orders --to-class fast, without Velero in shop",
)
NAMESPACE_WITHOUT_VOLUMES = Code(
    1301,
    "NamespaceWithoutVolumes",
    "a namespace has no volumes to move",
    "Its name may be wrong, or it is in another cluster.",
    "Look with `kubectl get persistentvolumeclaims --all-namespaces`.",
    "./caas volumes move shop --namespace order --to-class fast",
)
TARGET_CLASS_NOT_FOUND = Code(
    1302,
    "TargetClassNotFound",
    "a cluster has no such storage class",
    "Volumes can only be made in a class that the target cluster has.",
    "Name one of the classes that the message lists, or add it first.",
    "./caas volumes move shop --namespace orders --to-class fats",
)
VOLUMES_IN_USE = Code(
    1303,
    "VolumesInUse",
    "pods use the volumes that shall move",
    "What they write after the snapshot would be lost.",
    "Stop them first: scale their Deployments and StatefulSets to 0, and suspend CronJobs.",
    "./caas volumes move shop --namespace orders --to-class fast, while the orders run",
)
VOLUME_NOT_MOVABLE = Code(
    1304,
    "VolumeNotMovable",
    "no snapshot of a volume can be taken",
    "A move takes a snapshot of each volume and copies it. That needs a bound claim with a class, "
    "a CSI driver, and a VolumeSnapshotClass for it; host paths and local folders have none.",
    "Add `snapshots` to the cluster's add-ons; delete claims that were never bound; copy data of "
    "volumes without a driver by hand.",
    "a claim of the class local-path in the namespace",
)
OTHER_MOVE_UNFINISHED = Code(
    1305,
    "OtherMoveUnfinished",
    "another move of this namespace is not finished",
    "Volumes of one namespace go to one place at a time.",
    "Run the command that the message names until it is done.",
    "--to-class slow, while a move to fast was interrupted",
)
CLASS_MAPPING_TAKEN = Code(
    1306,
    "ClassMappingTaken",
    "somebody else changes the storage classes of restores",
    "Velero takes one ConfigMap with the label `velero.io/change-storage-class`, and refuses to "
    "restore anything when there are two.",
    "Delete the one that the message names when it is no longer needed, or wait for the other move "
    "that made it.",
    "a ConfigMap velero/change-storage-class from an earlier restore by hand",
)
CLASS_WAITS_FOR_PODS = Code(
    1307,
    "ClassWaitsForPods",
    "the target class makes volumes only for pods that run",
    "Its binding mode is `WaitForFirstConsumer`, and nothing runs during a move. Velero's node "
    "agents make volumes all the same where `restorePVC.ignoreDelayBinding` tells them to, as the "
    "add-on `velero` does.",
    "Install Velero with the add-on, tell your own node agents, or choose a class that binds at "
    "once.",
    "a Velero that was installed by hand",
)
BACKUP_FAILED = Code(
    1308,
    "VolumeBackupFailed",
    "Velero did not save all of a namespace",
    "Nothing was changed: the volumes are as they were.",
    "Look at `velero backup describe <name> --details` and `velero backup logs <name>`, mend what "
    "they say, and run the same command again: it makes another backup.",
    "the bucket can't be written to",
)
RESTORE_FAILED = Code(
    1309,
    "VolumeRestoreFailed",
    "Velero did not bring back all of the volumes",
    "The old volumes are still there, kept aside, and the backup holds their data.",
    "Look at `velero restore describe <name> --details` and `velero restore logs <name>`, mend "
    "what they say, and run the same command again: it makes another restore. docs/backup.md "
    "tells how to go back to the old volumes.",
    "the target class has no room",
)
MOVE_TOO_SLOW = Code(
    1310,
    "MoveTooSlow",
    "nothing moved for a long time",
    "Velero or the storage stands still, or needs longer than the command waits.",
    "Run the same command again to go on from here, with a longer `--patience` where volumes are "
    "large; see `kubectl -n velero get pods,datauploads,datadownloads`.",
    "Velero's pod does not run",
)
MOVE_UNVERIFIED = Code(
    1311,
    "MoveUnverified",
    "what came out of a move is not what went in",
    "Every claim has to be there, bound, in the wanted class, and as large as before, with all of "
    "its data restored.",
    "The old volumes and the backup are still there. Look at the claim that the message names, and "
    "run the same command again.",
    "a claim is still pending after the restore",
)
TARGET_HAS_VOLUMES = Code(
    1312,
    "TargetHasVolumes",
    "the target cluster has volumes of these names already",
    "A restore leaves alone what is there, so they would keep their own content.",
    "Delete the namespace in the target cluster if it is not needed, or move by hand.",
    "orders is in both clusters",
)
BACKUP_NOT_IN_TARGET = Code(
    1313,
    "BackupNotInTarget",
    "the target cluster's Velero does not see the backup",
    "Data travels through a bucket that both clusters know.",
    "Give both clusters a location with the same bucket, prefix and address; Velero looks for new "
    "backups there every minute.",
    "two clusters with different prefixes",
)
