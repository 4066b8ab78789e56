"""What a connector may report as an alert of our own."""

from typing import Protocol

from soar.model.alert import Raised, RaisedAlert


class Alerts(Protocol):
    """The way in for alerts that runs raise themselves."""

    async def raise_alert(self, raised: RaisedAlert, key: str) -> Raised:
        """Store an alert of the source `soar` and start what takes it.

        Args:
            raised: what to report.
            key: a second alert with the same key is not stored; the first one's id is returned.

        Raises:
            PermanentError: alerts have raised alerts too often in a row (conflict).
        """
        ...
