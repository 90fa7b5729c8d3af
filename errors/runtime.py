"""Codes 5xxx: running clusters."""
