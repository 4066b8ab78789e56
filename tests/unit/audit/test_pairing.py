from soar.audit.pairing import Pairing


def event(sequence: int, kind: str, step: str, attempt: int = 1) -> dict[str, object]:
    return {"seq": sequence, "type": f"action.{kind}", "context": {"run": "r_1", "step": step, "attempt": attempt}}


def describe(*events: dict[str, object]) -> list[str]:
    pairing = Pairing()
    for one in events:
        pairing.take(one)
    return pairing.describe()


def test_an_outcome_closes_its_own_beginning() -> None:
    assert describe(event(0, "started", "a"), {"seq": 1, "type": "run.finished"}, event(2, "finished", "a")) == []


def test_what_has_begun_and_not_ended_is_named() -> None:
    found = describe(event(3, "started", "a"), event(4, "started", "a", 2), event(5, "finished", "a", 2))
    assert found == ["begun without an outcome so far: event 3"]


def test_what_was_never_announced_is_named() -> None:
    assert describe(event(7, "finished", "a")) == ["an outcome without a beginning: event 7"]


def test_the_outcome_of_another_runs_step_closes_nothing() -> None:
    other = {**event(1, "finished", "a"), "context": {"run": "r_2", "step": "a", "attempt": 1}}
    assert describe(event(0, "started", "a"), other) == [
        "begun without an outcome so far: event 0",
        "an outcome without a beginning: event 1",
    ]


def test_of_many_the_first_are_named() -> None:
    found = describe(*(event(number, "started", f"s{number}") for number in range(8)))
    assert found == ["begun without an outcome so far: event 0, event 1, event 2, event 3, event 4 and 3 more"]


def test_what_is_written_badly_is_no_crash() -> None:
    assert describe({"type": "action.finished", "seq": 1, "context": "x"}) == [
        "an outcome without a beginning: event 1"
    ]
