"""Codes 2050-2099: the launcher, the command line, and what `caas doctor` checks."""

from errors.model import Code

# 2050-2059: the launcher, which makes .venv

NO_PYTHON = Code(
    2050,
    "NoPython",
    "There is no Python 3.11 or later on the PATH.",
    "The launcher tries python3, python3.13, python3.12, python3.11 and python3.14; each is "
    "missing, too old, or a pyenv shim without a version behind it.",
    "Install Python 3.11 or later (`apt install python3`, `brew install python`), or put it on "
    "the PATH.",
    "PATH=/nowhere /bin/sh ./caas up",
)

PYTHON_WITHOUT_VENV = Code(
    2051,
    "PythonWithoutVenv",
    "Python is there, but can't make a virtual environment.",
    "The modules `venv` and `ensurepip` are missing. Debian and Ubuntu keep them in a package of "
    "their own.",
    "Install the missing part (`apt install python3-venv`), or another Python 3.11 or later.",
    "./caas up on a Debian machine without python3-venv",
)

PACKAGES_UNREACHABLE = Code(
    2052,
    "PackagesUnreachable",
    "pip could not reach its package index.",
    "There is no network, a proxy is in the way, or the index does not answer.",
    "Check the network and pip's settings (`pip config list`, HTTPS_PROXY, PIP_INDEX_URL), then "
    "run the same command again: what was fetched is kept.",
    "./caas up for the first time, without a network",
)

PACKAGE_HASH_WRONG = Code(
    2053,
    "PackageHashWrong",
    "A Python package is not the one that is pinned.",
    "The package index serves another file than the lock file pins by its SHA-256. Nothing of it "
    "was installed.",
    "Find out who changed it: a mirror, a proxy, or requirements.txt itself (`git diff`).",
    "a mirror that repacks wheels",
)

SETUP_DISK_FULL = Code(
    2054,
    "SetupDiskFull",
    "The disk has no space left for the Python packages.",
    "`.venv` takes about 0.5 GB; pip needs as much again while it unpacks.",
    "Free some space and run the same command again.",
    "No space left on device",
)

CHECKOUT_READ_ONLY = Code(
    2055,
    "CheckoutReadOnly",
    "`.venv` can't be written in this checkout.",
    "The checkout is on a read-only file system or belongs to another user.",
    "Clone the repository to a folder of your own.",
    "./caas up in a checkout that root made",
)

NO_PACKAGE_FOR_PLATFORM = Code(
    2056,
    "NoPackageForPlatform",
    "A pinned package has no build for this Python or machine.",
    "Only ready-made wheels are installed, so that no package runs code during the set-up; the "
    "index has none of this package for this processor, system and Python.",
    "Use Python 3.11, 3.12 or 3.13 on Linux or macOS, on a 64-bit x86 or ARM processor.",
    "./caas up with a Python that is newer than the lock file",
)

SETUP_FAILED = Code(
    2057,
    "SetupFailed",
    "The Python environment could not be made.",
    "pip or venv ended with an error of their own; the log that is named has all of it.",
    "Read the log. When `.venv` itself is damaged, remove it and run the same command again.",
    "a file in .venv that belongs to another user",
)

# 2060-2069: the command line

USAGE = Code(
    2060,
    "Usage",
    "The command line was not understood.",
    "A command, an option or a value is misspelt, missing or too many.",
    "Run `./caas --help`, or `./caas COMMAND --help`, which ends with examples.",
    "./caas upp",
)

UNKNOWN_CODE = Code(
    2061,
    "UnknownCode",
    "There is no such code.",
    "The number or the reason is not in the registry of this release.",
    "Run `./caas explain` to list every code.",
    "./caas explain CAAS-9999",
)

INTERNAL_ERROR = Code(
    2062,
    "InternalError",
    "caas itself failed.",
    "This is a fault in caas, not in your files. The log that is named has the details, and holds "
    "no values of variables.",
    "Report it with the log. Running the same command again is safe: every command goes on from "
    "what it finds.",
    "an exception that nobody foresaw",
)

