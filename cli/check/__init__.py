"""Checking stacks side by side, each in a process of its own, and writing down what was found."""
