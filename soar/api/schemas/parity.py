"""What a playbook would have done in shadow beside what was done."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from soar.api.schemas.base import Incoming, fields_of
from soar.model.deed import LONGEST_LOOK_BACK
from soar.model.run import Run
from soar.rehearsal.parity import Act, Observed, Parity


class ParityQuery(Incoming):
    """How far back, and how far apart the same change may have been made, both in hours."""

    hours: Annotated[int, Field(ge=1, le=LONGEST_LOOK_BACK // timedelta(hours=1))] = 720
    window_hours: Annotated[int, Field(ge=1, le=720)] = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class TallyView:
    """How often both agree about an action."""

    action: str
    agreed: int
    only_shadow: int
    only_people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ActView:
    """A change, made or not; `run` is of `playbook` and was started by `initiator`."""

    action: str
    target: str
    at: datetime
    run: str
    playbook: str
    initiator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PairView:
    """A change that would have been made, and the same one that was made nearest to it."""

    shadow: ActView
    made: ActView


@dataclass(frozen=True, slots=True, kw_only=True)
class ParityView:
    """Counts by action, and the newest examples of each kind.

    `since` is when the first of the `runs` in shadow mode began; nothing from before it is compared. Only the newest
    were read if it is not complete.
    """

    playbook: str
    since: datetime | None
    runs: int
    actions: tuple[str, ...]
    is_complete: bool
    tallies: tuple[TallyView, ...]
    agreed: tuple[PairView, ...]
    only_shadow: tuple[ActView, ...]
    only_people: tuple[ActView, ...]


def list_shown_runs(parity: Parity) -> frozenset[str]:
    """Return the ids of the runs that examples are from."""
    pairs = {act.run for pair in parity.agreed for act in (pair.shadow, pair.made)}
    return frozenset(pairs | {act.run for act in (*parity.only_shadow, *parity.only_people)})


def view_parity(playbook: str, observed: Observed, parity: Parity, runs: dict[str, Run]) -> ParityView:
    """Return what was compared as it is shown.

    Args:
        playbook: its id.
        observed: what both did.
        parity: what came of it.
        runs: those that examples are from, by id.
    """

    def show(act: Act) -> ActView:
        run = runs.get(act.run)
        return ActView(
            action=act.action,
            target=act.target,
            at=act.at,
            run=act.run,
            playbook=run.playbook if run else "",
            initiator=run.initiator if run else "",
        )

    return ParityView(
        playbook=playbook,
        since=observed.since,
        runs=observed.runs,
        actions=tuple(sorted(observed.actions)),
        is_complete=observed.is_complete,
        tallies=tuple(TallyView(**fields_of(tally)) for tally in parity.tallies),
        agreed=tuple(PairView(shadow=show(pair.shadow), made=show(pair.made)) for pair in parity.agreed),
        only_shadow=tuple(map(show, parity.only_shadow)),
        only_people=tuple(map(show, parity.only_people)),
    )
