"""Large values of a journal: kept once, read back exactly, never forged."""

import pytest
from sqlalchemy import text

from soar.engine.events import ActionSucceeded, dump_event
from soar.engine.replay import dump_changes, fold
from soar.engine.state import RunState
from soar.model.errors import BugError, ConflictError
from soar.model.run import JournalEntry, RunStatus, StepRecord, StepStatus
from soar.model.values import Value
from soar.store import Store, Unit
from soar.store.blobs import LARGE
from tests.contract.conftest import WORKSPACE
from tests.contract.works import Works
from tests.support.clock import START

RUN = "run_000000000001"
HUGE: Value = {"hosts": [f"srv-{number}" for number in range(LARGE // 8)], "since": START, "big": 2**70}
FORGED: Value = {"$soar": "blob", "v": "00" * 32}


def build_entry(output: Value, sequence: int = 1) -> JournalEntry:
    """Return the entry of a step's success, as a driver commits it."""
    record = StepRecord(path="steps/0", status=StepStatus.SUCCEEDED, output=output, has_output=True)
    after = RunState(status=RunStatus.RUNNING, records={"steps/0": record})
    event = ActionSucceeded(at=START, path="steps/0", attempt=1, output=output)
    changes = dump_changes(RunState(), after, ["steps/0"])
    return JournalEntry(sequence=sequence, at=START, event=dump_event(event), changes=changes)


async def count(store: Store, what: str) -> int:
    def look(unit: Unit) -> int:
        return int(unit._connection.execute(text(f"SELECT {what}")).scalar_one())

    return await store.read(WORKSPACE, look)


@pytest.mark.parametrize("output", ["x" * (LARGE + 1), HUGE, [HUGE, HUGE], "small", None, FORGED, [FORGED] * LARGE])
async def test_what_is_appended_is_loaded_again(write: Works, read: Works, output: Value) -> None:
    entry = build_entry(output)
    await write(lambda unit: unit.journal.append(RUN, [entry]))
    loaded = await read(lambda unit: unit.journal.load(RUN))
    assert loaded == (entry,)
    assert fold(loaded).records["steps/0"].output == output


async def test_a_large_output_is_kept_once_however_often_it_is_written(store: Store, write: Works) -> None:
    for sequence in (1, 2, 3):
        await write(lambda unit, sequence=sequence: unit.journal.append(RUN, [build_entry(HUGE, sequence)]))
    assert await count(store, "count(*) FROM blobs") == 1
    assert await count(store, "max(length(event) + length(changes)) FROM journal") < 1000


async def test_a_small_output_stays_in_its_entry(store: Store, write: Works) -> None:
    await write(lambda unit: unit.journal.append(RUN, [build_entry("x" * (LARGE - 2))]))
    assert await count(store, "count(*) FROM blobs") == 0


async def test_an_entry_that_is_refused_leaves_no_blob(store: Store, write: Works) -> None:
    await write(lambda unit: unit.journal.append(RUN, [build_entry("small")]))
    with pytest.raises(ConflictError, match=rf"\Athe journal of run {RUN} has moved on past entry 1\Z"):
        await write(lambda unit: unit.journal.append(RUN, [build_entry(HUGE)]))
    assert await count(store, "count(*) FROM blobs") == 0


async def test_a_run_finds_its_own_blobs_alone(write: Works, read: Works) -> None:
    entry = build_entry(HUGE)
    await write(lambda unit: unit.journal.append(RUN, [entry]))
    await write(lambda unit: unit.journal.append("run_2", [entry]))
    await write(lambda unit: unit._connection.execute(text("DELETE FROM blobs WHERE run = :run"), {"run": RUN}))
    assert await read(lambda unit: unit.journal.load("run_2")) == (entry,)
    with pytest.raises(BugError, match=RUN):
        await read(lambda unit: unit.journal.load(RUN))
