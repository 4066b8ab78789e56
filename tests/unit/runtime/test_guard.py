"""Dead, slow and busy products, and what becomes of everybody else."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from soar.app.guard import BreakerKeeper, make_stop
from soar.model.alert import Severity
from soar.model.breaker import Breaker, BreakerStatus
from soar.model.errors import ActionCode, UnavailableError
from soar.model.process import ActionAnswer, ActionCall, ActionHost
from soar.model.rate import Rate
from soar.model.run import RunStatus
from soar.model.standing import Standing
from soar.runtime.breaker import BreakerRule
from soar.runtime.guard import Allowance, GuardedHost, GuardRule
from tests.support.builders import build_action_call, build_alert, build_freeze
from tests.support.clock import START, VirtualClock
from tests.support.loop import run_virtual
from tests.support.process import ScriptedHost
from tests.support.world import WORKSPACE, SlowHost, World, play

GOOD = ActionAnswer(output={})
DEAD = ActionAnswer(code=ActionCode.UNAVAILABLE, message="crm could not be reached")
HUNG = ActionAnswer(code=ActionCode.TIMEOUT, message="no answer within 30 s")
RULE = GuardRule(
    breaker=BreakerRule(failures=3, window=timedelta(seconds=60), pause=timedelta(seconds=30)),
    queue=100,
    patience=timedelta(seconds=60),
)
ASK = """
name: Ask
on: {manual: {}}
steps:
  - {id: ask, uses: %s, with: {user: ann}, retry: {attempts: 1}}
"""
HASTY = """
name: Ask
on: {manual: {}}
steps:
  - {id: ask, uses: crm.find, with: {user: ann}, timeout: 5s, retry: {attempts: 1}}
"""
PATIENT = """
name: Ask
on: {manual: {}}
steps:
  - {id: ask, uses: crm.find, with: {user: ann}, retry: {attempts: 5, delay: 1s}}
