"""The way in for alerts of our own, for connectors."""

from soar.app.calls import find_run, tell_connectors
from soar.ingest.receive import Receiver
from soar.model.alert import Raised, RaisedAlert
from soar.model.process import ActionCall
from soar.store import Store


class OwnAlerts:
    """Raises alerts on a run's behalf; see `soar.sdk.alerts.Alerts`.

    Args:
        store: where the run is.
        call: the call that raises.
        receiver: takes alerts in.
    """

    def __init__(self, *, store: Store, call: ActionCall, receiver: Receiver) -> None:
        self._store = store
        self._call = call
        self._receiver = receiver

    async def raise_alert(self, raised: RaisedAlert, key: str) -> Raised:
        """Store an alert of the source `soar` and start what takes it."""
        with tell_connectors():
            run = await self._store.read(self._call.workspace, lambda unit: find_run(unit, self._call))
            return await self._receiver.raise_alert(run, self._call.step, raised, key)
