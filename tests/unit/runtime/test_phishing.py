"""The shipped phishing playbook from the alert to the end, in virtual time."""

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from soar.model.response import ResponseStatus
from tests.support.loop import virtual_loop
from tests.support.world import SlowHost, World, at, open_world, play

Report = Callable[[World], Awaitable[str]]
WAY = ["virustotal.url_report", "virustotal.url_report", "whois.domain_age", "exchange.search_messages"]


def calls(world: World) -> Counter[str]:
    return Counter(call.action for call in world.host.calls)


def words(world: World) -> list[object]:
    return [call.arguments["text"] for call in world.host.calls if call.action == "chat.dm"]


@pytest.mark.parametrize("seed", range(5))
def test_a_yes_purges_every_copy_once_and_the_purge_can_be_taken_back(report_phishing: Report, seed: int) -> None:
    async def scenario(world: World) -> None:
        run = await report_phishing(world)
        await world.settle()
        assert calls(world) == Counter(WAY)
        waiting = await world.run(run)
        assert (waiting.status, waiting.waiting_for) == ("waiting", "role:analyst to decide: Purge every copy")
        await world.pass_time(timedelta(minutes=4))
        await world.vote("bob", confirm="2")
        ended = await world.run(run)
        assert (ended.status, ended.outputs) == ("succeeded", {"purged": True, "copies": 12})
        assert ended.finished_at - ended.started_at >= timedelta(minutes=4)
        assert calls(world) == Counter([*WAY, "exchange.purge_messages", "chat.dm"])
        assert words(world) == ["Thank you for reporting. The message was malicious and is gone from all mailboxes."]
        (held,) = await world.held()
        await world.lift(held.id)
        assert (await world.held())[0].status is ResponseStatus.LIFTED
        assert world.host.calls[-1].arguments == {"messages": ["m1", "m2"]}
        assert {timer.id for timer in await world.timers_set()} == set()

    play(scenario, seed=seed, host=SlowHost(1.5))


def test_a_no_leaves_the_copies_and_thanks_all_the_same(report_phishing: Report) -> None:
    async def scenario(world: World) -> None:
        run = await report_phishing(world)
        await world.settle()
        await world.vote("bob", "deny", comment="our own newsletter")
        ended = await world.run(run)
        assert (ended.status, ended.outputs) == ("succeeded", {"purged": False, "copies": 12})
        assert (await world.statuses(run))["steps/6"] == "denied"
        assert calls(world) == Counter([*WAY, "chat.dm"])
        assert await world.held() == []

    play(scenario)


def test_silence_escalates_after_fifteen_minutes_and_is_a_no_after_thirty(report_phishing: Report) -> None:
    async def scenario(world: World) -> None:
        run = await report_phishing(world)
        await world.pass_time(timedelta(minutes=14, seconds=59))
        assert await world.audit("approval.escalated") == []
        await world.pass_time(timedelta(seconds=1))
        ((event),) = await world.audit("approval.escalated")
        assert (event["reason"], event["at"][:19]) == ("role:soc-lead", at(15).isoformat()[:19])
        await world.pass_time(timedelta(minutes=14, seconds=59))
        assert (await world.run(run)).status == "waiting"
        await world.pass_time(timedelta(seconds=1))
        ended = await world.run(run)
        assert (ended.status, ended.outputs["purged"], ended.finished_at) == ("succeeded", False, at(30))
        record = (await world.state(run)).records["steps/6"]
        assert (record.status, record.outcome) == ("denied", "expired")
        assert calls(world) == Counter([*WAY, "chat.dm"])
        assert len(await world.audit("approval.reminded")) == 1

    play(scenario)


def test_a_clean_message_asks_nobody(report_phishing: Report) -> None:
    async def scenario(world: World) -> None:
        run = await report_phishing(world)
        clean = {"url": "https://evil.example/pay", "malicious": 0}
        world.host.script("virustotal.url_report", type(world.host._scripts["chat.dm"][0])(output=clean))
        await world.settle()
        assert (await world.run(run)).status == "succeeded"
        assert calls(world)["exchange.search_messages"] == 0
        assert await world.audit("approval.") == []
        assert words(world) == ["Thank you for reporting. The message from billing@evil.example looks clean."]

    play(scenario)


def trace_of(report: Report, seed: int) -> tuple[str, list[object]]:
    """Return the trace of a whole run, and its audit."""

    async def scenario() -> list[object]:
        world = await open_world(seed=seed, host=SlowHost(0.5))
        await report(world)
        await world.pass_time(timedelta(minutes=16))
        await world.vote("carol", confirm="2")
        audit = await world.audit()
        await world.stop()
        return audit

    with virtual_loop(seed) as loop:
        audit = loop.run_until_complete(scenario())
        return loop.trace, audit


def test_one_seed_is_one_world_and_another_seed_another(report_phishing: Report) -> None:
    first, again, other = (trace_of(report_phishing, seed) for seed in (7, 7, 8))
    assert first == again
    assert other[0] != first[0]
    assert len(first[1]) == len(other[1])
