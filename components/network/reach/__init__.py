"""Reachability: the answer of network policies to a connection, and the rule that decides it."""
