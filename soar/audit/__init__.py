"""The record of who did what: written in the caller's transaction, provable by anyone who holds a public key."""
