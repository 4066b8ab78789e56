"""The products of a backtest: what is on record answers, else the connector's simulator; nothing is sent anywhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Never

from soar.engine.commands import StartRun
from soar.model.catalog import Catalog, Connection
from soar.model.errors import SoarError
from soar.model.ids import derive_id
from soar.model.network import EgressRequest
from soar.model.process import ActionAnswer, ActionCall, ActionHost
from soar.model.run import Run
from soar.model.secret import BoundSecret, Secret
from soar.registry.host import InProcessHost, Surroundings
from soar.registry.load import LoadedConnector
from soar.rehearsal.callee import describe_playbook_call
from soar.rehearsal.clock import VirtualClock
from soar.rehearsal.history import History
from soar.sdk.errors import EgressRefusedError
from soar.sdk.simulation import Ledger, MemoryLedger
from soar.store import Unit


class Origin(StrEnum):
    """Where an answer came from."""

    RECORDED = "recorded"
    SIMULATED = "simulated"


class UnansweredError(SoarError):
    """A backtest met a call whose answer nobody knows."""

    default_code = "unanswered"


@dataclass(frozen=True, slots=True)
class Answered:
    """A call of a backtest; `origin` is None if nobody knew the answer."""

    call: ActionCall
    origin: Origin | None


class ClosedEgress:
    """An `Egress` that nothing gets through."""

    async def send(self, request: EgressRequest) -> Never:
        """Refuse.

        Raises:
            EgressRefusedError: always.
        """
        raise EgressRefusedError(f"a backtest sends nothing: {request.method} was refused")

    async def close(self) -> None:
        """Nothing is held open."""


class _QuietMessages:
    """The built-in chat where nobody reads."""

    def __init__(self, workspace: str) -> None:
        self._workspace = workspace

    async def post(self, channel: str, text: str, key: str) -> str:  # noqa: ARG002 -- what is said is among the calls
        return derive_id("msg", self._workspace, key)

    async def open_channel(self, channel: str, invited: Sequence[str], key: str) -> None:
        """Nobody is invited."""


class _Nothing:
    """What only the service itself has. The connectors that use it have no simulators, so no call gets here."""

    def __getattr__(self, name: str) -> Never:
        raise UnansweredError(f"a backtest has nothing to {name}")


def _have_none(_call: ActionCall) -> Any:  # noqa: ANN401 -- stands for every protocol of the service's own
    return _Nothing()


class AnsweringHost:
    """An `ActionHost` that answers from a history or from simulators, and remembers what was called.

    Unlike other hosts it raises where there is no answer: that ends the run at once, so that nothing further is decided
    on a guess.

    Args:
        history: of the alert; empty where everything is to be simulated.
        simulators: makes simulated calls.
        catalog: the installed connectors.
        start: when the run begins.
    """

    def __init__(self, history: History, simulators: ActionHost, catalog: Catalog, start: datetime) -> None:
        self._history = history
        self._simulators = simulators
        self._catalog = catalog
        self._start = start
        self._clock = VirtualClock(start)
        self.answered: list[Answered] = []

    @property
    def passed(self) -> timedelta:
        """How much time has passed since the run began."""
        return self._clock.now() - self._start

    async def call(self, call: ActionCall) -> ActionAnswer:
        """Answer.

        Raises:
            UnansweredError: no stored run made this call, and its connector has no simulator.
        """
        recorded = self._history.find_answer(call.action, call.arguments, self.passed)
        if recorded is not None:
            self.answered.append(Answered(call, Origin.RECORDED))
            return recorded
        connector = self._catalog.connectors[call.action.partition(".")[0]]
        if not connector.has_simulator:
            self.answered.append(Answered(call, None))
            raise UnansweredError(f"nobody knows what {call.action} would have answered")
        self.answered.append(Answered(call, Origin.SIMULATED))
        return await self._simulators.call(call)

    def call_playbook(self, unit: Unit, command: StartRun, parent: Run, _at: datetime) -> None:
        """Answer for a playbook that a step calls.

        Raises:
            UnansweredError: always; it is not backtested with its caller.
        """
        self.answered.append(Answered(describe_playbook_call(unit, command, parent), None))
        raise UnansweredError(f"nobody knows what {command.call.action} would have come to")


def simulate(
    connectors: Mapping[str, LoadedConnector], connections: Mapping[str, Connection], start: datetime
) -> InProcessHost:
    """Return a host whose every call ends at a simulator, each with a ledger of its own that is kept nowhere.

    Args:
        connectors: loaded, by id.
        connections: by id; all of them are simulated, whatever they say.
        start: the moment at which the virtual loop's time begins.
    """
    ledgers: dict[str, Ledger] = {}

    def find_connection(_workspace: str, name: str) -> Connection | None:
        found = connections.get(name)
        return replace(found, simulate=True, credentials={}) if found else None

    async def resolve(_workspace: str, name: str) -> BoundSecret:
        return BoundSecret(secret=Secret(f"simulated-{name}"))

    async def keep(_workspace: str, _name: str, _value: Secret, _former: BoundSecret) -> None:
        """Keep nothing: nothing is exchanged where nothing leaves."""

    return InProcessHost(
        connectors,
        Surroundings(
            find_connection=find_connection,
            resolve=resolve,
            keep=keep,
            open_ledger=lambda _, connection: ledgers.setdefault(connection, MemoryLedger()),
            open_messages=lambda call: _QuietMessages(call.workspace),
            open_lists=_have_none,
            open_alerts=_have_none,
            egress=ClosedEgress(),
            clock=VirtualClock(start),
        ),
    )
