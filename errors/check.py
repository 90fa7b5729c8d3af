"""Codes 3060-3079: checking stacks and what a pull request changes."""

from errors.model import Code

NOTHING_TO_CHECK = Code(
    3060,
    "NothingToCheck",
    "There is no stack file to check.",
    "The folder of the stack files holds no `Pulumi.STACK.yaml`.",
    "Run the command in a checkout that has stack files, or name their folder in $CAAS_STACKS.",
    "CAAS_STACKS=/empty ./caas check",
)

BASE_NOT_FOUND = Code(
    3061,
    "BaseNotFound",
    "What the stacks shall be compared with can't be read from git.",
    "The folder is no git repository, git is not installed, or it knows no such branch, tag or "
    "commit: a shallow clone of a CI job has only the newest commit of one branch.",
    "Fetch it first, `git fetch origin main`, and name it as git does: `--against origin/main`. "
    "In a CI job, clone the whole history.",
    "./caas check --against no-such-branch",
)

BASE_UNUSABLE = Code(
    3062,
    "BaseUnusable",
    "The stack as it was before can't be compared with.",
    "Its stack file or its program had a problem of its own, or was of a release of caas that "
    "compares otherwise. What the stack says now was checked all the same.",
    "Nothing needs to be done; read the change itself, because nobody tells here what it replaces.",
    "A pull request that mends a stack file which is broken on the main branch.",
)

STACK_FILE_REMOVED = Code(
    3063,
    "StackFileRemoved",
    "A change removes a stack file; what the stack made stays.",
    "Without its file no command knows the stack: its clusters go on running, and cost money.",
    "Run `./caas destroy STACK` before the change is merged, where its clusters are to go.",
    "git rm stacks/Pulumi.staging.yaml",
)

CHECK_FAILED = Code(
    3064,
    "CheckFailed",
    "The check of a stack did not come to its end.",
    "The process that runs the stack's program was killed, as by a machine that is out of memory, "
    "or took longer than ten minutes.",
    "Run `./caas check STACK` for this stack alone; `./caas synth STACK` runs its program alone.",
    "./caas check, in a container with 100 MB of memory",
)

REPORT_NOT_WRITABLE = Code(
    3065,
    "ReportNotWritable",
    "A report can't be written.",
    "The folder is not there, or belongs to another user.",
    "Name a file in a folder that is there and is yours.",
    "./caas check --output sarif=/no-such-folder/check.sarif",
)
