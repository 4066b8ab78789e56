"""Caps on what runs do together: the write beyond one is not made, freezes its kind, or needs its people's yes."""

from datetime import timedelta

import pytest

from soar.approvals.freezer import Freezer
from soar.model.audit import Actor
from soar.model.errors import ActionCode
from soar.model.process import ActionAnswer
from soar.model.run import RunStatus
from soar.policy import DEFAULT_POLICY, Cap, CapOutcome, Policy
from tests.support.world import World, play

TEXT = """
name: Tried
on: {manual: {}}
steps:
  - {id: locked, uses: crm.lock, with: {user: web-1}}
"""
BATCH = """
name: Tried
on: {manual: {}}
steps:
  - id: purged
    uses: exchange.purge_messages
    with: {messages: [m1, m2, m3]}
    approve: {by: role:analyst, reason: r}
"""
HOUR = timedelta(hours=1)


def cap_policy(*caps: Cap) -> Policy:
    return Policy(gates=DEFAULT_POLICY.gates, caps=caps)


def lock_cap(outcome: CapOutcome = CapOutcome.REFUSE, **changes: object) -> Cap:
    return Cap(**{"action": "crm.lock", "most": 2, "window": HOUR, "outcome": outcome, **changes})


async def run_through(world: World, text: str = TEXT) -> tuple[RunStatus, str | None]:
    for action in ("crm.lock", "crm.note", "exchange.purge_messages"):
        world.host.script(action, ActionAnswer(output={}))
    run = await world.start(text)
    await world.settle()
    ended = await world.run(run)
    return ended.status, ended.reason


def test_the_write_beyond_a_cap_is_refused_until_the_window_has_moved_on() -> None:
    async def scenario(world: World) -> None:
        ends = [await run_through(world) for _ in range(4)]
        why = "locked: not called: it is more than the policy allows: at most 2 targets of crm.lock in 1h"
        assert ends == [(RunStatus.SUCCEEDED, None)] * 2 + [(RunStatus.FAILED, why)] * 2
        assert len(world.host.calls) == 2
        await world.pass_time(HOUR)
        assert (await run_through(world))[0] is RunStatus.SUCCEEDED
        assert await world.read(lambda unit: unit.freezes.list()) == ()

    play(scenario, policy=cap_policy(lock_cap()))


def test_what_was_counted_outlives_the_process() -> None:
    async def scenario(world: World) -> None:
        for _ in range(2):
            await run_through(world)
        after = await world.restart()
        assert (await run_through(after))[0] is RunStatus.FAILED
        await after.stop()

    play(scenario, policy=cap_policy(lock_cap()))


def test_a_cap_that_freezes_stops_its_action_and_lets_the_others_go() -> None:
    async def scenario(world: World) -> None:
        for _ in range(3):
            await run_through(world)
        (frozen,) = await world.read(lambda unit: unit.freezes.list())
        assert (frozen.id, frozen.frozen_by) == ("action:crm.lock", "policy")
        assert ("default", "freeze", "action:crm.lock") in world.announcer.heard
        await world.pass_time(HOUR)
        status, reason = await run_through(world)
        assert (status, str(reason).partition(" frozen by ")[2]) == (
            RunStatus.FAILED,
            "policy: at most 2 targets of crm.lock in 1h",
        )
        assert (await run_through(world, TEXT.replace("crm.lock", "crm.note")))[0] is RunStatus.SUCCEEDED
        for name in ("ann", "bob"):
            actor = Actor(kind="user", id=f"u_{name}", name=name, via="web")
            at = world.clock.now()
            await world.write(
                lambda unit, actor=actor, at=at: Freezer(ids=world.ids).lift(
                    unit, frozen.id, "seen", actor=actor, at=at
                )
            )
        assert (await run_through(world))[0] is RunStatus.SUCCEEDED
        (told, *_) = await world.audit("freeze.set")
        assert told["actor"]["id"] == "policy"

    play(scenario, policy=cap_policy(lock_cap(CapOutcome.FREEZE)))


def test_another_attempt_at_the_same_write_is_not_counted_again() -> None:
    text = TEXT.replace("crm.lock", "crm.note")

    async def scenario(world: World) -> None:
        failing = ActionAnswer(code=ActionCode.TIMEOUT, message="slow")
        world.host.script("crm.note", failing, failing, ActionAnswer(output={}))
        run = await world.start(text)
        await world.settle()
        await world.pass_time(HOUR)
        assert (await world.run(run)).status is RunStatus.SUCCEEDED
        assert len(world.host.calls) == 3

    play(scenario, policy=cap_policy(Cap(action="crm.note", most=1, window=timedelta(days=1))))


def test_a_shadow_run_and_a_read_count_for_nothing() -> None:
    async def scenario(world: World) -> None:
        world.host.script("crm.find", ActionAnswer(output={}))
        await world.start(TEXT.replace("crm.lock", "crm.find"))
        await world.settle()
        assert await world.read(lambda unit: unit.deeds.list(world.clock.now() - HOUR, 9).items) == ()

    play(scenario, policy=cap_policy(Cap(connection="crm", most=0, window=HOUR)))


ASKING = Cap(action="exchange.purge_messages", most_items=2, outcome=CapOutcome.ASK, by=("role:soc-lead",))


@pytest.mark.parametrize(("cap", "by"), [(ASKING, ("role:soc-lead",)), (None, ("role:analyst",))])
def test_a_cap_that_asks_puts_its_people_before_the_gate(cap: Cap | None, by: tuple[str, ...]) -> None:
    async def scenario(world: World) -> None:
        await run_through(world, BATCH)
        asked = await world.pending()
        assert asked.by == by
        await world.vote("carol" if cap else "bob", confirm="3")
        assert [call.action for call in world.host.calls] == ["exchange.purge_messages"]

    play(scenario, policy=cap_policy(*([cap] if cap else [])))


def test_a_cap_that_asks_refuses_what_has_no_gate() -> None:
    cap = lock_cap(CapOutcome.ASK, most=0, by=("role:soc-lead",))

    async def scenario(world: World) -> None:
        status, reason = await run_through(world)
        assert status is RunStatus.FAILED
        assert reason == (
            "locked: not called: it is more than the policy allows without role:soc-lead: "
            "at most 0 targets of crm.lock in 1h"
        )
        assert world.host.calls == []

    play(scenario, policy=cap_policy(cap))


def test_a_cap_hit_after_others_were_asked_wants_its_own_people() -> None:
    gated = TEXT.rstrip("\n").replace("web-1}}", "web-1}, approve: {by: role:analyst, reason: r}}")
    cap = lock_cap(CapOutcome.ASK, most=1, by=("role:soc-lead",))

    async def scenario(world: World) -> None:
        await run_through(world, gated)
        early = await world.pending()
        assert early.by == ("role:analyst",)
        assert (await run_through(world))[0] is RunStatus.SUCCEEDED
        await world.vote("bob", approval=early.id, confirm=early.confirm)
        ended = await world.run(early.run)
        assert ended.status is RunStatus.FAILED
        assert "without role:soc-lead" in str(ended.reason)
        await run_through(world, gated)
        late = await world.pending()
        assert late.by == ("role:soc-lead",)
        await world.vote("carol", approval=late.id, confirm=late.confirm)
        assert (await world.run(late.run)).status is RunStatus.SUCCEEDED

    play(scenario, policy=cap_policy(cap))
