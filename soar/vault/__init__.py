"""Credentials at rest: sealed to the row they stand in, under keys that the database does not hold."""

from soar.vault.keys import FileKeyProvider, KeyProvider, create_key_file
from soar.vault.service import Vault

__all__ = ["FileKeyProvider", "KeyProvider", "Vault", "create_key_file"]
