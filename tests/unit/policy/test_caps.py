"""What a cap covers, when it is hit, and what it is called."""

from datetime import timedelta

import pytest

from soar.model.catalog import Effect
from soar.model.freeze import FreezeKind
from soar.policy import Cap, CapOutcome, sort_caps
from tests.support.world import build_spec

HOUR = timedelta(hours=1)
LOCK = build_spec("crm.lock", Effect.WRITE)
WIPE = build_spec("crm.wipe", Effect.DESTRUCTIVE)
FIND = build_spec("crm.find")


@pytest.mark.parametrize(
    ("cap", "covered"),
    [
        (Cap(action="crm.lock", most=1, window=HOUR), {"crm.lock"}),
        (Cap(effect=Effect.WRITE, most=1, window=HOUR), {"crm.lock", "crm.wipe"}),
        (Cap(effect=Effect.DESTRUCTIVE, most=1, window=HOUR), {"crm.wipe"}),
        (Cap(connection="corp", most=1, window=HOUR), {"crm.lock", "crm.wipe"}),
        (Cap(connection="other", most=1, window=HOUR), set()),
        (Cap(action="crm.find", most=0, window=HOUR), set()),
    ],
)
def test_a_cap_covers_what_it_names_and_never_a_read(cap: Cap, covered: set[str]) -> None:
    assert {spec.full_name for spec in (LOCK, WIPE, FIND) if cap.covers(spec, "corp")} == covered


@pytest.mark.parametrize(
    ("size", "counted", "is_hit"),
    [(1, 0, False), (1, 9, False), (1, 10, True), (5, 5, False), (6, 0, True), (5, 6, True)],
)
def test_a_cap_is_hit_by_the_first_write_beyond_it(size: int, counted: int, *, is_hit: bool) -> None:
    assert Cap(action="crm.lock", most=10, window=HOUR, most_items=5).is_hit(size, counted) is is_hit


def test_a_cap_says_what_it_limits_and_what_it_freezes() -> None:
    both = Cap(action="crm.lock", connection="corp", most=20, window=HOUR, most_items=5)
    assert both.name == ("at most 20 targets of crm.lock over corp in 1h, 5 targets of crm.lock over corp at once")
    assert both.frozen == (FreezeKind.ACTION, "crm.lock")
    assert Cap(connection="corp", most_items=5).frozen == (FreezeKind.CONNECTION, "corp")
    destructive = Cap(effect=Effect.DESTRUCTIVE, most_items=5)
    assert (destructive.name, destructive.frozen) == (
        "at most 5 targets of destructive writes at once",
        (FreezeKind.EVERYTHING, ""),
    )


def test_the_gravest_cap_comes_first() -> None:
    caps = [Cap(action="crm.lock", most_items=1, outcome=outcome) for outcome in CapOutcome]
    assert [cap.outcome.value for cap in sort_caps(caps)] == ["freeze", "refuse", "ask"]
