"""Registries of images: Harbor, mirrors, credentials."""
