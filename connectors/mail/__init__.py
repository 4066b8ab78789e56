"""Mails that are sent, over SMTP."""
