"""Connectors: found, checked, loaded, described, called."""
