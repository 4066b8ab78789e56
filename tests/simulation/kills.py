"""A run whose process ends at each single write, one after the other, held against the same run undisturbed."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from soar.approvals.decide import Ballot, shown_digest
from soar.engine.retry import is_repeatable
from soar.ingest.request import Requester
from soar.ingest.schedule import TIMER_KIND
from soar.model.approval import Approval, ApprovalStatus, VoteChoice
from soar.model.audit import Actor
from soar.model.catalog import ActionSpec
from soar.model.errors import ActionCode
from soar.model.identity import Principal
from soar.model.run import Finding, Timer
from soar.model.step import Question
from soar.model.values import JsonValue
from soar.store import Unit
from tests.simulation.findings import say
from tests.simulation.outages import OutageDisk
from tests.simulation.products import SteadyProducts
from tests.simulation.service import SimulatedWorld
from tests.simulation.trials import Trial
from tests.simulation.watch import Watch
from tests.support.builders import build_principal
from tests.support.clock import VirtualClock
from tests.support.ids import SeededIds
from tests.support.loop import run_virtual
from tests.support.open_runs import list_open_runs
from tests.support.world import PEOPLE, check_record, open_peopled_store

_ALL = 10_000
_LONGEST = 500
_INSTANT = 0.01
_CONFIG = {"our_networks": ["198.51.100.0/24"]}
_INITIATOR = Requester(initiator="user:u_olga", actor=Actor(kind="user", id="u_olga", name="olga", via="web"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run ended, with the runs that came of it, and what products saw.

    Attributes:
        runs: how often a run of which playbook ended how.
        unknown: places of calls whose outcome nobody knows.
        settled: steps of which people, or the product when it was asked, said what their call did.
        effects: what happened, by action and step.
        writes: how often the store was written.
    """

    steps: Mapping[str, str]
    faults: Mapping[str, str]
    held: Mapping[str, str]
    runs: Counter[str]
    unknown: frozenset[str]
    settled: frozenset[str]
    effects: Counter[tuple[str, str]]
    writes: int


class KillFailedError(AssertionError):
    """A run that was interrupted came to another end than the undisturbed one."""


async def _drive(trial: Trial, last: int, *, is_written: bool) -> Ended:
    """Drive a run with a process that ends at its `last` write, and then another to the end."""
    store = await open_peopled_store(OutageDisk())
    watch = Watch()
    watch.store = store
    products = SteadyProducts(trial.outputs, watch=watch, catalog=trial.catalog)
    world = SimulatedWorld(
        store, host=products, clock=VirtualClock(), ids=SeededIds(1), catalog=trial.catalog, config=_CONFIG
    )
    try:
        run = await _begin(world, trial)
        if last:
            world.die_after(last, is_written=is_written)
        writes = -world.mortal.writes
        for _ in range(_LONGEST):
            await world.race(_go_on(world))
            watch.broken.extend(world.faults)
            watch.raise_broken()
            if world.is_dead:
                world = await world.restart()
            elif not world.queue._works and not await _is_anything_left(world):
                break
        watch.expect(not await _is_anything_left(world), "it does not come to an end")
        for said in products.doubled:
            watch.expect(holds=False, said=said)
        watch.raise_broken()
        await check_record(world)
        return await _look(world, products, run, writes + world.mortal.writes)
    finally:
        await world.stop()


async def _begin(world: SimulatedWorld, trial: Trial) -> str:
    for name, text in trial.texts.items():
        await world.serve(name, text)
    playbook, at = world.playbooks[trial.playbook], world.clock.now()
    run = await world.write(lambda unit: world.requests.request_by_hand(unit, playbook, trial.inputs, _INITIATOR, at))
    return run.id


async def _go_on(world: SimulatedWorld) -> None:
    """Let everybody say yes who is asked; with nobody asked, let time pass until something is due."""
    await world.clock.sleep(_INSTANT)  # what is due at the start comes first
    await world.settle()
    asked = (await world.read(lambda unit: unit.approvals.list(_ALL, status=ApprovalStatus.PENDING))).items
    for approval in sorted(asked, key=lambda each: each.step):
        await _say_yes(world, approval)
        await world.settle()
    await _find_out(world)
    timers = await _list_timers(world)
    if world.is_dead:
        return
    if timers and not asked:
        world.clock.jump(max(timers[0].due_at - world.clock.now(), timedelta()))
    world.kick()
    await world.clock.sleep(_INSTANT)
    await world.settle()


async def _find_out(world: SimulatedWorld) -> None:
    """Let somebody look what became of the calls of which nobody knows, and have tried again what did not happen."""
    products = world.host
    assert isinstance(products, SteadyProducts)
    for run, record in () if world.is_dead else products.watch.list_doubts():
        output = products.recall(run, record.path)
        await say(world, run, record.path, Finding.AGAIN if output is None else Finding.HAPPENED, output)
        await world.settle()


