"""What is going on now."""

from dataclasses import dataclass

from soar.api.schemas.approvals import ApprovalView
from soar.api.schemas.emergency import OpeningView
from soar.api.schemas.policy import FreezeView
from soar.api.schemas.responses import ResponseView
from soar.api.schemas.runs import RunView


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Alerts of the last 24 hours, runs that are open, and questions that wait; each is counted up to 200."""

    alerts: int
    runs: int
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstAlertView:
    """Two ways to send the example alert."""

    curl: str
    cli: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NowView:
    """What needs somebody, and what is under way, at most five of each; `first_alert` is null once there was one.

    `emergencies` are the hours of emergency access that are open or that nobody has reviewed, and `freezes` is
    what is frozen, all of them.
    """

    waiting_for_me: tuple[ApprovalView, ...]
    waiting_for_others: int
    running: tuple[RunView, ...]
    broke: tuple[RunView, ...]
    responses_ending: tuple[ResponseView, ...]
    counts: Counts
    first_alert: FirstAlertView | None
    emergencies: tuple[OpeningView, ...]
    freezes: tuple[FreezeView, ...]
