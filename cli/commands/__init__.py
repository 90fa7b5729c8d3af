"""The commands, one module each; a module is imported when its command runs.

A module has `command`, the Typer function whose docstring begins with the summary below, and
`EXAMPLES`, command lines and what they do. `CONTEXT`, if it is there, is Typer's context_settings.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of `caas --help`: the command's name, which is its module's too, and its summary."""

    name: str
    summary: str


CLUSTERS = "Clusters"
MACHINE = "This machine"
PROJECT = "The project"

COMMANDS: dict[str, tuple[Entry, ...]] = {
    CLUSTERS: (
        Entry("preview", "Show what `up` would change, and what that means."),
        Entry("check", "Check stacks without credentials, and say what a change does to them."),
        Entry("up", "Bring the clusters to what the stack file says."),
        Entry("status", "Show the clusters and how they are."),
        Entry("drift", "Tell who changed what runs, object by object."),
        Entry("diagnose", "Find out what is wrong with clusters, and what to do."),
        Entry("kubeconfig", "Get the credentials of a cluster."),
        Entry("bootstrap", "Make the management cluster of a stack that manages itself."),
        Entry("management", "Save what the management cluster knows, or bring it back."),
        Entry("volumes", "Move the volumes of a namespace to another class or cluster."),
        Entry("registry", "Bring projects, caches, replications and robots into Harbor."),
        Entry("policies", "Show the rules that `preview` and `up` check, and what each does."),
        Entry("synth", "Write the Kubernetes objects of a stack to files, or print them."),
        Entry("bundle", "List the charts and images of a stack, pack them, or push them."),
        Entry("destroy", "Delete every cluster of a stack, then the embedded plane and its data."),
    ),
    MACHINE: (
        Entry("setup", "Get the plane's programs and start the plane, and change nothing else."),
        Entry("down", "Stop the embedded plane; its data stays on disk."),
        Entry("doctor", "Check whether this machine is fit for the plane."),
        Entry("explain", "Explain a CAAS code: why it happens, and what to do."),
        Entry("docs", "Open the documentation in a browser: guides, references, and a search."),
    ),
    PROJECT: (
        Entry("test", "Run the tests of caas."),
        Entry("generate", "Write the documents that come from the code."),
        Entry("version", "Show the versions of caas and of what it runs."),
    ),
}