"""


def find_allowance(workspace: str, connection: str) -> Allowance | None:
    return None if connection == "chat" else allow(workspace, connection)


def allow(_workspace: str, connection: str) -> Allowance:
    return Allowance(calls=2, rate=None, credential=connection, hosts=frozenset({f"{connection}.example"}))


class Products(ScriptedHost):
    """Products that take some seconds to answer, by connection."""

    def __init__(self, **seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    async def call(self, call: ActionCall) -> ActionAnswer:
        answer = await super().call(call)
        await asyncio.sleep(self.seconds.get(call.connection, 0.0))
        return answer


class Guarded:
    """A guard over scripted products, and what it kept."""

    def __init__(self, host: ActionHost, allowance: Allowance | None = None) -> None:
        self.kept: list[Breaker] = []
        self.stop: str | Exception | None = None
        self.host = GuardedHost(
            host,
            find_allowance=(lambda *_: allowance) if allowance else find_allowance,
            rule=RULE,
            clock=VirtualClock(),
            keep=self.keep,
            explain_stop=self.explain_stop,
        )

    async def explain_stop(self, _call: ActionCall) -> str | None:
        if isinstance(self.stop, Exception):
            raise self.stop
        return self.stop

    async def keep(self, _workspace: str, breaker: Breaker) -> None:
        self.kept.append(breaker)

    async def call(self, connection: str = "crm", **changes: object) -> ActionAnswer:
        return await self.host.call(
            build_action_call(workspace=WORKSPACE, action=f"{connection}.find", connection=connection, **changes)
        )

    def status(self, connection: str = "crm") -> BreakerStatus | None:
        breaker = self.host.find_breaker(WORKSPACE, connection)
        return breaker.status if breaker else None


def test_a_dead_product_is_left_alone_tried_once_and_called_again() -> None:
    async def scenario() -> None:
        products = ScriptedHost()
        products.script("crm.find", DEAD, DEAD, DEAD, DEAD, GOOD)
        guarded = Guarded(products)
        assert guarded.status() is None
        assert [(await guarded.call()).code for _ in range(3)] == [ActionCode.UNAVAILABLE] * 3
        assert guarded.status() is BreakerStatus.OPEN
        await asyncio.sleep(10)
        refused = await guarded.call()
        assert (refused.code, refused.retry_after, refused.requests) == (ActionCode.UNAVAILABLE, 20.0, 0)
        assert "could not be reached" in refused.message
        assert len(products.calls) == 3
        await asyncio.sleep(20)
        assert (await guarded.call()).message == DEAD.message
        assert (await guarded.call()).retry_after == 30.0
        assert len(products.calls) == 4
        await asyncio.sleep(30)
        assert await guarded.call() == GOOD
        assert guarded.status() is BreakerStatus.CLOSED
        assert [kept.status for kept in guarded.kept] == [BreakerStatus.OPEN, BreakerStatus.CLOSED]

    run_virtual(scenario())


@pytest.mark.parametrize(
    "code", [ActionCode.AUTH, ActionCode.INVALID, ActionCode.NOT_FOUND, ActionCode.FORBIDDEN, ActionCode.RATE_LIMITED]
)
def test_an_answer_that_shows_the_product_alive_never_opens_it(code: ActionCode) -> None:
    async def scenario() -> None:
        products = ScriptedHost()
        products.script("crm.find", DEAD, DEAD, ActionAnswer(code=code, message="no"), DEAD, DEAD, GOOD)
        guarded = Guarded(products)
        for _ in range(6):
            await guarded.call()
        assert guarded.status() is BreakerStatus.CLOSED
        assert len(products.calls) == 6

    run_virtual(scenario())


def test_what_was_never_sent_says_nothing_of_the_product() -> None:
    async def scenario() -> None:
        products = ScriptedHost()
        unsent = ActionAnswer(code=ActionCode.AUTH, message="there is no credential", requests=0)
        products.script("crm.find", DEAD, DEAD, unsent, DEAD)
        guarded = Guarded(products)
        for _ in range(4):
            await guarded.call()
        assert guarded.status() is BreakerStatus.OPEN

    run_virtual(scenario())


@pytest.mark.parametrize("code", [ActionCode.TIMEOUT, ActionCode.UNKNOWN_OUTCOME])
def test_while_the_trial_is_under_way_nobody_else_goes(code: ActionCode) -> None:
    async def scenario() -> None:
        products = Products(crm=25.0)
        products.script("crm.find", ActionAnswer(code=code, message="hung"))
        guarded = Guarded(products)
        await asyncio.gather(*(guarded.call() for _ in range(6)))
        assert guarded.status() is BreakerStatus.OPEN
        before = len(products.calls)
        await asyncio.sleep(30)
        trial = asyncio.create_task(guarded.call(), name="trial")
        await asyncio.sleep(1)
        assert guarded.status() is BreakerStatus.HALF_OPEN
        assert (await guarded.call()).requests == 0
        await trial
        assert len(products.calls) == before + 1
        assert len(guarded.kept) == 1

    run_virtual(scenario())


def test_a_trial_that_is_let_go_of_leaves_the_next_call_to_try() -> None:
    async def scenario() -> None:
        products = Products()
        products.script("crm.find", DEAD, DEAD, DEAD, GOOD)
        guarded = Guarded(products)
        for _ in range(3):
            await guarded.call()
        await asyncio.sleep(30)
        products.seconds["crm"] = 100.0
        trial = asyncio.create_task(guarded.call(), name="trial")
        await asyncio.sleep(1)
        trial.cancel()
        await asyncio.gather(trial, return_exceptions=True)
        products.seconds["crm"] = 0.0
        assert await guarded.call() == GOOD

    run_virtual(scenario())


def test_waiting_calls_hear_of_an_open_breaker_without_being_sent() -> None:
    async def scenario() -> None:
        products = Products(crm=30.0)
        products.script("crm.find", HUNG)
        guarded = Guarded(products)
        answers = await asyncio.gather(*(guarded.call() for _ in range(50)))
        assert len(products.calls) <= 4
        assert sum(answer.requests == 0 for answer in answers) >= 46
        assert asyncio.get_running_loop().time() == 60.0

    run_virtual(scenario())


def test_a_breaker_from_before_the_restart_holds() -> None:
    async def scenario() -> None:
        products = ScriptedHost()
        products.script("crm.find", GOOD)
        guarded = Guarded(products)
        left = Breaker(
            connection="crm",
            host="crm.example",
            status=BreakerStatus.OPEN,
            since=START,
            reason="dead",
            retry_at=START + timedelta(seconds=20),
        )
        guarded.host.restore(WORKSPACE, [left, replace(left, connection="chat")])
        assert guarded.status("chat") is None
        assert (await guarded.call()).retry_after == 20.0
        await asyncio.sleep(20)
        assert await guarded.call() == GOOD
        assert [kept.status for kept in guarded.kept] == [BreakerStatus.CLOSED]

    run_virtual(scenario())


def test_retry_after_holds_back_every_connection_with_the_same_credential() -> None:
    async def scenario() -> None:
        products = ScriptedHost()
        busy = ActionAnswer(code=ActionCode.RATE_LIMITED, message="slow down", retry_after=40.0)
        products.script("crm.find", busy, GOOD)
        products.script("crm2.find", GOOD)
        guarded = Guarded(
            products, Allowance(calls=2, rate=Rate(100, 1.0), credential="shared", hosts=frozenset({"crm.example"}))
        )
        assert await guarded.call() == busy
        assert await guarded.call("crm2") == GOOD
        assert asyncio.get_running_loop().time() == 40.0

    run_virtual(scenario())


def test_a_plea_beyond_our_patience_is_handed_on() -> None:
    async def scenario() -> None:
        products = ScriptedHost()
        products.script("crm.find", ActionAnswer(code=ActionCode.RATE_LIMITED, message="slow down", retry_after=100.0))
        guarded = Guarded(products)
        await guarded.call()
        refused = await guarded.call()
        assert (refused.code, refused.retry_after, refused.requests) == (ActionCode.RATE_LIMITED, 100.0, 0)
        assert len(products.calls) == 1

    run_virtual(scenario())


def test_a_connection_that_asks_no_product_is_not_held_back() -> None:
    async def scenario() -> None:
        products = Products(chat=1.0)
        products.script("chat.find", DEAD)
        guarded = Guarded(products)
        await asyncio.gather(*(guarded.call("chat") for _ in range(20)))
        assert asyncio.get_running_loop().time() == 1.0
        assert guarded.status("chat") is None

    run_virtual(scenario())


def test_a_critical_call_passes_the_waiting_ones() -> None:
    async def scenario() -> None:
        products = Products(crm=1.0)
        products.script("crm.find", GOOD)
        guarded = Guarded(products)
        calls = [asyncio.create_task(guarded.call(run=f"run_{number}"), name=f"{number}") for number in range(50)]
        await asyncio.sleep(0.5)
        assert guarded.host.count_calls(WORKSPACE, "crm") == (2, 48)
        assert guarded.host.count_calls(WORKSPACE, "asset") == (0, 0)
        await guarded.call(run="critical", standing=Standing(severity=Severity.CRITICAL))
        assert asyncio.get_running_loop().time() == 2.0
        await asyncio.gather(*calls)

    run_virtual(scenario())


# -- several hosts behind one connection -------------------------------------------------------------------------------

TWO = Allowance(calls=5, rate=None, credential="crm", hosts=frozenset({"a.example", "b.example"}))


class TwoHosts:
    """A product of two hosts; the call's first argument says which it asks, in turn, until one fails."""

    def __init__(self) -> None:
        self.dead: set[str] = set()
        self.sent: list[str] = []

    async def call(self, call: ActionCall) -> ActionAnswer:
        assert isinstance(call.arguments, list)
        asked = tuple(str(host) for host in call.arguments)
        sent = 0
        for number, host in enumerate(asked, start=1):
            refusal = call.refusals.get(host)
            if refusal is not None:
                return ActionAnswer(
                    code=ActionCode.UNAVAILABLE,
                    message=refusal.message,
                    retry_after=refusal.retry_after,
                    requests=sent,
                    hosts=asked[:number],
                )
            sent += 1
            self.sent.append(host)
            if host in self.dead:
                return replace(DEAD, requests=sent, hosts=asked[:number])
        return ActionAnswer(output={}, requests=sent, hosts=asked)


