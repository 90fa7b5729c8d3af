"""Volumes, their classes and snapshots."""
