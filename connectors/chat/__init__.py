"""The chat that is built in."""
