"""What is frozen."""

from sqlalchemy import delete

from soar.model.freeze import Freeze
from soar.store.known import KnowingRepository
from soar.store.policy_tables import FREEZES
from soar.store.rows import Rows

_FREEZES = Rows(FREEZES, Freeze)
_GET = _FREEZES.where("id")
_LIST = _FREEZES.where().order_by(_FREEZES.table.c.position)
_CHANGE = _FREEZES.change()
_REMOVE = delete(_FREEZES.table).where(*_FREEZES.match("id"))


class Freezes(KnowingRepository):
    """What is frozen in a workspace; what was lifted is in the audit alone."""

    __slots__ = ()

    def add(self, freeze: Freeze) -> None:
        """Add a freeze.

        Raises:
            ConflictError: the same is frozen already.
        """
        self._known.forget()
        self._add(_FREEZES, freeze, f"{freeze.id} is frozen already")

    def get(self, freeze: str) -> Freeze | None:
        """Return the freeze with this id."""
        return self._first(_FREEZES, _GET, given_id=freeze)

    def list(self) -> tuple[Freeze, ...]:
        """Return all of them, the oldest first; there are few."""
        return self._known.find(("freezes", self._workspace), lambda: self._all(_FREEZES, _LIST))

    def find(self, action: str, connection: str) -> Freeze | None:
        """Return what stops a write of this action over this connection, the oldest if there is more than one."""
        return next((freeze for freeze in self.list() if freeze.covers(action, connection)), None)

    def update(self, freeze: Freeze) -> None:
        """Replace the freeze with this id.

        Raises:
            NotFoundError: there is none.
        """
        self._known.forget()
        self._replace(_FREEZES, _CHANGE, freeze)

    def remove(self, freeze: str) -> None:
        """Let go on what was frozen."""
        self._known.forget()
        self._send(_REMOVE, given_id=freeze)
