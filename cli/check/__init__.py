"""Parallel checks of stacks, each in a separate process, and the output of their results."""
