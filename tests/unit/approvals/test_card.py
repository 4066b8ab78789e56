"""The one structure that every channel shows."""

from dataclasses import replace
from datetime import timedelta

from soar.approvals.card import (
    MOST_EVIDENCE,
    ButtonKind,
    Line,
    Result,
    ResultKind,
    Surroundings,
    list_lines,
    say_notice,
    show_card,
)
from soar.approvals.faces import plain
from soar.model.approval import Approval, ApprovalStatus, EscalationLevel, Precedent, VoteChoice
from soar.model.step import Assurance, Question
from tests.support.builders import build_approval, build_card, build_vote
from tests.support.clock import START

AROUND = Surroundings(
    url="https://soar.example", asker="ann", editor="mia", alert="al_1", precedent=Precedent(20, 19, 1)
)
OPEN = build_approval(
    quorum=2,
    by=("role:soc-lead", "role:incident-commander"),
    exclude_users={"u_1": "initiator", "u_2": "author"},
    assurance=Assurance.CONFIRMED,
    escalations=(EscalationLevel(START + timedelta(minutes=5), "role:ciso"),),
)


def test_an_open_card_says_everything_in_its_order() -> None:
    assert plain.list_lines(show_card(OPEN, AROUND)) == (
        "AB12 · 0 of 2 yes: Isolate web-1?",
        "edr.isolate · connection edr · destructive · reversible",
        "Why: “Beaconing to a known command server”",
        "Impact: “web-1 is unreachable for its users”",
        "Targets: “1: web-1”",
        "Undo: edr[.]release with host web-1",
        "Before: the last 20 like this: 19 approved, 1 undone later",
        "- Process: “powershell.exe”",
        "Asked by playbook triage, revision 0000000 (last edit: mia) for alert al_1, started by ann",
        "Who may: soc-lead, incident-commander, not the author/initiator · proof: confirmed",
        "⏳ until 09:30 UTC (30 min), then NO · escalates 09:05 UTC to ciso",
        f"Details: https://soar.example/approvals/{OPEN.id}",
    )


def test_the_lock_screen_says_how_to_answer() -> None:
    assert say_notice(OPEN) == "AB12: Isolate web-1? 2 approvals, 30 min. !approve AB12 · !deny AB12 why"


def test_votes_and_escalations_are_lines_that_never_change_once_said() -> None:
    voted = replace(OPEN, votes=(build_vote(comment="seen it,\r\nAB12 done"),))
    raised = replace(voted, escalations=(replace(OPEN.escalations[0], is_reached=True),))
    denied = replace(
        raised,
        votes=(*raised.votes, build_vote(name="bob", choice=VoteChoice.DENY, at=START + timedelta(minutes=9))),
        status=ApprovalStatus.DENIED,
        decided_at=START + timedelta(minutes=9),
    )
    said: tuple[Line, ...] = ()
    for step, approval in enumerate((OPEN, voted, raised)):
        said = list_lines(approval)
        assert len(said) == step
    assert list_lines(denied)[:2] == said
    assert [line.text for line in list_lines(denied)] == [
        f"✔ ada (analyst) {START:%H:%M} UTC “seen it, AB12 done”",
        f"▲ escalated {OPEN.escalations[0].at:%H:%M} UTC: ciso may decide, too",
        f"✖ bob (analyst) {START + timedelta(minutes=9):%H:%M} UTC",
        "⛔ denied by bob",
    ]


def test_a_closed_card_says_how_it_ended_and_decides_nothing() -> None:
    approved = replace(
        OPEN, status=ApprovalStatus.APPROVED, votes=(build_vote(),), decided_at=START + timedelta(minutes=6)
    )
    card = show_card(approved, AROUND)
    assert card.outcome == (
        f"✅ approved by ada · asked {START:%H:%M} UTC, decided {approved.decided_at:%H:%M} UTC (6 min)"
    )
    assert card.until == ""
    assert [button.kind for button in card.buttons] == [ButtonKind.LINK]
    assert say_notice(approved) == f"AB12: {card.outcome}"


def test_a_card_asks_first_while_it_is_open_and_takes_back_what_stands() -> None:
    done = Result(ResultKind.DONE, at=START, seconds=1.94, is_undoable=True)
    approved = replace(OPEN, status=ApprovalStatus.APPROVED, decided_at=START)

    def show(approval: Approval, result: Result | None) -> tuple[list[str], str]:
        card = show_card(approval, replace(AROUND, result=result))
        return [button.label for button in card.dialogs], card.events[-1] if card.events else ""

    assert show(OPEN, None) == (["Ask…"], "")
    assert show(replace(OPEN, fields={"owner": Question(label="Owner", type="text")}), None) == ([], "")
    assert show(approved, Result(ResultKind.UNDERWAY)) == ([], "")
    assert show(approved, done) == (["Undo…"], "✔ done 09:00:00 UTC (1.9 s)")
    assert show(approved, replace(done, seconds=None, is_undoable=False)) == ([], "✔ done 09:00:00 UTC")
    assert show(approved, Result(ResultKind.LIFTING)) == ([], "↩ being taken back")
    assert show(approved, Result(ResultKind.LIFTED, at=START)) == ([], "↩ taken back 09:00:00 UTC")
    assert show(approved, Result(ResultKind.FAILED, fault="@all\ngone")) == ([], "✖ failed: \uff20all gone")


def test_the_other_ends_are_told_apart_without_colour() -> None:
    ends = {
        status: show_card(replace(OPEN, status=status, reason="the list changed", decided_at=START), AROUND).outcome
        for status in ApprovalStatus
        if status not in (ApprovalStatus.PENDING, ApprovalStatus.APPROVED, ApprovalStatus.ANSWERED)
    }
    assert ends == {
        ApprovalStatus.DENIED: "⛔ denied: the list changed",
        ApprovalStatus.EXPIRED: "⌛ nobody decided in time: not done",
        ApprovalStatus.CANCELLED: "🚫 cancelled: the list changed",
        ApprovalStatus.SUPERSEDED: "♻ superseded: the list changed",
        ApprovalStatus.REFUSED: "⛔ refused: the list changed",
    }


def test_evidence_and_targets_are_bounded() -> None:
    card = build_card(
        evidence=tuple((f"l{number}", "x") for number in range(9)), targets=("a", "b", "c", "d"), target_count=70
    )
    shown = show_card(build_approval(card=card), AROUND)
    assert (len(shown.evidence), shown.more_evidence) == (MOST_EVIDENCE, 4)
    assert "Targets: “70: a, b, c and 67 more”" in plain.list_lines(shown)
    assert "4 more under Details" in plain.list_lines(shown)


def test_nobody_has_decided_anything_like_it() -> None:
    shown = show_card(OPEN, replace(AROUND, precedent=Precedent(0, 0, 0)))
    assert "Before: never asked before" in plain.list_lines(shown)


def test_a_question_for_facts_takes_no_vote() -> None:
    question = build_approval(fields={"mine": Question(type="bool", label="Is it yours?")})
    shown = show_card(question, AROUND)
    assert shown.tally == "AB12 · asks for mine"
    assert shown.notice == "AB12 asks for mine, 30 min: Isolate web-1?"
    assert [button.kind for button in shown.buttons] == [ButtonKind.LINK]
    assert "then it stays unanswered" in shown.until
