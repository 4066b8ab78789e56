"""Writes that were begun, as caps count them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from soar.model.catalog import Effect

LONGEST_LOOK_BACK = timedelta(days=90)
"""How far back anything may ask for writes that nobody was asked about; older ones are removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One write that a run has begun, however often it was tried.

    Attributes:
        run: id of the run.
        step: path of the step in it, with `#index` inside a `foreach`.
        action: `connector.action`.
        effect: never `read`.
        targets: what it acts on, in words.
        size: how many targets it has; one if none is known.
        was_asked: whether people had said yes to it.
        at: when its first attempt began.
    """

    run: str
    step: str
    action: str
    connection: str
    effect: Effect
    targets: tuple[str, ...]
    size: int
    was_asked: bool
    at: datetime
