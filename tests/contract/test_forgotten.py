"""Which runs at rest nothing in the store would wake."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from soar.model.approval import ApprovalStatus
from soar.model.response import ResponseStatus
from soar.model.run import RunStatus
from soar.store import Store, Unit
from tests.contract.conftest import WORKSPACE
from tests.contract.works import Works
from tests.support.builders import build_approval, build_response, build_run, build_timer
from tests.support.clock import START

RUN = "run_1"
LATER = START + timedelta(hours=1)


def set_timer(name: str, run: str = RUN) -> Callable[[Unit], None]:
    return lambda unit: unit.timers.set(build_timer(id=name, run=run))


def ask(status: ApprovalStatus) -> Callable[[Unit], None]:
    return lambda unit: unit.approvals.add(build_approval(id="ap_1", run=RUN, status=status))


def call(**changes: object) -> Callable[[Unit], None]:
    return lambda unit: unit.runs.add(build_run(id="run_child", parent=RUN, **changes))


def lift(status: ResponseStatus) -> Callable[[Unit], None]:
    return lambda unit: unit.responses.add(build_response(run=RUN, status=status))


def tell(unit: Unit) -> None:
    unit.inbox.add(RUN, {}, START)


LIMIT = set_timer("run_1:run")
WAKING = {
    "its own timer": [LIMIT, set_timer("run_1:wait:steps/0")],
    "a question with its end": [LIMIT, ask(ApprovalStatus.PENDING), set_timer("ap_1:expire")],
    "a playbook that it called": [LIMIT, call()],
    "a change that is taken back": [LIMIT, lift(ResponseStatus.LIFTING)],
    "an event in its inbox": [tell],
}
IDLE = {
    "nothing": [],
    "no limit": [set_timer("run_1:wait:steps/0")],
    "its limit alone": [LIMIT],
    "a question without an end": [LIMIT, ask(ApprovalStatus.PENDING)],
    "a question that was answered": [LIMIT, ask(ApprovalStatus.APPROVED), set_timer("ap_1:expire")],
    "a change that expires": [LIMIT, lift(ResponseStatus.ACTIVE), set_timer("ar_1:expiry")],
    "a playbook that is over": [LIMIT, call(status=RunStatus.FAILED, finished_at=LATER)],
    "a timer of another run": [LIMIT, set_timer("run_12:wait:steps/0", "run_12")],
}


async def arrange(write: Works, works: list[Callable[[Unit], None]]) -> None:
    await write(lambda unit: unit.runs.add(build_run(id=RUN, status=RunStatus.WAITING)))
    for work in works:
        await write(work)


@pytest.mark.parametrize("works", WAKING.values(), ids=WAKING)
async def test_a_run_that_something_wakes_is_not_forgotten(
    store: Store, write: Works, works: list[Callable[[Unit], None]]
) -> None:
    await arrange(write, works)
    assert await store.forgotten_runs() == []


@pytest.mark.parametrize("works", IDLE.values(), ids=IDLE)
async def test_a_run_that_nothing_wakes_is_forgotten(
    store: Store, write: Works, works: list[Callable[[Unit], None]]
) -> None:
    await arrange(write, works)
    assert await store.forgotten_runs() == [(WORKSPACE, RUN)]


async def test_what_wakes_a_run_of_another_workspace_wakes_none_here(store: Store, write: Works) -> None:
    await arrange(write, [LIMIT])
    await store.write("elsewhere", set_timer("run_1:wait:steps/0"))
    await store.write("elsewhere", tell)
    assert await store.forgotten_runs() == [(WORKSPACE, RUN)]


async def test_a_held_run_is_forgotten_once_no_run_with_its_key_is_open(store: Store, write: Works) -> None:
    first = build_run(id="run_1", status=RunStatus.RUNNING, concurrency_key="k", concurrency_max=1)
    second = build_run(
        id="run_2", status=RunStatus.QUEUED, waiting_for="run_1 to end", concurrency_key="k", concurrency_max=1
    )
    await write(lambda unit: [unit.runs.add(run) for run in (first, second)])
    assert await store.forgotten_runs() == []
    over = replace(first, status=RunStatus.FAILED, finished_at=LATER)
    await write(lambda unit: unit.runs.update(over, before=first))
    assert await store.forgotten_runs() == [(WORKSPACE, "run_2")]


async def test_only_what_rests_can_be_forgotten_the_oldest_first(store: Store) -> None:
    for workspace in ("south", "north"):
        for status in RunStatus:
            over = LATER if status.is_final else None
            run = build_run(id=f"run_{status.value}", status=status, finished_at=over)
            await store.write(workspace, lambda unit, run=run: unit.runs.add(run))
    found = await store.forgotten_runs()
    assert found == [(workspace, f"run_{name}") for workspace in ("south", "north") for name in ("queued", "waiting")]
