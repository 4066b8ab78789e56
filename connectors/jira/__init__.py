"""Jira Cloud: issues, found, opened and commented on."""
