"""Stored alerts are given to a playbook that came later, once, and without standing in the way of new ones."""

from datetime import timedelta

import orjson
import pytest

from soar.ingest.backfill import Backfill, Batch, Stretch, prepare
from soar.ingest.receive import Receiver
from soar.ingest.request import Requester
from soar.model.alert import Alert, Relation
from soar.model.audit import Actor
from soar.model.playbook import CaseSpec, Concurrency, Playbook
from soar.model.run import Mode, Run
from soar.store import Store
from tests.support.clock import START, SteppedClock
from tests.unit.ingest.specimens import TOKEN, WORKSPACE, Surroundings, build_triage

ANN = Requester(initiator="user:u_ann", actor=Actor(kind="user", id="u_ann", name="ann", via="api"))
DAY = timedelta(days=1)


async def send(receiver: Receiver, **changes: object) -> None:
    body = orjson.dumps({"kind": "login", "title": "Login from afar", "user": "ada", **changes})
    await receiver.receive("siem", {"authorization": f"Bearer {TOKEN}"}, body, "203.0.113.5")


async def fill(receiver: Receiver, store: Store, playbook: Playbook, **changes: object) -> Batch:
    given: dict[str, object] = {"since": START, "until": START + DAY, "after": 0, "limit": 100, **changes}
    may_see = given.pop("may_see", lambda _: True)
    backfill = Backfill(requests=receiver.requests, requester=ANN, may_see=may_see, config={})
    stretch = Stretch(**given)
    return await store.write(WORKSPACE, lambda unit: backfill.fill(unit, playbook, stretch, START + DAY))


async def list_runs(store: Store) -> tuple[Run, ...]:
    return await store.read(WORKSPACE, lambda unit: unit.runs.list(99).items)


@pytest.fixture
def late(surroundings: Surroundings) -> Playbook:
    """The playbook that comes when the alerts are there."""
    surroundings.playbooks.clear()
    return build_triage()


async def test_each_alert_that_it_takes_starts_a_run_of_its_own_in_shadow(
    receiver: Receiver, store: Store, late: Playbook
) -> None:
    for number in range(3):
        await send(receiver, number=number)
    await send(receiver, kind="other")
    batch = await fill(receiver, store, prepare(late, Mode.SHADOW))
    assert (batch.seen, batch.known, len(batch.runs), batch.after) == (4, 0, 3, None)
    runs = await list_runs(store)
    assert {run.id for run in runs} == set(batch.runs)
    assert {(run.mode, run.initiator, run.concurrency_key, run.case) for run in runs} == {
        (Mode.SHADOW, "user:u_ann", None, None)
    }


async def test_done_again_it_passes_over_what_was_dealt_with(receiver: Receiver, store: Store, late: Playbook) -> None:
    await send(receiver)
    shadow = prepare(late, Mode.SHADOW)
    await fill(receiver, store, shadow)
    await send(receiver, number=2)
    again = await fill(receiver, store, shadow)
    assert (again.seen, again.known, len(again.runs)) == (2, 1, 1)
    assert (await fill(receiver, store, shadow)).runs == ()


async def test_a_stretch_is_bounded_and_the_next_goes_on_behind_it(
    receiver: Receiver, store: Store, late: Playbook
) -> None:
    for number in range(5):
        await send(receiver, number=number)
    shadow, after, runs = prepare(late, Mode.SHADOW), 0, []
    for left in (2, 2, 1):
        batch = await fill(receiver, store, shadow, after=after, limit=2)
        assert batch.seen == left
        runs += batch.runs
        after = batch.after or 0
    assert (len(set(runs)), after) == (5, 0)


async def test_only_the_window_counts_and_only_what_may_be_seen(
    receiver: Receiver, store: Store, late: Playbook, clock: SteppedClock
) -> None:
    await send(receiver)
    clock.advance(timedelta(hours=1))
    await send(receiver, number=2)
    shadow = prepare(late, Mode.SHADOW)
    assert (await fill(receiver, store, shadow, since=START + DAY, until=START + 2 * DAY)).seen == 0

    def is_second(alert: Alert) -> bool:
        return alert.received_at > START

    batch = await fill(receiver, store, shadow, may_see=is_second)
    assert (batch.seen, len(batch.runs)) == (1, 1)
    assert (await fill(receiver, store, shadow, until=START + timedelta(minutes=1))).known == 0


async def test_what_ran_in_shadow_keeps_no_new_alert_from_starting(
    receiver: Receiver, store: Store, late: Playbook, surroundings: Surroundings
) -> None:
    await send(receiver)
    await fill(receiver, store, prepare(late, Mode.SHADOW))
    surroundings.playbooks["triage"] = late
    await send(receiver, number=2)
    newest = (await list_runs(store))[0]
    assert newest.mode is Mode.LIVE
    assert newest.alert is not None
    (match,) = await store.read(WORKSPACE, lambda unit: unit.alerts.matches(str(newest.alert)))
    assert match.relation is Relation.STARTED


def test_the_more_careful_mode_holds_and_only_shadow_leaves_keys_out() -> None:
    full = build_triage(
        concurrency=Concurrency(key="inputs.user"), case=CaseSpec(title="a", key="inputs.user", severity="low")
    )
    assert prepare(full, Mode.LIVE) == full
    shadow = prepare(full, Mode.SHADOW)
    assert (shadow.mode, shadow.dedupe, shadow.concurrency, shadow.case) == (Mode.SHADOW, None, None, None)
    careful = build_triage(mode=Mode.SUPERVISED)
    assert prepare(careful, Mode.LIVE).mode is Mode.SUPERVISED
    assert prepare(careful, Mode.LIVE).dedupe == careful.dedupe
