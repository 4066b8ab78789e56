"""The lists that people keep, for connectors."""

from datetime import timedelta

from soar.app.calls import find_run, tell_connectors
from soar.audit.actor import describe_run
from soar.lists.service import Keeper, NewEntry, add_entry, find_entry, remove_entry
from soar.model.clock import Clock
from soar.model.ids import Ids, derive_id
from soar.model.lists import ListEntry
from soar.model.process import ActionCall
from soar.model.values import JsonValue
from soar.sdk.lists import Added
from soar.store import Store, Unit


class StoredLists:
    """The lists of the store, changed on a run's behalf; see `soar.sdk.lists.Lists`.

    Args:
        store: where lists are.
        call: the call that reads or changes them.
        clock: for the moment.
        ids: new identifiers.
    """

    def __init__(self, *, store: Store, call: ActionCall, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._call = call
        self._clock = clock
        self._ids = ids

    async def find(self, name: str, value: str) -> ListEntry | None:
        """Return the closest entry of a list that covers a value."""
        at = self._clock.now()
        with tell_connectors():
            return await self._store.read(self._call.workspace, lambda unit: find_entry(unit, name, value, at))

    async def add(self, name: str, value: str, *, key: str, note: str, lasts: timedelta | None) -> Added:
        """Put a value on a list; where it stands there already, what lasts longer stays."""
        at = self._clock.now()
        new = NewEntry(
            id=derive_id("le", self._call.workspace, key),
            list=name,
            value=value,
            note=note,
            expires_at=None if lasts is None else at + lasts,
        )

        def add(unit: Unit) -> Added:
            addition = add_entry(unit, new, keeper=self._find_keeper(unit), ids=self._ids, at=at)
            return Added(new.id, is_new=addition.is_new)

        with tell_connectors():
            return await self._store.write(self._call.workspace, add)

    async def remove(self, name: str, value: str, *, only: str | None) -> bool:
        """Take a value off a list; return whether it was there."""
        at = self._clock.now()

        def remove(unit: Unit) -> bool:
            keeper = self._find_keeper(unit)
            return remove_entry(unit, name, value, only=only, keeper=keeper, ids=self._ids, at=at)

        with tell_connectors():
            return await self._store.write(self._call.workspace, remove)

    def _find_keeper(self, unit: Unit) -> Keeper:
        run = find_run(unit, self._call)
        context: dict[str, JsonValue] = {"run": run.id, "step": self._call.step}
        return Keeper(by=f"run:{run.id}", actor=describe_run(run), context=context)
