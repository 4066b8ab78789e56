"""Stored alerts given to a playbook that was not there, or was another one, when they came."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from soar.ingest.match import match_alert
from soar.ingest.request import CAUTION, Requester, RunRequests
from soar.model.alert import Alert, Relation
from soar.model.playbook import Playbook
from soar.model.run import Mode
from soar.model.values import Value
from soar.store import Unit

MOST_AT_ONCE = 100
"""Alerts that are looked at in one transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Which alerts.

    Attributes:
        since: the first moment of their receipt.
        until: the moment after the last.
        after: the position that it goes on behind; 0 begins it.
        limit: how many are looked at.
    """

    since: datetime
    until: datetime
    after: int
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What came of a stretch.

    Attributes:
        seen: alerts looked at.
        known: those that the playbook had dealt with before, which are passed over.
        runs: ids of the runs that were started.
        after: where the next stretch begins; None if this was the last.
    """

    seen: int
    known: int
    runs: tuple[str, ...]
    after: int | None


class Backfill:
    """Gives stored alerts to one playbook, a stretch at a time.

    What the playbook has dealt with before, in whatever way, is passed over, and so is what a rule had suppressed. So
    doing the same again goes on where it ended.

    Args:
        requests: requests runs.
        requester: on whose behalf.
        may_see: whether the requester may see an alert.
        config: the server's open settings.
    """

    def __init__(
        self,
        *,
        requests: RunRequests,
        requester: Requester,
        may_see: Callable[[Alert], bool],
        config: Mapping[str, Value],
    ) -> None:
        self._requests = requests
        self._requester = requester
        self._may_see = may_see
        self._config = config

    def fill(self, unit: Unit, playbook: Playbook, stretch: Stretch, now: datetime) -> Batch:
        """Start the playbook for each alert of a stretch that its `match` takes.

        Args:
            unit: the transaction.
            playbook: as `prepare` returns it.
            stretch: which alerts.
            now: the moment.
        """
        found = unit.alerts.list_within(stretch.since, stretch.until, stretch.limit, stretch.after)
        seen, known, runs = 0, 0, []
        for _, alert in found:
            if alert.suppressed_by is not None or not self._may_see(alert):
                continue
            seen += 1
            if any(match.playbook == playbook.id for match in unit.alerts.matches(alert.id)):
                known += 1
            elif any(verdict.is_match for verdict in match_alert(alert, [playbook], config=self._config, now=now)):
                match = self._requests.request_for_alert(unit, playbook, alert, self._requester, now)
                runs += [match.run] if match.relation is Relation.STARTED and match.run else []
        after = found[-1][0] if len(found) == stretch.limit else None
        return Batch(seen=seen, known=known, runs=tuple(runs), after=after)


def prepare(playbook: Playbook, mode: Mode) -> Playbook:
    """Return a playbook in the more careful of its own mode and this one.

    In shadow each alert gets a run of its own, without key, queue or case: what only looks must not stand in the way of
    an alert that comes meanwhile.
    """
    chosen = max(playbook.mode, mode, key=CAUTION.index)
    if chosen is not Mode.SHADOW:
        return replace(playbook, mode=chosen)
    return replace(playbook, mode=chosen, dedupe=None, concurrency=None, case=None)