def test_a_dead_host_is_left_alone_and_the_connections_others_are_not() -> None:
    async def scenario() -> None:
        product = TwoHosts()
        product.dead = {"b.example"}
        guarded = Guarded(product, TWO)
        for _ in range(3):
            await guarded.call(arguments=["a.example", "b.example"])
        worst = guarded.host.find_breaker(WORKSPACE, "crm")
        assert worst is not None
        assert (worst.host, worst.status) == ("b.example", BreakerStatus.OPEN)
        product.sent.clear()
        refused = await guarded.call(arguments=["b.example"])
        assert (refused.requests, refused.retry_after) == (0, 30.0)
        assert "b.example is left alone" in refused.message
        half_way = await guarded.call(arguments=["a.example", "b.example"])
        assert (half_way.code, half_way.requests) == (ActionCode.UNAVAILABLE, 1)
        assert (await guarded.call(arguments=["a.example"])).code is None
        assert product.sent == ["a.example", "a.example"]
        assert asyncio.get_running_loop().time() == 0.0
        assert [(kept.host, kept.status) for kept in guarded.kept] == [("b.example", BreakerStatus.OPEN)]

    run_virtual(scenario())


def test_a_call_that_did_not_ask_the_host_leaves_the_trial_to_the_next() -> None:
    async def scenario() -> None:
        product = TwoHosts()
        product.dead = {"b.example"}
        guarded = Guarded(product, TWO)
        for _ in range(3):
            await guarded.call(arguments=["b.example"])
        product.dead.clear()
        await asyncio.sleep(30)
        assert (await guarded.call(arguments=["a.example"])).code is None
        assert guarded.status() is BreakerStatus.OPEN
        assert (await guarded.call(arguments=["b.example"])).code is None
        assert guarded.status() is BreakerStatus.CLOSED

    run_virtual(scenario())


