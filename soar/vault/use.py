"""On record, before a credential's value is used: which value it is, by its fingerprint; and where that came up."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from soar.audit.fingerprint import Fingerprinter
from soar.audit.record import record
from soar.model.audit import Actor, AuditEvent, AuditRecord, Outcome
from soar.model.clock import Clock
from soar.model.ids import Ids
from soar.model.secret import CredentialVersion, Secret
from soar.store import Store, Unit

_ACTOR = Actor(kind="system", id="vault", name="soar", via="engine")
_BATCH = 500  # events read at a time


class UseRecorder:
    """Records that a value is in use: once for each process and value, so that calls do not pay for it.

    Args:
        store: where the record is.
        fingerprinter: stands for values.
        ids: gives ids of audit events.
        clock: for the moment.
    """

    def __init__(self, store: Store, fingerprinter: Fingerprinter, *, ids: Ids, clock: Clock) -> None:
        self._store = store
        self._fingerprinter = fingerprinter
        self._ids = ids
        self._clock = clock
        self._known: dict[tuple[str, str], tuple[int, str]] = {}
        self._lock = asyncio.Lock()

    async def note(self, workspace: str, version: CredentialVersion, value: Secret) -> None:
        """See to it that the use of this value is on record; call it before the value is given out.

        Raises:
            UnavailableError: the record takes nothing now; the value must not be used.
        """
        place, used = (workspace, version.name), (version.version, self._fingerprinter.take(value))
        if self._known.get(place) == used:
            return
        async with self._lock:
            if self._known.get(place) != used:
                await self._store.write(workspace, lambda unit: self._record(unit, version.name, *used))
                self._known[place] = used

    def _record(self, unit: Unit, name: str, version: int, fingerprint: str) -> None:
        event = AuditEvent(
            type="credential.used",
            outcome=Outcome.SUCCESS,
            actor=_ACTOR,
            target={"kind": "credential", "id": name},
            after={"version": version, "fingerprint": fingerprint},
        )
        record(unit, event, at=self._clock.now(), id=self._ids.new("ev"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A credential that had the value in question.

    Attributes:
        credential: its name.
        first: sequence of the first event that tells of it.
        last: sequence of the last one.
        is_used: whether the value was ever opened, and not only set.
    """

    credential: str
    first: int
    first_at: datetime
    last: int
    last_at: datetime
    is_used: bool


def find_sightings(unit: Unit, fingerprint: str) -> tuple[Sighting, ...]:
    """Return the workspace's credentials that had the value of this fingerprint, by name."""
    names = (version.name for version in unit.credentials.list())
    found = ((name, list(_list_events(unit, name, fingerprint))) for name in names)
    return tuple(_describe(name, events) for name, events in found if events)


def _list_events(unit: Unit, name: str, fingerprint: str) -> Iterator[AuditRecord]:
    """Yield the events about a credential that bear the fingerprint, newest first."""
    cursor: str | None = None
    while True:
        page = unit.audit.list(_BATCH, cursor, "credential.", target=name)
        for event in page.items:
            after = event.document.get("after")
            if isinstance(after, dict) and after.get("fingerprint") == fingerprint:
                yield event
        if (cursor := page.next) is None:
            return


def _describe(name: str, events: list[AuditRecord]) -> Sighting:
    first, last = events[-1], events[0]
    return Sighting(
        credential=name,
        first=first.sequence,
        first_at=first.at,
        last=last.sequence,
        last_at=last.at,
        is_used=any(event.document["type"] == "credential.used" for event in events),
    )
