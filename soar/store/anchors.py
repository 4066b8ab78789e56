"""How far the places have come that checkpoints are put out of our reach in."""

from typing import Any

from sqlalchemy import Executable, select

from soar.model.audit import AnchorState
from soar.store.repository import Repository
from soar.store.rows import PerDialect, Rows, given
from soar.store.tables import ANCHORS

_STATES = Rows(ANCHORS, AnchorState, key=("name",))
_TABLE = _STATES.table
_LIST = select(*(_TABLE.c[name] for name in _STATES.names)).order_by(_TABLE.c.name)
_GET = _LIST.where(_TABLE.c.name == given("name"))


def _set(insert: Any) -> Executable:  # noqa: ANN401 -- each dialect has an `insert` of its own
    statement = insert(_TABLE)
    replaced = {name: statement.excluded[name] for name in _STATES.names if name != "name"}
    upsert: Executable = statement.on_conflict_do_update(index_elements=("name",), set_=replaced)
    return upsert


_SET = PerDialect(_set)


class Anchors(Repository):
    """The anchors of the one chain; they belong to no workspace."""

    __slots__ = ()

    def get(self, name: str) -> AnchorState:
        """Return how far an anchor has come; one that is new has come nowhere."""
        row = self._connection.execute(_GET, {"given_name": name}).first()
        return AnchorState(name=name) if row is None else _STATES.load(row)

    def set(self, state: AnchorState) -> None:
        """Keep how far it has come."""
        self._connection.execute(_SET.on(self._connection), _STATES.dump(state))

    def list(self) -> tuple[AnchorState, ...]:
        """Return all of them by name, also those that are not in use any more."""
        return tuple(map(_STATES.load, self._connection.execute(_LIST)))
