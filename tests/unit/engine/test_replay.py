"""What is written into the journal comes back as it was, field by field."""

import json
from dataclasses import fields, replace
from datetime import UTC, timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soar.engine.replay import apply_changes, dump_changes, dump_record, fold, load_record
from soar.engine.state import Ending, Phase, RunState
from soar.model.errors import BugError
from soar.model.run import JournalEntry, RunStatus, StepFault, StepRecord, StepStatus
from soar.model.values import TAG, JsonValue
from tests.support.builders import build_journal_entry

LONGEST = timedelta(days=3_650_000)
"""Longer than any two moments are apart."""

keys = st.text(max_size=8) | st.just(TAG)
numbers = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
plain = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=6,
)
moments = st.datetimes(timezones=st.just(UTC))
scalars = (
    st.none()
    | st.booleans()
    | numbers
    | st.text(max_size=12)
    | st.binary(max_size=12)
    | moments
    | st.timedeltas(-LONGEST, LONGEST)
    | st.ip_addresses()
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=6
)
maps = st.dictionaries(keys, values, max_size=3)
words = st.none() | st.text(max_size=12)
paths = st.from_regex(r"steps/[0-9](/steps/[0-9])?(#[0-9])?", fullmatch=True)
faults = st.builds(
    StepFault,
    code=st.text(max_size=12),
    message=st.text(max_size=12),
    attempts=st.integers(1, 20),
    step=st.text(max_size=12),
)
RECORD = {
    "path": paths,
    "status": st.sampled_from(StepStatus),
    "reason": words,
    "arguments": plain,
    "output": values,
    "has_output": st.booleans(),
    "outputs": values,
    "item": values,
    "fault": st.none() | faults,
    "attempt": st.integers(0, 20),
    "approval": words,
    "outcome": words,
    "comment": words,
    "started_at": st.none() | moments,
    "finished_at": st.none() | moments,
    "expires_at": st.none() | moments,
    "branch": words,
    "child": words,
    "settled": st.integers(0, 20),
    "unsent_since": st.none() | moments,
    "called_at": st.none() | moments,
    "lifting": words,
    "done_at": st.none() | moments,
    "look": st.none() | st.dictionaries(st.sampled_from(["action", "connection", "arguments"]), st.text(max_size=12)),
    "looks": st.integers(0, 20),
    "carried": words,
    "doubt": words,
    "settle_by": st.none() | moments,
}
records = st.builds(StepRecord, **RECORD)
endings = st.builds(
    Ending,
    status=st.sampled_from(RunStatus),
    reason=words,
    phase=st.sampled_from(Phase),
    fault=st.none() | faults,
)
STATE = {
    "status": st.sampled_from(RunStatus),
    "phase": st.sampled_from(Phase),
    "sequence": st.just(1),
    "records": st.lists(records, max_size=3).map(lambda found: {record.path: record for record in found}),
    "variables": maps,
    "ending": st.none() | endings,
    "started_at": st.none() | moments,
    "reason": words,
    "waiting_for": words,
    "outputs": maps,
    "alerts": st.lists(st.text(max_size=12), max_size=3).map(tuple),
}
states = st.builds(RunState, **STATE)


def store(document: JsonValue) -> JsonValue:
    """Write a document and read it back, as the store does."""
    stored: JsonValue = orjson.loads(orjson.dumps(document))
    assert stored == json.loads(json.dumps(document))
    return stored


def test_every_field_is_drawn() -> None:
    assert set(RECORD) == {field.name for field in fields(StepRecord)}
    assert set(STATE) == {field.name for field in fields(RunState)}


@given(records)
def test_a_record_comes_back_as_it_was_written(record: StepRecord) -> None:
    assert load_record(record.path, store(dump_record(record))) == record


@given(states)
def test_a_state_comes_back_as_it_was_written(state: RunState) -> None:
    entry = JournalEntry(
        sequence=1,
        at=build_journal_entry().at,
        event=None,
        changes=store(dump_changes(RunState(), state, state.records)),
    )
    assert fold([entry]) == state


@given(states, states)
def test_what_a_decision_set_leads_from_the_one_state_to_the_other(before: RunState, after: RunState) -> None:
    after = replace(
        after, sequence=2, records={**before.records, **after.records}, ending=after.ending or before.ending
    )
    assert apply_changes(before, store(dump_changes(before, after, after.records))) == after


@given(states)
def test_what_did_not_change_is_not_written(state: RunState) -> None:
    assert dump_changes(state, replace(state, sequence=2), ()) == {"run": {}, "records": {}}


def test_only_the_records_that_changed_are_written() -> None:
    one, two = (StepRecord(path=path, status=StepStatus.RUNNING) for path in ("steps/0", "steps/1"))
    before = RunState(records={"steps/0": one, "steps/1": two})
    after = replace(before, records={**before.records, "steps/1": replace(two, status=StepStatus.SUCCEEDED)})
    assert dump_changes(before, after, ["steps/1"]) == {
        "run": {},
        "records": {"steps/1": {"status": "succeeded", "attempt": 0}},
    }


def entry(sequence: int) -> JournalEntry:
    return build_journal_entry(sequence=sequence, changes={"run": {}, "records": {}})


def test_no_journal_is_a_run_that_has_not_begun() -> None:
    assert fold([]) == RunState()


@pytest.mark.parametrize("sequences", [[2], [1, 3], [1, 1], [1, 2, 4], [2, 1], [0]])
def test_a_gap_in_the_journal_is_refused(sequences: list[int]) -> None:
    with pytest.raises(BugError, match="the journal jumps from "):
        fold(map(entry, sequences))


def test_a_journal_without_gaps_counts_its_entries() -> None:
    assert fold(map(entry, [1, 2, 3])).sequence == 3


@pytest.mark.parametrize(
    "changes",
    [
        None,
        [],
        "changes",
        {"run": [], "records": {}},
        {"run": {}, "records": None},
        {"run": {}, "records": {"steps/0": []}},
        {"run": {}, "records": {"steps/0": None}},
    ],
)
def test_an_entry_of_an_unknown_shape_is_a_bug(changes: JsonValue) -> None:
    with pytest.raises(BugError):
        apply_changes(RunState(), changes)
