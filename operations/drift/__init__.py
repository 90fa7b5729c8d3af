"""Comparison of live objects with the stack, with the author of each difference."""
