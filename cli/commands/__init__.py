"""The commands, one module each; a module is imported when its command runs.

A module has `command`, the Typer function whose docstring begins with the summary below, and
`EXAMPLES`, command lines and what they do. `CONTEXT`, if it is there, is Typer's context_settings.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CommandEntry:
    """A line of `caas --help`: the command's name, which is its module's too, and its summary.

    A module has `_` for the `-` of the name.
    """

    name: str
    summary: str


CLUSTERS = "Clusters"
MACHINE = "This machine"
PROJECT = "The project"

COMMANDS: dict[str, tuple[CommandEntry, ...]] = {
    CLUSTERS: (
        CommandEntry("new", "Write the file of a new stack."),
        CommandEntry("preview", "Show the changes that `up` would make, and their effects."),
        CommandEntry(
            "check", "Check stacks without credentials, and show the effects of a change."
        ),
        CommandEntry("up", "Bring the clusters to the state that the stack file describes."),
        CommandEntry("status", "Show the clusters and their condition."),
        CommandEntry("drift", "Show changes made outside the stack, by object and author."),
        CommandEntry("diagnose", "Find the problems of clusters, with cause and fix."),
        CommandEntry(
            "reach", "Answer whether network policies let a connection through, and by which rule."
        ),
        CommandEntry("kubeconfig", "Get the credentials of a cluster."),
        CommandEntry("bootstrap", "Create the management cluster of a self-managed stack."),
        CommandEntry("management", "Back up or restore the objects of the management cluster."),
        CommandEntry("volumes", "Move the volumes of a namespace to another class or cluster."),
        CommandEntry("registry", "Bring projects, caches, replications and robots into Harbor."),
        CommandEntry(
            "policies", "Show the rules that `preview` and `up` check, with their levels."
        ),
        CommandEntry(
            "tenants", "Show the tenants of a stack: people, namespaces, whole clusters, quotas."
        ),
        CommandEntry(
            "apps",
            "Show the applications of tenants: versions, state, updates, and what is wrong.",
        ),
        CommandEntry("store", "Show the applications of the store, and check their entries."),
        CommandEntry("outputs", "Print the outputs of a stack: clusters, networks, buckets, DNS."),
        CommandEntry("synth", "Write the Kubernetes objects of a stack to files, or print them."),
        CommandEntry("bundle", "List the charts and images of a stack, pack them, or push them."),
        CommandEntry(
            "destroy", "Delete every cluster of a stack, then the embedded plane and its data."
        ),
    ),
    MACHINE: (
        CommandEntry(
            "setup", "Get the plane's programs and start the plane, and change nothing else."
        ),
        CommandEntry("down", "Stop the embedded plane; its data stays on disk."),
        CommandEntry("node-image", "Build an image of nodes in containers, and give it to Docker."),
        CommandEntry("doctor", "Check whether this machine is fit for the plane."),
        CommandEntry("explain", "Explain a CAAS code: its cause, and the fix."),
        CommandEntry(
            "docs", "Open the documentation in a browser: guides, references, and a search."
        ),
    ),
    PROJECT: (
        CommandEntry("test", "Run the tests of caas."),
        CommandEntry("generate", "Write the files that come from the code and from errors/areas."),
        CommandEntry("version", "Show the versions of caas and of the programs that it runs."),
    ),
}
