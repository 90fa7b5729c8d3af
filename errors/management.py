"""Codes 304x and 305x: bootstrap, hand-over, backup and restore of a management cluster."""

from errors.model import Code

NOT_READY_TO_MOVE = Code(
    3040,
    "NotReadyToMove",
    "The clusters are still being changed, and can't be handed over yet.",
    "Only clusters whose control plane runs and whose machines all have a node are moved: what is "
    "half made on one management cluster can't be gone on with on another.",
    "Wait until `./caas status` shows them at rest, then run the same command again.",
    "./caas bootstrap prod-aws, while a machine has not joined its cluster",
)

HANDOVER_FAILED = Code(
    3041,
    "HandoverFailed",
    "`clusterctl move` ended with an error.",
    "One of the two management clusters refused an object or stopped answering. Clusters stay "
    "paused until the hand-over is done; their machines run on meanwhile.",
    "Remove the cause that the message names and run the same command again: it finds out how far "
    "the move got, and goes on from there.",
    "Error: failed to check providers in target cluster",
)

HANDOVER_PAUSED = Code(
    3042,
    "HandoverPaused",
    "A cluster is paused, and not by a hand-over.",
    "`spec.paused` or the annotation `cluster.x-k8s.io/paused` keeps Cluster API off it; moving "
    "it would end the pause without asking.",
    "Remove the pause, then run the same command again.",
    'kubectl patch cluster shop --type merge -p \'{"spec":{"paused":true}}\'',
)

HANDOVER_TARGET_TAKEN = Code(
    3043,
    "HandoverTargetTaken",
    "Both management clusters manage a cluster of the same name.",
    "The target has a Cluster of this name that no hand-over of this stack put there, or somebody "
    "ended the pause that a hand-over had set.",
    "Find out which of the two manages the machines, and remove the other's objects while its "
    "Cluster is paused.",
    "a management cluster that another stack uses with the same namespace",
)

MACHINES_LOST = Code(
    3044,
    "MachinesLost",
    "The machines are not the same after a hand-over or a restore.",
    "A Machine object is missing, or is new, or has another provider id than before. Nothing was "
    "deleted because of it.",
    "Compare the named machines with the infrastructure's own list before anything is changed.",
    "1 of 6 machines is missing: shop-workers-x7k2p",
)

BOOTSTRAP_OF_OTHER_MODE = Code(
    3045,
    "BootstrapOfOtherMode",
    "The stack has no management cluster of its own.",
    "`./caas bootstrap` makes the management cluster of a stack with `mode: self-managed`.",
    "Write `management: { mode: self-managed, cluster: … }` into the stack file, or use "
    "`./caas up`.",
    "./caas bootstrap local",
)

BOOTSTRAP_NEEDS_PULUMI = Code(
    3046,
    "BootstrapNeedsPulumi",
    "Making a management cluster needs the pulumi CLI.",
    "The foundation in the cloud and the charts on the management cluster are made by Pulumi's "
    "providers, which only its CLI runs.",
    "Install the pulumi CLI (https://www.pulumi.com/docs/install/) and run the command again.",
    "./caas bootstrap prod-aws, without pulumi on the PATH",
)

BOOTSTRAP_TIMED_OUT = Code(
    3047,
    "BootstrapTimedOut",
    "A step of the bootstrap took longer than it may.",
    "The cloud was slow, or something it needs is missing: quota, an image, a permission. The "
    "message has what Cluster API or its operator says about it.",
    "Look at `./caas diagnose STACK`, remove the cause and run the command again: finished steps "
    "are not repeated. More patience: --timeout.",
    "the control plane of the management cluster is not there after 3600 s",
)

BACKUP_DAMAGED = Code(
    3050,
    "BackupDamaged",
    "The file is not a whole backup.",
    "Its checksums don't match, something is missing in it, or it is no backup at all. Nothing was "
    "restored.",
    "Take another copy of the file, or an older backup.",
    "a backup that was cut off while it was copied",
)

BACKUP_OF_OTHER_STACK = Code(
    3051,
    "BackupOfOtherStack",
    "The backup is of another stack.",
    "Two management clusters would manage the same machines.",
    "Name the backup's stack, or take a backup of this one.",
    "./caas management restore staging --from prod.caas-backup",
)

BACKUP_TOO_NEW = Code(
    3052,
    "BackupTooNew",
    "The backup was written by a newer caas.",
    "Its format is one that this release does not know.",
    "Restore with the release that is named, or a later one.",
    'backup.json with "format": 2',
)

RESTORE_TARGET_NOT_EMPTY = Code(
    3053,
    "RestoreTargetNotEmpty",
    "The management cluster has clusters already.",
    "A restore never overwrites: what is there may know more about the machines than the backup.",
    "Restore to an empty management cluster. If these are left from a failed restore of another "
    "backup, restore that one again, or remove them while they are paused.",
    "./caas management restore local --from local.caas-backup, after ./caas up",
)

BACKUP_NOT_WRITABLE = Code(
    3054,
    "BackupNotWritable",
    "The backup can't be written or read.",
    "The folder does not exist or belongs to somebody else, or the disk is full. No half-written "
    "backup is left.",
    "Name another place with --out, or make space.",
    "./caas management backup local --out /proc/x",
)

BACKUP_UNSETTLED = Code(
    3055,
    "BackupUnsettled",
    "The machines changed again and again while they were read.",
    "A backup is only good if all of it is of one moment; a rollout is under way.",
    "Run the command again when `./caas status` shows the clusters at rest.",
    "./caas management backup local, during an upgrade of fifty clusters",
)

RESTORE_STALE = Code(
    3056,
    "RestoreStale",
    "The backup does not know the machines that a cluster has now.",
    "The cluster was changed after the backup: Cluster API would repair or leave machines that it "
    "does not know. The cluster was restored and stays paused; its machines run on.",
    "Compare the nodes that are named with the Machine objects; when you have made them agree, "
    'end the pause: kubectl patch cluster NAME --type merge -p \'{"spec":{"paused":false}}\'.',
    "a backup from before the last upgrade",
)

NO_SNAPSHOT = Code(
    3057,
    "NoSnapshot",
    "There is no etcd snapshot here.",
    "Only the embedded plane's etcd belongs to caas; the backup of another management cluster has "
    "its objects alone.",
    "Restore the objects: leave --etcd out.",
    "./caas management restore prod-aws --from prod.caas-backup --etcd",
)

SNAPSHOT_FAILED = Code(
    3058,
    "SnapshotFailed",
    "etcd did not give a snapshot, or did not take it back.",
    "etcd stopped in between, or the disk is full; the message has its own words.",
    "Look at the plane's etcd log, then run the command again.",
    "snapshot restore: the sha256 of the snapshot does not match",
)
