"""The last look before a call: what people did not agree to is not done, whoever changed what meanwhile."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from soar.approvals import service
from soar.approvals.tidings import tell_run
from soar.engine.gate import digest_calls
from soar.model.approval import Approval, ApprovalStatus
from soar.model.process import ActionAnswer
from soar.model.run import Mode, RunStatus
from soar.policy import DEFAULT_POLICY, Policy, ProtectedRule
from tests.support.world import World, play

ASKING = """
name: Tried
on: {manual: {}}
steps:
  - id: wiped
    uses: crm.wipe
    with: {user: web-1}
    approve: {by: role:analyst, reason: r}
"""
UNASKED = """
name: Tried
on: {manual: {}}
steps:
  - {id: wiped, uses: crm.wipe, with: {user: web-1}}
"""


async def reach_gate(world: World, text: str = ASKING, mode: Mode = Mode.LIVE) -> str:
    for action in ("crm.wipe", "crm.find", "crm.note"):
        world.host.script(action, ActionAnswer(output={}))
    run = await world.start(text, mode=mode)
    await world.settle()
    return run


async def check_forbidden(world: World, run: str, why: str) -> None:
    """Check that nothing was called, and that run and audit say why."""
    ended = await world.run(run)
    assert (ended.status, ended.reason) == (RunStatus.FAILED, f"wiped: not called: {why}")
    assert (await world.state(run)).records["steps/0"].fault.code == "forbidden"
    assert world.host.calls == []
    (started,) = await world.audit("action.started")
    assert (started["outcome"], started["reason"]) == ("denied", why)
    (finished,) = await world.audit("action.finished")
    assert finished["outcome"] == "failure"


def other_target(approval: Approval) -> Approval:
    call = dict(approval.card.arguments[0]) | {"arguments": {"user": "web-2"}}
    return replace(approval, card=replace(approval.card, arguments=[call]))


def one_more_call(approval: Approval) -> Approval:
    calls = [*approval.card.arguments, *approval.card.arguments]
    return replace(approval, card=replace(approval.card, arguments=calls))


def forge(approval: Approval) -> Approval:
    """Return the approval with a digest that fits what it says now."""
    digest = digest_calls(
        workspace="default",
        run=approval.run,
        revision=approval.revision,
        step=approval.step,
        calls=approval.card.arguments,
    )
    return replace(approval, digest=digest)


CHANGES: dict[str, tuple[Callable[[Approval], Approval], str]] = {
    "denied": (lambda found: replace(found, status=ApprovalStatus.DENIED), "its approval is not given"),
    "pending": (lambda found: replace(found, status=ApprovalStatus.PENDING), "its approval is not given"),
    "expired": (lambda found: replace(found, status=ApprovalStatus.EXPIRED), "its approval is not given"),
    "other target": (other_target, "its approval is for something else"),
    "more calls": (one_more_call, "its approval is for something else"),
    "no list": (lambda found: replace(found, card=replace(found.card, arguments={})), "its approval covers no call"),
    "other run": (lambda found: replace(found, run="run_other"), "its approval is for something else"),
    "other step": (lambda found: replace(found, step="steps/1"), "its approval is for something else"),
    "other revision": (lambda found: replace(found, revision="sha256:0"), "its approval is for something else"),
    "forged target": (
        lambda found: forge(other_target(found)),
        "what would be sent differs from what was approved",
    ),
    "forged run": (lambda found: forge(replace(found, run="run_other")), "its approval is for something else"),
    "forged revision": (lambda found: forge(replace(found, revision="sha256:0")), "its approval is for something else"),
    "other digest": (lambda found: replace(found, digest="sha256:0"), "its approval is for something else"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_an_approval_changed_under_the_runs_feet_allows_nothing(change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil, why = CHANGES[change]

    async def scenario(world: World) -> None:
        run = await reach_gate(world)
        asked = await world.pending()

        def tell_and_spoil(unit: object, approval: Approval, moment: object) -> None:
            tell_run(unit, approval, moment)
            spoiled = replace(spoil(approval), version=approval.version + 1)
            unit.approvals.update(spoiled, expected=approval.version)

        monkeypatch.setattr(service, "tell_run", tell_and_spoil)
        await world.vote("bob", confirm=asked.confirm)
        await check_forbidden(world, run, why)

    play(scenario)


def test_an_approval_of_the_same_thing_allows_it() -> None:
    async def scenario(world: World) -> None:
        run = await reach_gate(world)
        await world.vote("bob", confirm="web-1")
        assert (await world.run(run)).status is RunStatus.SUCCEEDED
        assert len(world.host.calls) == 1

    play(scenario)


def test_a_destructive_call_that_nobody_was_asked_about_is_not_made() -> None:
    async def scenario(world: World) -> None:
        run = await reach_gate(world, UNASKED)
        await check_forbidden(world, run, "policy `gate-destructive` wants an approval before this")

    play(scenario)


def test_a_gate_switched_off_by_its_condition_does_not_free_what_the_policy_holds() -> None:
    async def scenario(world: World) -> None:
        run = await reach_gate(world, ASKING.replace("reason: r", 'reason: r, if: "false"'))
        await check_forbidden(world, run, "policy `gate-destructive` wants an approval before this")

    play(scenario)


def test_what_is_protected_is_left_alone_whatever_anybody_approves() -> None:
    protected = ProtectedRule(kind="host", match='target.id == "web-1"')

    async def scenario(world: World) -> None:
        run = await reach_gate(world)
        await world.vote("bob", confirm="web-1")
        ended = await world.run(run)
        assert ended.status is RunStatus.FAILED
        assert (await world.state(run)).records["steps/0"].fault.code == "forbidden"
        assert world.host.calls == []

    play(scenario, policy=Policy(gates=DEFAULT_POLICY.gates, protected=(protected,)))


def test_a_shadow_run_reads_and_changes_nothing() -> None:
    text = UNASKED + "  - {id: found, uses: crm.find}\n"

    async def scenario(world: World) -> None:
        run = await reach_gate(world, text, mode=Mode.SHADOW)
        assert (await world.run(run)).status is RunStatus.SUCCEEDED
        assert [call.action for call in world.host.calls] == ["crm.find"]

    play(scenario)


GROUP = """
name: Tried
on: {manual: {}}
steps:
  - id: both
    name: Both
    approve: {by: role:analyst, reason: r}
    steps:
      - {id: found, uses: crm.find, with: {user: "${{ now() }}"}}
      - {id: wiped, uses: crm.wipe, with: {user: web-1}}
      - {id: noted, uses: crm.note, with: {user: web-1}}
