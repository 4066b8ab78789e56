"""One revision tried on alerts: matched, deduplicated, rehearsed, and what came of it."""

import textwrap
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from soar.model.alert import Alert
from soar.model.approval import ApprovalStatus
from soar.model.catalog import Catalog
from soar.model.errors import ActionCode, BugError
from soar.model.process import ActionAnswer
from soar.model.values import JsonValue
from soar.rehearsal.answers import Origin
from soar.rehearsal.assumptions import Decide
from soar.rehearsal.backtest import Trial
from soar.rehearsal.history import History, PastCall, PastDecision
from soar.rehearsal.outcome import Ending, Outcome
from soar.rehearsal.passage import Candidate, Products
from tests.support.builders import build_alert, build_approval, build_card
from tests.support.clock import START
from tests.unit.rehearsal.conftest import CATALOG, SITE, parse

UNSIMULATED = Catalog({"crm": replace(CATALOG.connectors["crm"], has_simulator=False)})
USER = """\
on: {alert: {source: siem, match: alert.kind == "seen"}}
inputs: {user: {type: string, from: alert.raw.user}}
"""
LOOK = f"""\
{USER}saves: 10m
steps:
  - id: look
    saves: 5m
    uses: crm.find
    with: {{user: "${{{{ inputs.user }}}}"}}
"""
WIPE = f"""\
{USER}steps:
  - id: wipe
    uses: crm.wipe
    with: {{user: "${{{{ inputs.user }}}}"}}
    approve: {{by: role:analyst, quorum: 2, timeout: 30m, on_deny: continue, comment: required}}
"""


def trial(playbook: str, decide: Decide = Decide.APPROVE, catalog: Catalog = UNSIMULATED) -> Trial:
    parsed, text = parse(playbook)
    products = Products(connectors={}, connections={})
    return Trial(Candidate(parsed, text), replace(SITE, catalog=catalog), products, decide)


def seen(number: int = 1, user: JsonValue = "ann", after: timedelta = timedelta()) -> Alert:
    return build_alert(id=f"al_{number}", kind="seen", received_at=START + after, raw={"user": user})


def answer(action: str, arguments: Mapping[str, JsonValue], answer: ActionAnswer) -> PastCall:
    return PastCall(action=action, arguments=dict(arguments), answer=answer, length=timedelta())


FOUND = History((answer("crm.find", {"user": "ann"}, ActionAnswer(output={})),))
WIPED = History((answer("crm.wipe", {"user": "ann"}, ActionAnswer(output={})),))


def test_a_run_is_told_with_its_calls_and_what_it_saves() -> None:
    outcome = trial(LOOK).take(seen(), lambda: FOUND)
    assert (outcome.ending, outcome.questions, outcome.saved) == (Ending.SUCCEEDED, (), timedelta(minutes=15))
    (call,) = outcome.calls
    assert (call.action, call.arguments, call.origin) == ("crm.find", '{"user": "ann"}', Origin.RECORDED)


def test_an_alert_that_is_not_taken_needs_no_history() -> None:
    def refuse() -> History:
        raise BugError("nobody may ask")

    tried = trial(LOOK)
    assert tried.take(replace(seen(), kind="other"), refuse) == Outcome(ending=Ending.UNMATCHED)
    rejected = tried.take(seen(user=None), refuse)
    assert rejected.ending is Ending.REJECTED
    assert "inputs.user" in rejected.reason


def test_a_history_that_cannot_be_read_breaks_its_own_alert_alone() -> None:
    def fail() -> History:
        raise BugError("the journal jumps from 1 to 3")

    tried = trial(LOOK)
    broken = tried.take(seen(1), fail)
    assert broken == Outcome(ending=Ending.BROKEN, reason="BugError: the journal jumps from 1 to 3")
    assert tried.take(seen(2), lambda: FOUND).ending is Ending.SUCCEEDED


def test_a_run_that_cannot_be_driven_is_broken() -> None:
    parsed, _ = parse(LOOK)
    products = Products(connectors={}, connections={})
    broken = Trial(Candidate(parsed, "no playbook"), SITE, products, Decide.APPROVE).take(seen(), lambda: FOUND)
    assert (broken.ending, broken.calls) == (Ending.BROKEN, ())
    assert "cannot be parsed" in broken.reason


def test_a_playbook_that_is_called_is_nobodys_to_answer_for() -> None:
    text = LOOK.replace("uses: crm.find", "uses: playbook.other")
    outcome = trial(text).take(seen(), lambda: FOUND)
    assert (outcome.ending, outcome.reason) == (
        Ending.UNANSWERED,
        "unknown answer of playbook.other: the run stops here",
    )


def test_a_failed_call_fails_again_and_its_attempts_count_once() -> None:
    broken = answer("crm.find", {"user": "ann"}, ActionAnswer(code=ActionCode.UNAVAILABLE, message="down"))
    outcome = trial(LOOK).take(seen(), lambda: History((broken,)))
    assert (outcome.ending, outcome.saved) == (Ending.FAILED, timedelta())
    assert "down" in outcome.reason
    assert len(outcome.calls) == 1


