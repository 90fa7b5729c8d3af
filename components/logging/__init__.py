"""Logs: collected, searched, limited and archived."""
