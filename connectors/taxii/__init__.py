"""Threat intelligence over TAXII 2.1."""