def test_a_call_that_nobody_can_answer_stops_the_run() -> None:
    after = "  - uses: crm.note\n    with: {text: never}\n"
    outcome = trial(LOOK + "    on_failure: continue\n" + after).take(seen(), History)
    assert (outcome.ending, outcome.reason) == (Ending.UNANSWERED, "unknown answer of crm.find: the run stops here")
    assert [(call.action, call.origin) for call in outcome.calls] == [("crm.find", None)]


@pytest.mark.parametrize(
    ("duplicate", "minutes", "endings"),
    [
        ("attach", (0, 30, 61, 62), ("succeeded", "attached", "succeeded", "attached")),
        ("drop", (0, 60, 61, 62), ("succeeded", "dropped", "succeeded", "dropped")),
        ("run", (0, 30), ("succeeded", "succeeded")),
    ],
)
def test_duplicates_are_known_for_as_long_as_the_window_says(
    duplicate: str, minutes: tuple[int, ...], endings: tuple[str, ...]
) -> None:
    tried = trial(f"dedupe: {{key: inputs.user, window: 1h, on_duplicate: {duplicate}}}\n{LOOK}")
    taken = [tried.take(seen(number, after=timedelta(minutes=number)), lambda: FOUND) for number in minutes]
    assert tuple(outcome.ending.value for outcome in taken) == endings


def test_a_key_without_a_value_is_rejected_and_a_rejected_alert_has_no_duplicates() -> None:
    tried = trial(f"dedupe: {{key: alert.raw.thread}}\n{LOOK}")
    assert [tried.take(seen(number), lambda: FOUND).ending for number in (1, 2)] == [Ending.REJECTED] * 2


@pytest.mark.parametrize(
    ("decide", "status", "calls"),
    [
        (Decide.APPROVE, ApprovalStatus.APPROVED, 1),
        (Decide.RECORDED, ApprovalStatus.APPROVED, 1),
        (Decide.DENY, ApprovalStatus.DENIED, 0),
        (Decide.SILENCE, ApprovalStatus.EXPIRED, 0),
    ],
)
def test_people_do_what_is_assumed(decide: Decide, status: ApprovalStatus, calls: int) -> None:
    outcome = trial(WIPE, decide).take(seen(), lambda: WIPED)
    (question,) = outcome.questions
    assert (question.step, question.action, question.by) == ("wipe", "crm.wipe", ("role:analyst",))
    assert (question.status, question.is_recorded, len(outcome.calls)) == (status, False, calls)
    assert outcome.ending is Ending.SUCCEEDED


@pytest.mark.parametrize("status", [ApprovalStatus.APPROVED, ApprovalStatus.DENIED, ApprovalStatus.EXPIRED])
def test_what_was_decided_is_decided_again(status: ApprovalStatus) -> None:
    call: JsonValue = {"step": "steps/7", "action": "crm.wipe", "connection": "crm", "arguments": {"user": "ann"}}
    past = build_approval(status=status, card=build_card(action="crm.wipe", arguments=[call]))
    decided = PastDecision(approval=past, waited=timedelta(minutes=5), length=timedelta(minutes=6))
    history = replace(WIPED, decisions=(decided,))
    (question,) = trial(WIPE, Decide.RECORDED).take(seen(), lambda: history).questions
    assert (question.status, question.is_recorded) == (status, True)


def test_a_yes_that_comes_too_late_is_silence() -> None:
    hasty = WIPE.replace("timeout: 30m", "timeout: 30s")
    assert ask(hasty, Decide.APPROVE) == [ApprovalStatus.EXPIRED]


def test_votes_that_decide_nothing_leave_the_question_to_expire() -> None:
    assert ask(WIPE.replace("quorum: 2", "veto: false"), Decide.DENY) == [ApprovalStatus.EXPIRED]


def test_a_question_that_nobody_can_answer_is_told_as_refused() -> None:
    many = WIPE.replace("quorum: 2", "quorum: '${{ 40 + 2 }}'")
    assert ask(many, Decide.APPROVE) == [ApprovalStatus.REFUSED]


def ask(playbook: str, decide: Decide) -> list[ApprovalStatus]:
    outcome = trial(playbook, decide).take(seen(), lambda: WIPED)
    assert outcome.calls == ()
    return [question.status for question in outcome.questions]


def test_a_shadow_run_withholds_its_writes() -> None:
    outcome = trial(f"mode: shadow\n{WIPE}").take(seen(), History)
    assert (outcome.ending, outcome.questions) == (Ending.SUCCEEDED, ())
    (call,) = outcome.calls
    assert (call.action, call.targets, call.is_withheld, call.origin) == ("crm.wipe", 1, True, None)


def test_simulated_calls_end_at_no_product() -> None:
    outcome = trial(LOOK, catalog=CATALOG).take(seen(), History)
    assert (outcome.ending, [call.origin for call in outcome.calls]) == (Ending.FAILED, [Origin.SIMULATED])
    assert textwrap.shorten(outcome.reason, 200).endswith("there is no action crm.find")
