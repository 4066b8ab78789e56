"""What a playbook would have done in shadow beside what was done: where both agree, and where only one acted."""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from soar.engine.action import targets_of
from soar.engine.replay import fold
from soar.model.catalog import ActionSpec, Catalog, Effect
from soar.model.deed import Deed
from soar.model.run import Mode, Run, StepRecord, StepStatus
from soar.model.step import UNDO_ACTION, Step, UseAction
from soar.playbook.references import list_all_steps
from soar.rehearsal.history import Historian
from soar.store import Unit

_BATCH = 500
_SHOWN = 5  # examples of each kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A change of one target: one that was made, or one that a shadow run would have made.

    Attributes:
        target: in words; empty for an action that names none.
        run: id of the run.
        at: when the call began, or would have.
    """

    action: str
    target: str
    run: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A change that would have been made, and the same one that was made nearest to it."""

    shadow: Act
    made: Act


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How often both agree about an action.

    Attributes:
        agreed: changes that shadow would have made and that were made as well.
        only_shadow: those that nobody made.
        only_people: changes that were made and that shadow would not have made.
    """

    action: str
    agreed: int
    only_shadow: int
    only_people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """What came of holding both against each other; of each kind the newest few stand as examples."""

    tallies: tuple[Tally, ...]
    agreed: tuple[Pair, ...]
    only_shadow: tuple[Act, ...]
    only_people: tuple[Act, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What both did.

    Attributes:
        runs: how many shadow runs there were.
        since: when the first of them began; None if there is none.
        actions: what they would have called.
        is_complete: whether nothing was left out for being too much.
    """

    runs: int
    since: datetime | None
    actions: frozenset[str]
    shadow: tuple[Act, ...]
    made: tuple[Act, ...]
    is_complete: bool


def compare(shadow: Iterable[Act], made: Iterable[Act], window: timedelta) -> Parity:
    """Hold what would have been done against what was done: the same action on the same target within the window."""
    wanted, done = _sort(shadow), _sort(made)
    agreed, only_shadow, only_people = [], [], []
    for key in sorted(wanted.keys() | done.keys()):
        for act in wanted.get(key, ()):
            nearest = _find_nearest(act, done.get(key, ()), window)
            if nearest is None:
                only_shadow.append(act)
            else:
                agreed.append(Pair(shadow=act, made=nearest))
        others = wanted.get(key, ())
        only_people += [act for act in done.get(key, ()) if _find_nearest(act, others, window) is None]
    return Parity(
        tallies=tuple(_count([pair.shadow for pair in agreed], only_shadow, only_people)),
        agreed=tuple(sorted(agreed, key=lambda pair: pair.shadow.at, reverse=True)[:_SHOWN]),
        only_shadow=_show(only_shadow),
        only_people=_show(only_people),
    )


def observe(unit: Unit, playbook: str, catalog: Catalog, since: datetime, most: int) -> Observed:
    """Return what a playbook's shadow runs would have done since a moment, and what was done with the same actions.

    What was done before the first of these runs began is left out: nobody compared then.

    Args:
        unit: the transaction.
        playbook: its id.
        catalog: tells which actions change something, and on what.
        since: runs that began before it are left out.
        most: runs that are read, and writes.
    """
    runs, has_all_runs = _list_runs(unit, playbook, since, most)
    historian = Historian()
    shadow = [act for run in runs for act in _list_intended(unit, historian, run, catalog)]
    began = min((run.created_at for run in runs), default=None)
    actions = frozenset(act.action for act in shadow) | _name_changes(unit, historian, runs, catalog)
    made, has_all_deeds = _list_made(unit, actions, began, most) if began is not None else ([], True)
    return Observed(
        runs=len(runs),
        since=began,
        actions=actions,
        shadow=tuple(shadow),
        made=tuple(made),
        is_complete=has_all_runs and has_all_deeds,
    )


def _sort(acts: Iterable[Act]) -> Mapping[tuple[str, str], Sequence[Act]]:
    found: dict[tuple[str, str], list[Act]] = {}
    for act in sorted(acts, key=lambda each: (each.at, each.run)):
        found.setdefault((act.action, act.target), []).append(act)
    return found


