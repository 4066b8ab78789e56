"""Who goes next, without anybody waiting for real."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soar.model.alert import Severity
from soar.model.standing import Standing, find_source
from soar.runtime.lanes import Lanes

LOW, CRITICAL = Standing(severity=Severity.LOW, playbook="a"), Standing(severity=Severity.CRITICAL, playbook="b")


def take_all(lanes: Lanes[str]) -> list[str]:
    """Give one place away again and again, each given back at once."""
    taken = []
    while (key := lanes.take()) is not None:
        taken.append(key)
        lanes.leave(key)
    return taken


def test_the_most_severe_go_first_however_many_wait() -> None:
    lanes: Lanes[str] = Lanes(limit=1)
    for number in range(10_000):
        lanes.add(f"low-{number}", LOW)
    lanes.add("critical", CRITICAL)
    assert lanes.take() == "critical"


@given(
    st.lists(
        st.tuples(st.sampled_from(Severity), st.sampled_from("st"), st.sampled_from(["", "a", "b"]), st.integers(0, 3)),
        max_size=40,
    )
)
def test_a_place_at_once_is_the_one_that_a_line_of_one_would_have_led_to(
    comers: list[tuple[Severity, str, str, int]],
) -> None:
    quick: Lanes[int] = Lanes(limit=6, cap=4, reserve=1, spare=2)
    plain: Lanes[int] = Lanes(limit=6, cap=4, reserve=1, spare=2)
    held: list[int] = []
    for key, (severity, source, playbook, leaving) in enumerate(comers):
        standing = Standing(severity=severity, source=source, playbook=playbook)
        plain.add(key, standing)
        if quick.place(key, standing):
            assert plain.take() == key
            held.append(key)
        else:
            quick.add(key, standing)
        for gone in held[:leaving]:
            quick.leave(gone)
            plain.leave(gone)
        held = held[leaving:]
        while (taken := quick.take()) is not None:
            assert plain.take() == taken
            held.append(taken)
        assert plain.take() is None
        assert (quick.waiting, quick.holding) == (plain.waiting, plain.holding)


def test_nobody_is_placed_past_those_who_wait() -> None:
    lanes: Lanes[str] = Lanes(limit=1)
    lanes.add("first", LOW)
    assert not lanes.place("second", CRITICAL)
    assert lanes.take() == "first"
    assert not lanes.place("second", CRITICAL)
    lanes.leave("first")
    assert lanes.place("second", CRITICAL)


def test_a_milder_lane_never_starves() -> None:
    lanes: Lanes[str] = Lanes(limit=1)
    for number in range(1000):
        for severity in Severity:
            lanes.add(f"{severity}-{number}", Standing(severity=severity))
    first = take_all(lanes)[:320]
    shares = Counter(key.partition("-")[0] for key in first)
    assert shares == {"critical": 290, "high": 10, "medium": 10, "low": 10}


def test_within_a_lane_sources_take_turns_and_within_them_playbooks() -> None:
    lanes: Lanes[str] = Lanes(limit=1)
    for number in range(4):
        lanes.add(f"flood-a{number}", Standing(source="source:flood", playbook="a"))
    lanes.add("flood-b0", Standing(source="source:flood", playbook="b"))
    lanes.add("quiet-a0", Standing(source="source:quiet", playbook="a"))
    lanes.add("quiet-a1", Standing(source="source:quiet", playbook="a"))
    assert take_all(lanes) == ["flood-a0", "quiet-a0", "flood-b0", "quiet-a1", "flood-a1", "flood-a2", "flood-a3"]


def test_what_has_begun_goes_ahead_of_what_is_fresh_in_its_lane() -> None:
    lanes: Lanes[str] = Lanes(limit=1)
    lanes.add("fresh", Standing(severity=Severity.HIGH))
    lanes.add("approved", Standing(severity=Severity.HIGH, is_begun=True))
    lanes.add("approved low", Standing(severity=Severity.LOW, is_begun=True))
    assert take_all(lanes) == ["approved", "fresh", "approved low"]


def test_one_playbook_holds_no_more_than_its_cap_and_the_next_goes_past_it() -> None:
    lanes: Lanes[str] = Lanes(limit=4, cap=2)
    for number in range(4):
        lanes.add(f"a{number}", Standing(playbook="a"))
    lanes.add("b0", Standing(playbook="b"))
    assert [lanes.take() for _ in range(4)] == ["a0", "b0", "a1", None]
    lanes.leave("a0")
    assert lanes.take() == "a2"


def test_those_of_no_known_playbook_are_not_capped() -> None:
    lanes: Lanes[str] = Lanes(limit=3, cap=1)
    for number in range(3):
        lanes.add(f"{number}", Standing())
    assert [lanes.take() for _ in range(3)] == ["0", "1", "2"]


def test_a_flood_leaves_places_for_each_other_lane() -> None:
    lanes: Lanes[str] = Lanes(limit=20, reserve=2)
    for number in range(100):
        lanes.add(f"{number}", Standing(severity=Severity.LOW))
    taken = [key for key in (lanes.take() for _ in range(20)) if key]
    assert len(taken) == 14
    lanes.add("critical", CRITICAL)
    assert lanes.take() == "critical"


def test_a_spare_place_goes_to_a_source_that_holds_none_and_to_nobody_else() -> None:
    lanes: Lanes[str] = Lanes(limit=2, spare=1)
    for number in range(4):
        lanes.add(f"flood-{number}", Standing(source="source:flood", severity=Severity.HIGH))
    assert [lanes.take() for _ in range(3)] == ["flood-0", "flood-1", None]
    for number in range(2):
        lanes.add(f"quiet-{number}", Standing(source="source:quiet"))
    lanes.add("other-0", Standing(source="source:other"))
    assert [lanes.take() for _ in range(2)] == ["quiet-0", None]
    lanes.leave("quiet-0")
    assert [lanes.take() for _ in range(2)] == ["other-0", None]
    lanes.leave("flood-0")
    assert [lanes.take() for _ in range(2)] == ["flood-2", None]


def test_spare_places_go_to_a_source_until_it_holds_five_and_one_to_the_crowd() -> None:
    lanes: Lanes[str] = Lanes(limit=9, spare=9)
    for number in range(9):
        lanes.add(f"flood-{number}", Standing(source="source:flood"))
    for number in range(6):
        lanes.add(f"quiet-{number}", Standing(source="source:quiet"))
    given = [lanes.take(is_scarce=True) for _ in range(7)]
    assert given == ["flood-0", *(f"quiet-{number}" for number in range(5)), None]
    assert lanes.holding == 0
    lanes.leave("quiet-0")
    assert [lanes.take(is_scarce=True) for _ in range(2)] == ["quiet-5", None]
    assert lanes.take() == "flood-1"
    assert lanes.holding == 1


def test_where_places_are_scarce_only_spare_ones_are_given_away() -> None:
    lanes: Lanes[str] = Lanes(limit=10, spare=1)
    lanes.add("first", Standing(source="source:a"))
    lanes.add("second", Standing(source="source:a"))
    lanes.add("third", Standing(source="source:b"))
    assert [lanes.take(is_scarce=True) for _ in range(2)] == ["first", None]
    assert [lanes.take() for _ in range(2)] == ["third", "second"]


def test_a_lane_that_is_full_has_a_spare_place_for_another_source() -> None:
    lanes: Lanes[str] = Lanes(limit=20, reserve=2, spare=1)
    for number in range(100):
        lanes.add(f"flood-{number}", Standing(source="source:flood"))
    assert len([key for key in (lanes.take() for _ in range(20)) if key]) == 14
    lanes.add("quiet", Standing(source="source:quiet"))
    assert lanes.take() == "quiet"
    lanes.leave("quiet")
    assert lanes.take() is None


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_few_places_can_all_be_held_by_one_lane_at_least_one(limit: int) -> None:
    lanes: Lanes[str] = Lanes(limit=limit, reserve=1)
    lanes.add("only", LOW)
    assert lanes.take() == "only"


def test_who_leaves_while_waiting_is_never_taken_and_holds_up_nobody() -> None:
    lanes: Lanes[str] = Lanes(limit=1)
    for key in ("first", "second", "third"):
        lanes.add(key, LOW)
    lanes.leave("second")
    lanes.leave("second")
    lanes.leave("stranger")
    assert (lanes.waiting, lanes.holding) == (2, 0)
    assert take_all(lanes) == ["first", "third"]
    lanes.add("alone", LOW)
    lanes.leave("alone")
    assert lanes.take() is None
    assert lanes.count_ahead(LOW) == 0


def test_only_those_at_least_as_severe_are_ahead() -> None:
    lanes: Lanes[str] = Lanes(limit=1)
    for number in range(5):
        lanes.add(f"{number}", LOW)
    lanes.add("critical", CRITICAL)
    assert (lanes.count_ahead(CRITICAL), lanes.count_ahead(LOW)) == (1, 6)


@pytest.mark.parametrize(
    ("initiator", "source"),
    [
        ("source:siem", "source:siem"),
        ("user:u_ann", "user:u_ann"),
        ("schedule:triage", "schedule:triage"),
        ("run:run_1", "run"),
        ("rollback:run_1", "rollback"),
        ("response:ar_1", "response"),
    ],
)
def test_what_runs_start_themselves_counts_for_one_source(initiator: str, source: str) -> None:
    assert find_source(initiator) == source