GENERATED_FILE_STALE = Code(
    2063,
    "GeneratedFileStale",
    "A generated file is not what its source gives.",
    "The registry of codes, the settings or the command line was changed without generating the "
    "documents again, or a generated file was edited by hand.",
    "Run `./caas generate` and commit what it changes.",
    "echo >> docs/errors/README.md; ./caas generate --verify",
)

CONFIRMATION_NEEDED = Code(
    2064,
    "ConfirmationNeeded",
    "The command asks before it goes on, and nobody can answer.",
    "Standard input or output is no terminal: the command runs in a pipe or in CI.",
    "Add --yes where you mean it.",
    "./caas destroy local < /dev/null",
)

# 2070-2099: what `caas doctor` finds

PYTHON_UNTRIED = Code(
    2070,
    "PythonUntried",
    "This Python is newer than the ones caas is tested with.",
    "caas is tested with Python 3.11, 3.12 and 3.13.",
    "Nothing, while everything works; else use one of the tested releases.",
    "Python 3.14",
)

LITTLE_MEMORY = Code(
    2071,
    "LittleMemory",
    "This machine has little free memory.",
    "The embedded plane takes about 2 GB; building its binaries takes 3 GB once.",
    "Free some memory, or use a larger machine.",
    "a container with a limit of 1 GB",
)

LITTLE_DISK = Code(
    2072,
    "LittleDisk",
    "The disk of the cache has little space left.",
    "The finished binaries take 0.6 GB; building them takes about 7 GB more for a while.",
    "Free some space, or set CAAS_CACHE to a folder on a larger disk.",
    "a disk with 1 GB left",
)

FEW_CORES = Code(
    2073,
    "FewCores",
    "This machine has one processor core.",
    "The plane runs seven programs; on one core they are slow, and may miss their time limits.",
    "Use a machine with two cores or more, or give commands a longer --timeout.",
    "a container with one processor",
)

PULUMI_MISSING = Code(
    2074,
    "PulumiMissing",
    "The pulumi CLI is not on the PATH.",
    "The `local` stack runs without it; stacks that reach a cloud or keep their state in a Pulumi "
    "backend need it.",
    "Install pulumi when you use a stack other than `local`.",
    "./caas doctor on a machine without pulumi",
)

KUBECTL_MISSING = Code(
    2075,
    "KubectlMissing",
    "kubectl is not on the PATH.",
    "caas brings its own for its own work; you need one to look around in your clusters.",
    "Install kubectl, or use the one of the plane: `./caas doctor` names its path.",
    "./caas doctor on a machine without kubectl",
)

LOOPBACK_UNUSABLE = Code(
    2076,
    "LoopbackUnusable",
    "A loopback address can't be listened on.",
    "Everything in the embedded plane listens on loopback addresses only. A sandbox forbids it, "
    "or the address does not exist: macOS has only 127.0.0.1 until more are added.",
    "Allow it; on macOS `sudo ifconfig lo0 alias 127.0.0.2` adds an address.",
    "a sandbox without a loopback interface",
)

FEW_OPEN_FILES = Code(
    2077,
    "FewOpenFiles",
    "A process may open only a few files.",
    "The API server and etcd open a file for each connection and watch.",
    "Raise the limit: `ulimit -n 8192` in this shell.",
    "ulimit -n 256; ./caas doctor",
)

STALE_PLANE = Code(
    2078,
    "StalePlane",
    "A plane was left behind that does not run as a whole.",
    "The machine was restarted, or some of its processes were killed.",
    "Run `./caas up` to bring it back, or `./caas down` to stop what is left.",
    "a restart of the machine while the plane runs",
)

BINARIES_MISSING = Code(
    2079,
    "BinariesMissing",
    "The plane's binaries are not in the cache yet.",
    "They are made once for each machine and version, in about ten minutes on two cores.",
    "Run `./caas setup` to make them now; `./caas up` does it too.",
    "./caas doctor on a new machine",
)
