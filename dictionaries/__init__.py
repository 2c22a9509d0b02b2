"""Dictionaries: one model, a loader per file format, a registry of imported releases."""
