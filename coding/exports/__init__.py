"""The package a sponsor receives."""