async def _say_yes(world: SimulatedWorld, asked: Approval) -> None:
    """Let everybody say yes, or what they know; whoever may not is refused."""
    at = world.clock.now()
    given = {name: _answer(field) for name, field in asked.fields.items()}

    def vote(unit: Unit, who: Principal) -> None:
        shown = shown_digest(unit.approvals.get(asked.id) or asked)
        ballot = Ballot(VoteChoice.APPROVE, shown, comment="seen", confirm=asked.confirm)
        world.approvals.vote(unit, asked.id, who, ballot, at)

    for principal in map(_principal, PEOPLE):
        if asked.is_question:
            await world.write(lambda unit, who=principal: world.approvals.answer(unit, asked.id, who, given, at))
        else:
            await world.write(lambda unit, who=principal: vote(unit, who))


def _answer(field: Question) -> JsonValue:
    if field.enum:
        return field.enum[0]
    return {"bool": False, "int": 3}.get(field.type, "as said")


def _principal(name: str) -> Principal:
    return build_principal(id=f"u_{name}", name=name, roles=frozenset({PEOPLE[name]}))


async def _is_anything_left(world: SimulatedWorld) -> bool:
    return bool(await _list_timers(world) or await list_open_runs(world.store) or await world.store.happenings())


async def _list_timers(world: SimulatedWorld) -> list[Timer]:
    """Return the timers, earliest first, but for those of schedules: they have no end."""
    timers = await world.timers_set()
    return [timer for timer in timers if not (isinstance(timer.event, dict) and timer.event.get("kind") == TIMER_KIND)]


async def _look(world: SimulatedWorld, products: SteadyProducts, run: str, writes: int) -> Ended:
    runs = await world.list_runs()
    assert all(each.status.is_final for each in runs), [each.id for each in runs if not each.status.is_final]
    states = {each.id: await world.state(each.id) for each in runs}
    unknown = {
        f"{each} {path}"
        for each, state in states.items()
        for path, record in state.records.items()
        if record.attempt and record.fault is not None and record.fault.code == ActionCode.UNKNOWN_OUTCOME
    }
    records = states[run].records
    return Ended(
        steps={path: record.status.value for path, record in records.items()},
        faults={path: record.fault.code for path, record in records.items() if record.fault is not None},
        held={each.step: each.status.value for each in await world.held() if each.run == run},
        runs=Counter(f"{each.playbook} {each.status.value}" for each in runs),
        unknown=frozenset(unknown),
        settled=frozenset(products.watch.settled),
        effects=Counter((action, step) for action, step, _ in products.arrivals),
        writes=writes,
    )


def drive(trial: Trial, last: int = 0, *, is_written: bool = True, seed: int = 1) -> Ended:
    """Drive a trial's run to its end; the process ends at its `last` write, or does not if that is 0."""
    return run_virtual(_drive(trial, last, is_written=is_written), seed=seed)


def compare(trial: Trial, undisturbed: Ended, ended: Ended) -> None:
    """Check that the end of the process changed nothing, unless it left calls whose outcome nobody knows.

    What somebody settles comes later, which may change what other branches see of it in a playbook made by chance.

    Raises:
        KillFailedError: it changed something.
    """
    if ended.unknown or (ended.settled and not trial.is_ordered):
        lost = {place.partition(" ")[2] for place in ended.unknown} | ended.settled
        sent = {step for action, step in undisturbed.effects if not is_repeatable(_spec(trial, action))}
        if not lost <= sent:
            raise KillFailedError(f"{trial.name}: unknown is {lost}, and only {sent} can be")
        return
    if replace(ended, writes=undisturbed.writes, settled=undisturbed.settled) != undisturbed:
        raise KillFailedError(f"{trial.name}:\n{undisturbed}\n{ended}")


def kill_everywhere(trial: Trial, *, stride: int = 1, offset: int = 0) -> Counter[str]:
    """End a trial's process at its writes, just before each is durable and just after; return what was seen.

    Raises:
        KillFailedError: an end of the process changed how the run ended.
    """
    undisturbed = drive(trial)
    seen: Counter[str] = Counter(writes=undisturbed.writes)
    for last in range(1 + offset % min(stride, undisturbed.writes), undisturbed.writes + 1, stride):
        for is_written in (True, False):
            try:
                ended = drive(trial, last, is_written=is_written)
            except AssertionError as error:
                when = "after" if is_written else "before"
                raise KillFailedError(f"{trial.name}, ended {when} write {last}: {error}") from error
            compare(trial, undisturbed, ended)
            seen["deaths"] += 1
            seen["unknown outcomes"] += len(ended.unknown)
            seen["settled outcomes"] += len(ended.settled)
    return seen


def _spec(trial: Trial, action: str) -> ActionSpec:
    spec = trial.catalog.find_action(action)
    assert spec is not None, action
    return spec
