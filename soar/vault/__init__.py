"""Credentials at rest: sealed to the row they stand in, under keys that the database does not hold."""

from soar.audit.keyfile import create_key_file
from soar.vault.keys import KeyProvider, Keyring
from soar.vault.providers.local import FileKeyProvider
from soar.vault.rewrap import Rewrapper
from soar.vault.rotation import KeyRotation
from soar.vault.service import Vault
from soar.vault.use import Sighting, find_sightings
from soar.vault.workspace import WorkspaceKeys

__all__ = [
    "FileKeyProvider",
    "KeyProvider",
    "KeyRotation",
    "Keyring",
    "Rewrapper",
    "Sighting",
    "Vault",
    "WorkspaceKeys",
    "create_key_file",
    "find_sightings",
]
