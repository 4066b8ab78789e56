"""A vault over a store, with all its parts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from soar.audit.fingerprint import Fingerprinter
from soar.model.clock import Clock
from soar.model.errors import SoarError
from soar.model.ids import Ids, Randomness
from soar.model.secret import CredentialVersion, Secret
from soar.store import Store
from soar.vault import FileKeyProvider, Keyring, KeyRotation, Rewrapper, Vault, WorkspaceKeys, create_key_file
from soar.vault.references import Lookup, References
from tests.support.builders import build_actor
from tests.support.clock import START, SteppedClock
from tests.support.ids import SeededIds
from tests.support.randomness import SeededRandomness

VALUE = "correct horse battery staple"
WORKSPACE = "w"


@dataclass
class VaultParts:
    """A vault, and what moves its keys.

    Attributes:
        failed: what could not be sealed again, by workspace.
    """

    store: Store
    keyring: Keyring
    ids: Ids
    randomness: Randomness
    clock: Clock
    lookups: Sequence[Lookup] = ()
    failed: list[tuple[str, SoarError]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.keys = WorkspaceKeys(self.store, self.keyring, ids=self.ids, randomness=self.randomness, clock=self.clock)
        self.references = References(self.lookups, shortest=8, clock=self.clock)
        self.vault = Vault(
            self.store,
            self.keys,
            self.references,
            Fingerprinter(bytes(range(32))),
            ids=self.ids,
            randomness=self.randomness,
            clock=self.clock,
        )
        self.rotation = KeyRotation(self.store, self.keyring, self.keys, ids=self.ids)
        self.rewrapper = Rewrapper(
            self.store,
            self.keys,
            ids=self.ids,
            randomness=self.randomness,
            clock=self.clock,
            report=lambda workspace, error: self.failed.append((workspace, error)),
        )

    async def set(
        self, value: str = VALUE, *, name: str = "edr_token", hosts: Sequence[str] = (), workspace: str = WORKSPACE
    ) -> CredentialVersion:
        return await self.vault.set_credential(
            workspace, name, Secret(value), hosts=hosts, actor=build_actor(), now=START
        )

    async def resolve(self, name: str = "edr_token", workspace: str = WORKSPACE) -> str:
        return (await self.vault.resolve(workspace, name)).reveal()


def open_vault(store: Store, path: Path, *, ids: Ids | None = None, seed: int = 0) -> VaultParts:
    """Return a vault whose keys are files; the first is made where there is none."""
    if not path.exists():
        create_key_file(path, SeededRandomness(seed))
    randomness = SeededRandomness(seed + 1)
    keyring = Keyring([FileKeyProvider(path, randomness)])
    return VaultParts(store, keyring, ids or SeededIds(seed + 7), randomness, SteppedClock())
