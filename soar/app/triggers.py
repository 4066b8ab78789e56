"""What starts playbooks without anybody asking: their schedules, and the service's own events."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from soar.ingest.event import EventStarts, list_event_triggers
from soar.ingest.schedule import arrange_schedules, list_schedules
from soar.ingest.silence import arrange_silences
from soar.ingest.source import Source
from soar.model.clock import Clock
from soar.model.event import EventType, Happening
from soar.model.playbook import Playbook, ScheduleTrigger
from soar.runtime.courier import Starter
from soar.store import Store, Unit


class Triggers:
    """Keeps the store's schedules and event triggers those of the serving playbooks.

    Args:
        store: where they are.
        workspace: that the playbooks belong to.
        clock: for the moments that schedules count from.
        sources: those that are to be heard of are watched over.
    """

    def __init__(self, *, store: Store, workspace: str, clock: Clock, sources: Collection[Source] = ()) -> None:
        self._store = store
        self._workspace = workspace
        self._clock = clock
        self._sources = sources
        self._arranged: tuple[dict[str, ScheduleTrigger], list[tuple[EventType, str]]] | None = None

    async def arrange(self, playbooks: Mapping[str, Playbook]) -> bool:
        """Bring the store up to date if the playbooks' triggers are others than the last time; return whether they are.

        Raises:
            UnavailableError: the store takes nothing now; the next time tries again.
        """
        serving, now = list(playbooks.values()), self._clock.now()
        wanted = list_schedules(serving), list_event_triggers(serving)
        if wanted == self._arranged:
            return False

        def write(unit: Unit) -> None:
            arrange_schedules(unit, serving, now)
            arrange_silences(unit, self._sources, now)
            unit.happenings.set_triggers(wanted[1])

        await self._store.write(self._workspace, write)
        self._arranged = wanted
        return True


def make_starter(playbooks: Callable[[], Mapping[str, Playbook]], starts: EventStarts) -> Starter:
    """Return what starts the playbooks that the service's own events start.

    Args:
        playbooks: gives those that serve now, by id.
        starts: starts them.
    """

    def start(unit: Unit, happening: Happening, now: datetime) -> tuple[str, ...]:
        return starts.start(unit, playbooks().values(), happening, now)

    return start
