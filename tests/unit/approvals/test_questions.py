"""Questions for facts in the store, from the step that asks to the run that hears the answer."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from soar.approvals.decide import Refusal
from soar.model.approval import Approval, ApprovalStatus
from soar.model.identity import PrincipalKind
from soar.model.process import ActionAnswer
from soar.model.step import Assurance
from soar.model.values import JsonValue
from tests.support.builders import build_principal
from tests.support.clock import START
from tests.support.world import PEOPLE, WORKSPACE, World, play

FIELDS = "{mine: {type: bool, label: It was me}, seen: {type: ip, default: 198.51.100.7}}"


def asking(to: str = "bob@corp.example", *, fields: str = FIELDS, on_timeout: str = "stop") -> str:
    return f"""
name: Tried
on: {{manual: {{}}}}
steps:
  - id: owner
    name: Ask the owner
    ask: {{to: "{to}", question: "Was it you?", fields: {fields}, timeout: 20m, on_timeout: {on_timeout}}}
  - id: note
    uses: crm.note
    with: {{user: "${{{{ json(default(steps.owner.output, 'nobody knows')) }}}}"}}
"""


async def ask(world: World, text: str = "", initiator: str = "source:siem") -> Approval:
    world.host.script("crm.note", ActionAnswer(output={}))
    run = await world.start(text or asking(), initiator=initiator)
    await world.settle()
    return await world.approval(run)


async def answer(
    world: World,
    name: str = "bob",
    given: Mapping[str, JsonValue] | None = None,
    *,
    kind: PrincipalKind = PrincipalKind.USER,
    approval: str | None = None,
) -> str:
    """Let a person answer, and return what came of it."""
    reference = approval or (await world.approval()).code
    principal = build_principal(kind=kind, id=f"u_{name}", name=name, roles=frozenset({PEOPLE.get(name, "none")}))
    answers = {"mine": True} if given is None else given
    outcome = await world.write(
        lambda unit: world.approvals.answer(unit, reference, principal, answers, world.clock.now())
    )
    if isinstance(outcome, Refusal):
        return outcome.code
    world.queue.wake(WORKSPACE, outcome.run)
    await world.settle()
    return outcome.status.value


def test_a_step_asks_whom_it_names_and_goes_on_with_the_answers() -> None:
    async def scenario(world: World) -> None:
        asked = await ask(world)
        assert (asked.status, asked.by, asked.card.question) == (
            ApprovalStatus.PENDING,
            ("user:bob@corp.example",),
            "Was it you?",
        )
        assert (asked.quorum, asked.assurance, asked.confirm) == (1, Assurance.LINKED, "")
        assert asked.expires_at == START + timedelta(minutes=20)
        assert await answer(world) == "answered"
        assert (await world.run(asked.run)).status == "succeeded"
        ((call),) = world.host.calls
        assert call.arguments == {"user": '{"mine":true,"seen":"198.51.100.7"}'}
        assert await world.timers_set() == []

    play(scenario)


def test_the_record_says_who_answered_what_and_from_where() -> None:
    async def scenario(world: World) -> None:
        asked = await ask(world)
        await answer(world)
        (requested,), (answered,) = await world.audit("approval.requested"), await world.audit("approval.answered")
        assert requested["digest"] == answered["digest"] == asked.digest
        assert (answered["outcome"], answered["actor"]["name"], answered["actor"]["assurance"]) == (
            "success",
            "bob",
            "linked",
        )
        assert answered["actor"]["via"] == "web"
        assert answered["after"] == {
            "status": "answered",
            "votes": 0,
            "version": 2,
            "answers": {"mine": True, "seen": "198.51.100.7"},
        }
        assert (await world.verify()).is_sound

    play(scenario)


def test_the_chat_hears_what_was_answered() -> None:
    async def scenario(world: World) -> list[str]:
        await ask(world)
        await answer(world)
        return [message.text for message in await world.messages()]

    card, said, closed = play(scenario)
    code = card.partition(" ")[0]
    assert card == (
        f"{code} asks bob@corp.example, 20 min. To answer: soar approval answer {code} mine=… seen=… “Was it you?”"
    )
    assert said == f'{code} bob: mine: true, seen: "198.51.100.7"'
    assert closed == f"{code} answered by bob"


def test_whoever_is_not_asked_does_not_answer_and_the_record_says_so() -> None:
    async def scenario(world: World) -> None:
        asked = await ask(world)
        assert await answer(world, "ann") == "not_allowed"
        assert await answer(world, "bob", kind=PrincipalKind.SOURCE) == "not_allowed"
        assert await answer(world, given={"mine": "perhaps"}) == "answers_invalid"
        assert await world.pending() == asked
        refused = await world.audit("approval.answered")
        assert [event["outcome"] for event in refused] == ["denied"] * 3
        assert str(refused[0]["reason"]).endswith("it needs bob@corp.example (you: analyst).")
        assert str(refused[2]["reason"]).endswith("do not fit: mine: `perhaps` is not a bool.")

    play(scenario)


@pytest.mark.parametrize("to", ["role:analyst", "user:BOB@corp.example"])
def test_who_started_the_run_may_know_the_answer(to: str) -> None:
    async def scenario(world: World) -> str:
        await ask(world, asking(to), initiator="user:u_bob")
        return await answer(world, kind=PrincipalKind.TOKEN)

    assert play(scenario) == "answered"


def test_a_question_is_answered_once_and_a_late_answer_is_told_so() -> None:
    async def scenario(world: World) -> None:
        asked = await ask(world)
        assert await answer(world) == "answered"
        assert await answer(world, approval=asked.id) == "already_decided"
        again = await ask(world)
        world.clock.jump(timedelta(minutes=20))
        assert await answer(world, approval=again.id) == "expired"

    play(scenario, has_timers=False)


@pytest.mark.parametrize(
    ("on_timeout", "ended"), [("stop", "timed_out"), ("continue", "succeeded"), ("fail", "failed")]
)
def test_nobody_answers(on_timeout: str, ended: str) -> None:
    async def scenario(world: World) -> None:
        asked = await ask(world, asking(on_timeout=on_timeout))
        await world.pass_time(timedelta(minutes=20))
        assert (await world.approval()).status is ApprovalStatus.EXPIRED
        assert (await world.run(asked.run)).status == ended
        kinds = [event["type"] for event in await world.audit("approval.")]
        assert kinds == ["approval.requested", "approval.reminded", "approval.reminded", "approval.expired"]
        said = [message.text.partition(" ")[2] for message in await world.messages()]
        assert said[1:] == [
            "still waiting for bob@corp.example; asked for 10 min more",
            "still waiting for bob@corp.example; asked for 4 min more",
            "nobody answered in time",
        ]
        assert await world.timers_set() == []

    play(scenario)


@pytest.mark.parametrize("to", ["nobody@corp.example", "role:publisher", "group:x"])
def test_a_question_that_nobody_could_ever_answer_is_refused_at_once(to: str) -> None:
    async def scenario(world: World) -> None:
        asked = await ask(world, asking(to))
        assert asked.status is ApprovalStatus.REFUSED
        assert asked.reason == f"it needs one person of {to.partition(':')[2] or to}, and nobody could ever answer"
        run = await world.run(asked.run)
        assert (run.status, run.finished_at) == ("failed", START)
        assert await world.timers_set() == []
        assert await world.messages() == []

    play(scenario)


def test_a_cancelled_run_takes_its_question_back() -> None:
    async def scenario(world: World) -> None:
        asked = await ask(world)
        await world.cancel(asked.run)
        assert (await world.approval()).status is ApprovalStatus.CANCELLED
        assert await answer(world, approval=asked.id) == "already_decided"

    play(scenario)


def test_a_question_takes_no_vote_and_a_gate_no_answers() -> None:
    async def scenario(world: World) -> None:
        asked = await ask(world)
        voted = await world.vote("bob")
        assert isinstance(voted, Refusal)
        assert (voted.code, voted.reason) == (
            "is_question",
            f"{asked.code} asks for facts and takes no vote; answer mine, seen.",
        )
        await answer(world)
        gate = "\nname: Tried\non: {manual: {}}\nsteps:\n  - {id: gate, approve: role:analyst, set: {a: 1}}\n"
        await ask(world, gate)
        assert await answer(world) == "is_approval"
        assert [event["outcome"] for event in await world.audit("approval.voted")] == ["denied"]

    play(scenario)