def _find_nearest(act: Act, others: Sequence[Act], window: timedelta) -> Act | None:
    """Return which of the others, which come in the order of their moments, is nearest; None if none is near enough."""
    place = bisect_left(others, act.at, key=lambda each: each.at)
    near = [other for other in others[max(place - 1, 0) : place + 1] if abs(other.at - act.at) <= window]
    return min(near, key=lambda other: abs(other.at - act.at), default=None)


def _count(agreed: Iterable[Act], only_shadow: Iterable[Act], only_people: Iterable[Act]) -> Iterator[Tally]:
    kinds = [[act.action for act in acts] for acts in (agreed, only_shadow, only_people)]
    for action in sorted({name for names in kinds for name in names}):
        both, shadow, people = (names.count(action) for names in kinds)
        yield Tally(action=action, agreed=both, only_shadow=shadow, only_people=people)


def _show(acts: Iterable[Act]) -> tuple[Act, ...]:
    return tuple(sorted(acts, key=lambda act: act.at, reverse=True)[:_SHOWN])


def _list_runs(unit: Unit, playbook: str, since: datetime, most: int) -> tuple[list[Run], bool]:
    """Return a playbook's shadow runs since a moment, and whether these are all."""
    found: list[Run] = []
    cursor: str | None = None
    for _ in range(0, most, _BATCH):
        page = unit.runs.list(_BATCH, cursor, playbook=playbook)
        found += [run for run in page.items if run.mode is Mode.SHADOW and run.created_at >= since]
        cursor = page.next
        if cursor is None or page.items[-1].created_at < since:
            return found, True
    return found, False


def _list_intended(unit: Unit, historian: Historian, run: Run, catalog: Catalog) -> Iterator[Act]:
    """Yield what a shadow run would have changed."""
    program = historian.find_program(unit, run)
    if program is None:
        return
    for record in fold(unit.journal.load(run.id)).records.values():
        action = _find_change(program.step(record.path), catalog)
        if action is not None and _is_intended(record):
            for target in targets_of(action, record.arguments) or ("",):
                at = record.started_at or run.created_at
                yield Act(action=action.full_name, target=target, run=run.id, at=at)


def _find_change(step: Step, catalog: Catalog) -> ActionSpec | None:
    """Return the action by which a step changes something itself; what it takes back is no change of its own."""
    if not isinstance(step.body, UseAction) or step.body.action == UNDO_ACTION:
        return None
    action = catalog.find_action(step.body.action)
    return None if action is None or action.effect is Effect.READ else action


def _is_intended(record: StepRecord) -> bool:
    """Whether a step of a shadow run came to its call; the record that stands for a whole list has no arguments."""
    return record.status is StepStatus.SUCCEEDED and record.attempt == 0 and record.arguments is not None


def _name_changes(unit: Unit, historian: Historian, runs: Iterable[Run], catalog: Catalog) -> frozenset[str]:
    """Return the actions by which these runs' revisions can change something."""
    found: set[str] = set()
    for run in {run.revision: run for run in runs}.values():
        program = historian.find_program(unit, run)
        for step in list_all_steps(program.playbook) if program else ():
            action = _find_change(step, catalog)
            if action is not None:
                found.add(action.full_name)
    return frozenset(found)


def _list_made(unit: Unit, actions: Collection[str], since: datetime, most: int) -> tuple[list[Act], bool]:
    """Return what was done with these actions since a moment, and whether that is all."""
    found: list[Act] = []
    cursor: str | None = None
    for _ in range(0, most, _BATCH):
        page = unit.deeds.list(since, _BATCH, cursor)
        found += [act for deed in page.items if deed.action in actions for act in _split(deed)]
        cursor = page.next
        if cursor is None:
            return found, True
    return found, False


def _split(deed: Deed) -> Iterator[Act]:
    for target in deed.targets or ("",):
        yield Act(action=deed.action, target=target, run=deed.run, at=deed.at)