def test_with_every_host_left_alone_a_call_is_not_even_begun() -> None:
    async def scenario() -> None:
        product = TwoHosts()
        product.dead = {"a.example", "b.example"}
        guarded = Guarded(product, TWO)
        for pause, host in [(0, "a.example"), (10, "b.example")]:
            await asyncio.sleep(pause)
            for _ in range(3):
                await guarded.call(arguments=[host])
        product.sent.clear()
        refused = await guarded.call(arguments=["b.example"])
        assert (refused.requests, refused.retry_after, refused.is_unsent) == (0, 20.0, True)
        assert product.sent == []

    run_virtual(scenario())


# -- the whole service -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stop", "code", "message"),
    [
        ("every write is frozen", ActionCode.FROZEN, "not called: every write is frozen"),
        (
            UnavailableError("the disk is full", retry_after=5.0),
            ActionCode.UNAVAILABLE,
            "nobody can tell whether it is frozen: the disk is full",
        ),
    ],
)
def test_a_call_that_has_waited_is_not_sent_once_it_is_stopped(
    stop: str | Exception, code: ActionCode, message: str
) -> None:
    async def scenario() -> None:
        products = Products(crm=5.0)
        products.script("crm.find", GOOD)
        guarded = Guarded(products, replace(allow(WORKSPACE, "crm"), calls=1))
        calls = [asyncio.create_task(guarded.call()) for _ in range(2)]
        await asyncio.sleep(1)
        guarded.stop = stop
        answers = await asyncio.gather(*calls)
        assert GOOD in answers
        (answer,) = (each for each in answers if each != GOOD)
        assert (answer.code, answer.message, answer.requests, answer.is_unsent) == (code, message, 0, True)
        assert len(products.calls) == 1
        guarded.stop = None
        assert await guarded.call() == GOOD, "the turn was given back"

    run_virtual(scenario())


class Installation:
    """A world whose calls go through a guard that keeps its breakers in the store."""

    def __init__(self, host: ScriptedHost, calls: int = 10) -> None:
        self.products = host
        self.calls = calls
        self.world: World
        self.guards: list[GuardedHost] = []

    def guard(self, host: ActionHost) -> GuardedHost:
        guard = GuardedHost(
            host,
            find_allowance=lambda *place: replace(allow(*place), calls=self.calls),
            rule=RULE,
            clock=VirtualClock(),
            keep=self.keep,
            explain_stop=self.explain_stop,
        )
        self.guards.append(guard)
        return guard

    async def explain_stop(self, call: ActionCall) -> str | None:
        return await make_stop(self.world.store, self.world.catalog)(call)

    async def keep(self, workspace: str, breaker: Breaker) -> None:
        world = self.world
        await BreakerKeeper(store=world.store, clock=world.clock, ids=world.ids).keep(workspace, breaker)


async def finish(world: World, runs: list[str]) -> float:
    """Return the moment at which the last of these runs is over."""
    while not all([(await world.run(run)).status.is_final for run in runs]):
        await world.clock.sleep(0.05)
    return world.clock.monotonic()


