"""Alerts of our own."""
