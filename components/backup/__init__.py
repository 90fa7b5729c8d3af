"""Backups of namespaces and volumes, and moving them."""
