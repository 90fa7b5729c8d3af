"""Readers of the program's resources: a module for each kind of resource that rules check."""
