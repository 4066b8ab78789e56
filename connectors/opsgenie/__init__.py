"""Opsgenie: alerts that wake whoever is on call."""
