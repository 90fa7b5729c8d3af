"""The Pulumi program: reads the settings of this stack and runs its composition."""

from stacks.program import run

run()
