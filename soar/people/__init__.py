"""Accounts of people and programs, their second factors, and emergency access."""
