"""Stored alerts given to a playbook over the API, a part at a time."""

from dataclasses import dataclass, field

from soar.app.clock import SystemClock
from soar.cli.answer import Answer
from soar.cli.client import Client
from soar.cli.moments import read_moment
from soar.cli.output import advancing
from soar.model.errors import InputError
from soar.model.run import Mode
from soar.model.values import JsonValue, print_timestamp

_PART = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What was typed.

    Attributes:
        limit: so many runs are started at most; None starts one for each alert that the playbook takes.
    """

    playbook: str
    since: str
    until: str
    mode: Mode
    limit: int | None


@dataclass(slots=True, kw_only=True)
class Filled:
    """What came of it so far.

    Attributes:
        mode: that the runs have; a playbook's own may be the more careful one.
        seen: alerts looked at.
        known: those of them that the playbook had dealt with before.
        is_whole: whether no alert of the window is left.
    """

    mode: str = ""
    seen: int = 0
    known: int = 0
    runs: list[str] = field(default_factory=list)
    is_whole: bool = False

    def count(self, part: Answer) -> None:
        """Count what came of a part."""
        self.mode = part.text("mode")
        self.seen += part.number("seen")
        self.known += part.number("known")
        self.runs += part.texts("runs")

    def to_json(self) -> JsonValue:
        """Return it as plain data."""
        return {
            "mode": self.mode,
            "seen": self.seen,
            "known": self.known,
            "runs": list(self.runs),
            "is_whole": self.is_whole,
        }


def run_backfill(client: Client, order: Order) -> Filled:
    """Give a playbook the alerts of a window, until there are none or as many runs are started as were asked for.

    What was done stays done if this is ended early: the same again passes over it.

    Raises:
        InputError: a moment is none, or the window has none in it.
    """
    now = SystemClock().now()
    since, until = read_moment("--since", order.since, now), read_moment("--until", order.until, now)
    if since >= until:
        raise InputError(f"--since {order.since} is not before --until {order.until}", code="window")
    window: dict[str, JsonValue] = {"since": print_timestamp(since), "until": print_timestamp(until)}
    filled, after = Filled(), 0
    part = _ask(client, order, window, filled, after)
    with advancing("replaying", part.number("total")) as advance:
        while True:
            filled.count(part)
            for _ in range(part.number("seen")):
                advance()
            after = part.number("after")
            filled.is_whole = not after
            if filled.is_whole or len(filled.runs) == order.limit:
                return filled
            part = _ask(client, order, window, filled, after)


def _ask(client: Client, order: Order, window: dict[str, JsonValue], filled: Filled, after: int) -> Answer:
    """Have the next alerts looked at: no more of them than runs may still be started."""
    left = _PART if order.limit is None else min(_PART, order.limit - len(filled.runs))
    body: JsonValue = {**window, "mode": order.mode.value, "after": after, "limit": left}
    return client.post("playbooks", order.playbook, "backfill", body=body)
