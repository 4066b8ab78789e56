"""How far sources have come that are polled, and which process polls each."""

from datetime import datetime

from sqlalchemy import null, or_, update

from soar.model.errors import ConflictError
from soar.model.poll import Poller
from soar.model.values import JsonValue
from soar.store.poller_tables import POLLERS
from soar.store.repository import Repository
from soar.store.rows import Rows, given

_POLLERS = Rows(POLLERS, Poller, key=("source",))
_TABLE = _POLLERS.table
_LIST = _POLLERS.where().order_by(_TABLE.c.source)
_GET = _POLLERS.where("source")
_FREE = or_(_TABLE.c.holder.is_(None), _TABLE.c.until <= given("now"), _TABLE.c.holder == given("holder"))
_CLAIM = update(_TABLE).where(*_POLLERS.match("source"), _FREE).values(holder=given("new_holder"), until=given("until"))
_RELEASE = update(_TABLE).where(*_POLLERS.match("source", "holder")).values(holder=null(), until=null())
_HELD = update(_TABLE).where(*_POLLERS.match("source", "holder"))


class Pollers(Repository):
    """The pollers of a workspace. Whoever holds one polls; nobody else changes it until its lease is over."""

    __slots__ = ()

    def claim(self, source: str, holder: str, *, now: datetime, until: datetime) -> Poller | None:
        """Take a poller that nobody holds, or hold on to it longer, and return it; None if somebody else has it."""
        self._insert(_POLLERS, Poller(source=source))
        values = {"given_now": now, "given_until": until, "given_new_holder": holder}
        if self._send(_CLAIM, given_source=source, given_holder=holder, **values) != 1:
            return None
        return self.get(source)

    def get(self, source: str) -> Poller | None:
        """Return how far a source has come; None if it was never polled."""
        return self._first(_POLLERS, _GET, given_source=source)

    def list(self) -> tuple[Poller, ...]:
        """Return all of them, by source."""
        return self._all(_POLLERS, _LIST)

    def advance(self, source: str, holder: str, cursor: JsonValue, at: datetime) -> None:
        """Move on behind a batch that is stored in the same transaction.

        Raises:
            ConflictError: this process does not hold the poller any more; nothing of the batch may be stored.
        """
        changes = {"cursor": cursor, "stored_at": at, "failures": 0, "fault": None}
        self._change_held(source, holder, changes)

    def finish(self, source: str, holder: str, *, at: datetime, due_at: datetime) -> None:
        """Say that the product has no more for now, and when it is asked again.

        Raises:
            ConflictError: this process does not hold the poller any more.
        """
        self._change_held(source, holder, {"polled_at": at, "due_at": due_at, "failures": 0, "fault": None})

    def fail(self, source: str, holder: str, fault: str, *, failures: int, due_at: datetime) -> None:
        """Say what went wrong, how often in a row by now, and when it is tried again.

        Raises:
            ConflictError: this process does not hold the poller any more.
        """
        self._change_held(source, holder, {"fault": fault, "failures": failures, "due_at": due_at})

    def release(self, source: str, holder: str) -> None:
        """Let others poll a source at once."""
        self._send(_RELEASE, given_source=source, given_holder=holder)

    def _change_held(self, source: str, holder: str, changes: dict[str, object]) -> None:
        if self._send(_HELD, given_source=source, given_holder=holder, **changes) != 1:
            raise ConflictError(f"another process polls {source}", code="poller.lost")