"""


def test_the_yes_to_a_group_covers_the_writes_inside_and_lets_the_reads_go() -> None:
    async def scenario(world: World) -> None:
        run = await reach_gate(world, GROUP)
        asked = await world.pending()
        assert [call["action"] for call in asked.card.arguments] == ["crm.wipe", "crm.note"]
        await world.vote("bob", confirm=asked.confirm)
        assert (await world.run(run)).status is RunStatus.SUCCEEDED
        assert [call.action for call in world.host.calls] == ["crm.find", "crm.wipe", "crm.note"]

    play(scenario)


def test_a_read_behind_its_own_gate_needs_its_own_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    text = ASKING.replace("crm.wipe", "crm.find")

    async def scenario(world: World) -> None:
        run = await reach_gate(world, text)

        def tell_and_spoil(unit: object, approval: Approval, moment: object) -> None:
            tell_run(unit, approval, moment)
            call = dict(approval.card.arguments[0]) | {"connection": "crm-two"}
            spoiled = replace(approval, card=replace(approval.card, arguments=[call]), version=approval.version + 1)
            unit.approvals.update(spoiled, expected=approval.version)

        monkeypatch.setattr(service, "tell_run", tell_and_spoil)
        await world.vote("bob")
        await check_forbidden(world, run, "its approval is for something else")

    play(scenario)
