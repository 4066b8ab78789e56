"""Stored alerts taken through a playbook revision, and through another one beside it."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial

from soar.expr import ExpressionError
from soar.ingest.inputs import bind_inputs
from soar.ingest.match import match_alert
from soar.ingest.request import find_dedupe_key
from soar.model.alert import Alert
from soar.model.errors import InputError
from soar.model.playbook import OnDuplicate
from soar.rehearsal.assumptions import Answers, Assumptions, Decide
from soar.rehearsal.difference import Comparison, Difference
from soar.rehearsal.history import Historian, History
from soar.rehearsal.outcome import Ending, Outcome
from soar.rehearsal.passage import Candidate, Products, pass_alert
from soar.rehearsal.stage import Site
from soar.rehearsal.tally import Report, Tally
from soar.store.archive import Archive

_PAGE = 100

Recall = Callable[[], History]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which alerts are taken: those received from `since` on and before `until`, at most `limit`, oldest first."""

    since: datetime
    until: datetime
    limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtested:
    """What a backtest found.

    Attributes:
        report: of the revision in question.
        against: of the other one, if there is one.
        difference: what would change from the other one to the one in question.
    """

    report: Report
    against: Report | None = None
    difference: Difference | None = None


class Trial:
    """One revision while alerts are taken through it, oldest first; it knows what it would have deduplicated.

    Args:
        candidate: the revision.
        site: connectors, policy and settings.
        products: what stands behind the connectors.
        decide: what people do.
    """

    def __init__(self, candidate: Candidate, site: Site, products: Products, decide: Decide) -> None:
        self._candidate = candidate
        self._site = site
        self._products = products
        self._decide = decide
        self._keys: OrderedDict[str, datetime] = OrderedDict()

    def take(self, alert: Alert, recall: Recall) -> Outcome:
        """Return what would come of an alert. Whatever goes wrong is an outcome too, and stops no other alert.

        Args:
            alert: received no earlier than those before it.
            recall: returns the alert's history; called if it is needed.
        """
        try:
            return self._take(alert, recall)
        except Exception as error:  # noqa: BLE001 -- the fault of one alert must not hide what comes of the others
            return Outcome(ending=Ending.BROKEN, reason=f"{type(error).__name__}: {error}")

    def _take(self, alert: Alert, recall: Recall) -> Outcome:
        now, playbook, config = alert.received_at, self._candidate.playbook, self._site.config
        if not any(verdict.is_match for verdict in match_alert(alert, [playbook], config=config, now=now)):
            return Outcome(ending=Ending.UNMATCHED)
        try:
            inputs = bind_inputs(playbook, alert=alert.to_value(), given=None, config=config, now=now)
            key = find_dedupe_key(playbook, inputs, alert, config=config, now=now)
        except InputError as error:
            return Outcome(ending=Ending.REJECTED, reason=error.message)
        except ExpressionError as error:
            return Outcome(ending=Ending.REJECTED, reason=str(error))
        duplicate = self._find_duplicate(key, now)
        if duplicate is not None:
            return duplicate
        outcome = pass_alert(alert, self._candidate, self._site, self._products, recall(), self._decide)
        if key is not None and outcome.ending.has_run:
            self._keys[key] = now
        return outcome

    def _find_duplicate(self, key: str | None, now: datetime) -> Outcome | None:
        """Return what becomes of an alert like one before it; keys whose window is over are forgotten."""
        dedupe = self._candidate.playbook.dedupe
        if dedupe is None or key is None or dedupe.on_duplicate is OnDuplicate.RUN:
            return None
        while self._keys and next(iter(self._keys.values())) < now - dedupe.window:
            self._keys.popitem(last=False)
        if key not in self._keys:
            return None
        return Outcome(ending=Ending.DROPPED if dedupe.on_duplicate is OnDuplicate.DROP else Ending.ATTACHED)


class Backtest:
    """A revision tried on stored alerts, and another one beside it. Blocks.

    Args:
        archive: where the alerts are; nothing is written to it.
        workspace: whose.
        assumptions: what is taken for granted.
        trial: the revision in question.
        against: the other one, if there is one.
    """

    def __init__(
        self,
        archive: Archive,
        workspace: str,
        assumptions: Assumptions,
        trial: Trial,
        against: Trial | None = None,
    ) -> None:
        self._archive = archive
        self._workspace = workspace
        self._assumptions = assumptions
        self._trial = trial
        self._against = against
        self._historian = Historian()

    def count(self, window: Window) -> int:
        """Return how many alerts will be taken."""
        number = self._archive.read(self._workspace, lambda unit: unit.alerts.count_within(window.since, window.until))
        return number if window.limit is None else min(number, window.limit)

    def run(self, window: Window, advance: Callable[[], None]) -> Backtested:
        """Take every alert of a window through both revisions.

        Args:
            window: which alerts.
            advance: called after each of them.
        """
        tally, other, comparison = Tally(), Tally(), Comparison()
        for alert in self._list_alerts(window):
            recall = cache(partial(self._recall, alert))
            outcome = self._trial.take(alert, recall)
            tally.add(alert.id, outcome)
            if self._against is not None:
                before = self._against.take(alert, recall)
                other.add(alert.id, before)
                comparison.add(alert.id, before, outcome)
            advance()
        if self._against is None:
            return Backtested(report=tally.report())
        return Backtested(report=tally.report(), against=other.report(), difference=comparison.report())

    def _list_alerts(self, window: Window) -> Iterator[Alert]:
        """Yield the window's alerts, of which one page at a time is in memory."""
        left, position = self.count(window), 0
        while left > 0 and (page := self._read_page(window, position, min(_PAGE, left))):
            yield from (alert for _, alert in page)
            left, position = left - len(page), page[-1][0]

    def _read_page(self, window: Window, after: int, limit: int) -> tuple[tuple[int, Alert], ...]:
        return self._archive.read(
            self._workspace, lambda unit: unit.alerts.list_within(window.since, window.until, limit, after)
        )

    def _recall(self, alert: Alert) -> History:
        has_answers = self._assumptions.answers is Answers.RECORDED
        has_decisions = self._assumptions.decide is Decide.RECORDED
        if not (has_answers or has_decisions):
            return History()
        whole = self._archive.read(self._workspace, lambda unit: self._historian.recall(unit, alert.id))
        return History(calls=whole.calls if has_answers else (), decisions=whole.decisions if has_decisions else ())
