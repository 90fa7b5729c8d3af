"""`caas bootstrap`."""

from __future__ import annotations

from cli import console
from cli.options import Engine, Stack, Timeout
from cli.plan import judged
from cli.policies import configuration
from cli.progress import drawn
from cli.pulumi_cli import choose
from engine.session import Session
from errors import CaasError, Where
from errors.management import BOOTSTRAP_NEEDS_PULUMI, BOOTSTRAP_OF_OTHER_MODE
from operations.management.bootstrap import STEPS, Bootstrap, Folder
from plane.binaries import ensure_binaries
from plane.plane import Plane
from stacks.settings.stack import ManagementMode

EXAMPLES = {
    "./caas bootstrap prod-aws": "from an empty account to a cluster that manages itself",
    "./caas bootstrap prod-aws --timeout 2h": "with a longer limit for each step",
}


def command(stack: Stack, timeout: Timeout = 3600.0) -> None:
    """Create the management cluster of a self-managed stack.

    Starts an embedded plane on this machine, lets it make the foundation and the management
    cluster, installs Cluster API there, hands the cluster its own objects with `clusterctl move`,
    and takes the plane down. Afterwards `./caas up` makes the workload clusters, from any machine
    that has the stack's state.

    Interrupt it at any time and run it again: it looks at what is there and goes on. The stack
    needs `management: {mode: self-managed, cluster: …}`, and the pulumi CLI has to be there.
    """
    with drawn(STEPS) as progress:
        session = Session(stack, progress)
        management = session.settings.management
        provider = session.settings.infrastructure.PROVIDER
        own = management.cluster
        if management.mode is not ManagementMode.SELF_MANAGED or own is None or provider is None:
            raise CaasError(
                BOOTSTRAP_OF_OTHER_MODE,
                f"The management cluster of the stack `{stack}` is `{management.mode}`",
                where=Where(file=str(session.file), path="management.mode"),
            )
        recording = session.record()
        for violation in judged(recording, configuration(session.settings, session.file)):
            progress.note(str(violation.problem()))
        pulumi = choose(Engine.AUTO, session)
        if pulumi is None:
            raise CaasError(BOOTSTRAP_NEEDS_PULUMI, "There is no `pulumi` on the PATH")
        with session.lock(f"caas bootstrap {stack}"):
            folder = Folder(session.directory)
            Bootstrap(
                stack=stack,
                cluster=own.name,
                namespace=management.namespace,
                infrastructure=session.settings.infrastructure,
                folder=folder,
                binaries=ensure_binaries(progress, [provider]),
                # What the plane knows can't be made again before the hand-over.
                plane=Plane(folder.plane, disposable=False, providers=[provider]),
                recording=recording,
                pulumi=pulumi.up,
                timeout=timeout,
            ).run(progress)
    console.say(f"{own.name} manages itself; its kubeconfig is {folder.kubeconfig}.", "green")
    console.say(f"./caas up {stack}  # makes the workload clusters")
    console.say(f"./caas management backup {stack} --out DIR  # before you need it")
