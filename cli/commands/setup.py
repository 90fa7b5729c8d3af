"""`caas setup`."""

from __future__ import annotations

import shlex

from cli import console
from cli.commands.down import require_plane
from cli.options import Engine, Stack
from cli.progress import drawn
from cli.pulumi_cli import choose
from engine.session import Session

EXAMPLES = {
    "./caas setup": "get ready for `pulumi up` on the stack local",
}


def command(stack: Stack = "local") -> None:
    """Get the plane's programs and start the plane, and change nothing else.

    After this `pulumi up --stack STACK` and `pulumi preview` work as they are.
    """
    with drawn(("management plane",)) as progress:
        session = Session(stack, progress)
        require_plane(session)
        with session.lock(f"caas setup {stack}"):
            session.prepare()
            started = session.open()
    what = "runs now" if started else "was running already"
    console.say(f"The management plane {what}: KUBECONFIG={session.plane.kubeconfig}")
    pulumi = choose(Engine.AUTO, session)
    if pulumi and (needed := pulumi.environment()):
        console.say("For the pulumi CLI, whose state `./caas up` keeps beside the plane:")
        for name, value in needed.items():
            console.say(f"export {name}={shlex.quote(value)}")
