"""The keys over the credentials, by name; a key itself is never shown."""

from dataclasses import dataclass
from datetime import datetime

from soar.api.schemas.base import Incoming, Name
from soar.model.secret import EncryptionKey, KeyStatus
from soar.vault.rotation import KeyReport, KeyUse


class RotationWanted(Incoming):
    """Which key is to be the current one; none makes a new one."""

    key: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultKeyView:
    """A key; one that a provider has and that was never made current has no status."""

    id: str
    status: KeyStatus | None
    changed_at: datetime | None
    condemned_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultKeyUseView(VaultKeyView):
    """A key, whether its provider has it, and how much depends on it."""

    is_here: bool
    keys: int
    credentials: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultView:
    """All keys, and how many versions of credentials there are and stand under the current one."""

    keys: tuple[VaultKeyUseView, ...]
    credentials: int
    current: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RewrapView:
    """How many versions were sealed again just now, and the ids of those that do not open."""

    credentials: int
    damaged: tuple[str, ...]


def view_key(key: EncryptionKey) -> VaultKeyView:
    """Return a key as it is shown."""
    return VaultKeyView(id=key.id, status=key.status, changed_at=key.changed_at, condemned_by=key.condemned_by)


def view_vault(report: KeyReport) -> VaultView:
    """Return all keys as they are shown."""
    return VaultView(keys=tuple(map(_view_use, report.keys)), credentials=report.credentials, current=report.current)


def _view_use(use: KeyUse) -> VaultKeyUseView:
    return VaultKeyUseView(
        id=use.id,
        status=use.key.status if use.key else None,
        changed_at=use.key.changed_at if use.key else None,
        condemned_by=use.key.condemned_by if use.key else None,
        is_here=use.is_here,
        keys=use.keys,
        credentials=use.credentials,
    )