@pytest.mark.parametrize("hung", [0, 200])
def test_while_one_product_hangs_the_others_are_called_at_full_rate(hung: int) -> None:
    products = Products(crm=30.0, whois=0.1)
    products.script("crm.find", HUNG)
    products.script("whois.domain_age", GOOD)
    installation = Installation(products)

    async def scenario(world: World) -> None:
        installation.world = world
        stuck = [await world.start(ASK % "crm.find", playbook="stuck") for _ in range(hung)]
        await world.clock.sleep(1.0)
        begun = world.clock.monotonic()
        fast = [await world.start(ASK % "whois.domain_age", playbook="fast") for _ in range(100)]
        assert await finish(world, fast) - begun == pytest.approx(1.0, abs=0.1)
        await world.pass_time(timedelta(minutes=3))
        assert {(await world.run(run)).status for run in stuck} <= {RunStatus.FAILED}

    play(scenario, host=products, guard=installation.guard, drivers=40)


def test_a_critical_alert_does_not_wait_for_a_flood_of_low_ones() -> None:
    products = Products(crm=5.0)
    products.script("crm.find", GOOD)
    installation = Installation(products, calls=2)

    async def scenario(world: World) -> None:
        installation.world = world
        flood = [
            await world.start(
                ASK % "crm.find", playbook="noisy", alert=build_alert(id=f"al_{number}", severity=Severity.LOW)
            )
            for number in range(200)
        ]
        await world.clock.sleep(1.0)
        alert = build_alert(id="al_bad", severity=Severity.CRITICAL)
        critical = await world.start(ASK % "crm.find", playbook="urgent", alert=alert)
        assert await finish(world, [critical]) <= 10.1
        assert not (await world.run(flood[-1])).status.is_final
        await world.settle()

    play(scenario, host=products, guard=installation.guard, drivers=20)


def test_a_dead_product_is_audited_outlives_a_restart_and_retries_ride_it_out() -> None:
    products = SlowHost()
    products.script("crm.find", DEAD, DEAD, DEAD, GOOD)
    installation = Installation(products)

    async def scenario(world: World) -> None:
        installation.world = world
        for _ in range(3):
            await world.start(ASK % "crm.find")
            await world.settle()
        (opened,) = await world.audit("breaker.opened")
        assert opened["target"] == {"kind": "connection", "id": "crm", "host": "crm.example"}
        assert opened["reason"] == DEAD.message
        after = installation.world = await world.restart()
        installation.guards[-1].restore(WORKSPACE, await after.read(lambda unit: unit.breakers.list()))
        refused = await after.start(HASTY)
        waiting = await after.start(ASK % "crm.find")
        patient = await after.start(PATIENT)
        await after.settle()
        assert len(products.calls) == 3
        assert (await after.run(refused)).status is RunStatus.FAILED
        await after.pass_time(timedelta(seconds=36))
        assert (await after.run(waiting)).status is RunStatus.SUCCEEDED
        assert (await after.run(patient)).status is RunStatus.SUCCEEDED
        assert len(products.calls) == 5
        (closed,) = await after.audit("breaker.closed")
        assert closed["after"] == {"status": "closed"}
        await after.stop()

    play(scenario, host=products, guard=installation.guard)


FEW = """
name: Note
on: {manual: {}}
steps:
  - {id: noted, uses: %s, with: {user: ann}}
"""


@pytest.mark.parametrize(("action", "sent"), [("crm.note", 1), ("crm.find", 2)])
def test_a_write_that_waits_for_its_turn_is_not_sent_after_a_freeze(action: str, sent: int) -> None:
    products = Products(crm=5.0)
    products.script(action, GOOD)
    installation = Installation(products, calls=1)

    async def scenario(world: World) -> None:
        installation.world = world
        runs = [await world.start(FEW % action) for _ in range(2)]
        await world.clock.sleep(1)
        await world.write(lambda unit: unit.freezes.add(build_freeze()))
        await finish(world, runs)
        assert len(products.calls) == sent
        faults = [(await world.state(run)).records["steps/0"].fault for run in runs]
        assert [fault.code for fault in faults if fault] == ["frozen"] * (2 - sent)

    play(scenario, host=products, guard=installation.guard)
