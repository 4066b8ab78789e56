"""Circuit breakers of the hosts that connections call."""

from soar.model.breaker import Breaker
from soar.store.repository import Repository
from soar.store.rows import Rows
from soar.store.tables import BREAKERS

_BREAKERS = Rows(BREAKERS, Breaker, key=("connection", "host"))
_SET = _BREAKERS.upsert()
_LIST = _BREAKERS.where().order_by(_BREAKERS.table.c.connection, _BREAKERS.table.c.host)


class Breakers(Repository):
    """The breakers of the hosts that a workspace's connections call, as each last opened or closed."""

    __slots__ = ()

    def set(self, breaker: Breaker) -> None:
        """Keep a breaker in the place of what was kept for its host."""
        self._connection.execute(_SET.on(self._connection), {"workspace": self._workspace, **_BREAKERS.dump(breaker)})

    def list(self) -> tuple[Breaker, ...]:
        """Return all of them, by connection and host."""
        return self._all(_BREAKERS, _LIST)
