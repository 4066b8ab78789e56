"""The card: one structure for every channel, from a question and what is known around it. Pure.

The order is fixed. What the engine computes stands apart from what the author wrote, which may quote an attacker: that
is marked as quoted, and shown as such.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from soar.approvals.decide import deciders, name_all, say_outcome, say_part
from soar.approvals.hostile import clean, fence
from soar.approvals.parts import find_allowed
from soar.model.approval import Approval, ApprovalStatus, EscalationLevel, Precedent, Vote, VoteChoice
from soar.model.run import Mode

MOST_EVIDENCE = 5
"""Lines of evidence that a card shows; the rest is behind its link."""
MOST_EVENTS = 5
"""Votes and escalations that a card shows, the latest."""
_LABEL = 60
_ENGINE = 200
_SHOWN_TARGETS = 3


class ButtonKind(StrEnum):
    """What a button does: it opens a dialog, or a page."""

    APPROVE = "approve"
    DENY = "deny"
    ASK = "ask"
    UNDO = "undo"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class Button:
    """A button; none of them decides anything by itself.

    Attributes:
        url: of the page, for a link.
    """

    kind: ButtonKind
    label: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A labelled line.

    Attributes:
        is_quoted: whether somebody else's text is in it, so that it is shown in code or quotation style.
    """

    label: str
    text: str
    is_quoted: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A line for the thread: those who follow it are told, as an edited card tells nobody.

    Attributes:
        key: what makes a repeat recognisable, within the approval.
        via: the channels in which it is said besides the question's own; only of an escalation.
    """

    key: str
    text: str
    via: tuple[str, ...] = ()


class ResultKind(StrEnum):
    """How far what was approved has come."""

    UNDERWAY = "underway"
    DONE = "done"
    FAILED = "failed"
    LIFTING = "lifting"
    LIFTED = "lifted"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of what was approved.

    Attributes:
        at: when it ended, or was taken back.
        seconds: how long it took.
        fault: why it failed, or was not done; hostile.
        is_undoable: whether something stands that can be taken back.
    """

    kind: ResultKind
    at: datetime | None = None
    seconds: float | None = None
    fault: str = ""
    is_undoable: bool = False

    @property
    def is_open(self) -> bool:
        """Whether something is still going to happen to it."""
        return self.kind in (ResultKind.UNDERWAY, ResultKind.LIFTING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What is known around a question.

    Attributes:
        url: how people reach us, without a slash at the end.
        asker: who or what started the run.
        editor: who wrote the playbook's revision.
        mode: how the run treats what it would change.
        alert: id of the run's alert; empty for none.
        precedent: how questions like this ended before; None if nobody asked.
        result: what became of it; None where nothing is to come of it, or not yet.
    """

    url: str
    asker: str = ""
    editor: str = ""
    mode: Mode = Mode.LIVE
    alert: str = ""
    precedent: Precedent | None = None
    result: Result | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCard:
    """What a card shows, in this order. Every text is one line, clean and cut; no markup is escaped yet.

    Attributes:
        approval: id of the question.
        code: what people call it by.
        question: the decision, as a question.
        tally: the code, and how many have said yes of how many.
        outcome: how it ended; empty while it is open.
        runs: what would run, as the engine says.
        facts: why, impact, targets, the way back, what happened before.
        evidence: label and text, quoted.
        more_evidence: how many lines were left out.
        asked: who asks: the playbook, its revision and last editor, the alert.
        who: who may decide, and who may not.
        until: when it ends, and what follows; empty once it is closed.
        events: votes, inquiries and escalations so far, and what became of it.
        buttons: three at most; once it is closed, none that decides.
        dialogs: one at most, that opens a dialog with a text: to ask first, or to have it taken back; for chats that
            have dialogs.
        notice: the form for a lock screen, and for whoever shows text alone.
    """

    approval: str
    code: str
    question: str
    tally: str
    outcome: str
    runs: str
    facts: tuple[Fact, ...]
    evidence: tuple[Fact, ...]
    more_evidence: int
    asked: str
    who: str
    until: str
    events: tuple[str, ...]
    buttons: tuple[Button, ...]
    dialogs: tuple[Button, ...]
    notice: str


def show_card(approval: Approval, around: Surroundings) -> ShownCard:
    """Return what an approval's card shows now."""
    is_open = approval.status is ApprovalStatus.PENDING
    evidence = approval.card.evidence
    return ShownCard(
        approval=approval.id,
        code=approval.code,
        question=fence(approval.card.question),
        tally=_say_tally(approval),
        outcome="" if is_open else say_end(approval),
        runs=_say_runs(approval),
        facts=tuple(fact for fact in _list_facts(approval, around) if fact.text),
        evidence=tuple(Fact(fence(label, _LABEL), fence(text), is_quoted=True) for label, text in evidence)[
            :MOST_EVIDENCE
        ],
        more_evidence=max(0, len(evidence) - MOST_EVIDENCE),
        asked=_say_asked(approval, around),
        who=_say_who(approval),
        until=_say_until(approval) if is_open else "",
        events=tuple(line.text for line in list_lines(approval, around.result) if line.key != "closed")[-MOST_EVENTS:],
        buttons=_list_buttons(approval, around.url, is_open=is_open),
        dialogs=_list_dialogs(approval, around.result),
        notice=say_notice(approval),
    )


def say_notice(approval: Approval) -> str:
    """Return the form for a lock screen: the code, what is asked, and how to answer, or how it ended."""
    if approval.status is not ApprovalStatus.PENDING:
        return clean(f"{approval.code}: {say_end(approval)}")
    minutes = int((approval.expires_at - approval.asked_at) / timedelta(minutes=1))
    needed = "1 approval" if approval.quorum == 1 else f"{approval.quorum} approvals"
    question = fence(approval.card.question, _ENGINE)
    if approval.is_question:
        return f"{approval.code} asks for {clean(', '.join(approval.fields), _LABEL)}, {minutes} min: {question}"
    how = f"!approve {approval.code} · !deny {approval.code} why"
    return f"{approval.code}: {question} {needed}, {minutes} min. {how}"


def list_lines(approval: Approval, result: Result | None = None) -> tuple[Line, ...]:
    """Return a line for each thing that happened to a question so far, the oldest first, and for what became of it."""
    dated = sorted(_list_dated(approval), key=lambda entry: entry[0])
    said = _say_result(result) if result else ""
    ended = (Line(f"result:{result.kind}", said),) if result and said else ()
    return (*(line for _, line in dated), *ended)


def _say_result(result: Result) -> str:
    at = f" {result.at:%H:%M:%S} UTC" if result.at else ""
    match result.kind:
        case ResultKind.UNDERWAY:
            return ""
        case ResultKind.DONE:
            return f"✔ done{at}" + (f" ({result.seconds:.1f} s)" if result.seconds is not None else "")
        case ResultKind.FAILED:
            return f"✖ failed{at}: {fence(result.fault)}"
        case ResultKind.LIFTING:
            return "↩ being taken back"
        case ResultKind.LIFTED:
            return f"↩ taken back{at}"
        case _:
            assert_never(result.kind)


def _list_dated(approval: Approval) -> Iterator[tuple[datetime, Line]]:
    for vote in approval.votes:
        yield vote.at, Line(f"vote:{vote.user}:{vote.at.isoformat()}", _say_vote(vote))
    for inquiry in approval.course.inquiries:
        asked = f"? {fence(inquiry.name, _LABEL)} {_say_time(inquiry.at)} asks: “{fence(inquiry.text, _ENGINE)}”"
        yield inquiry.at, Line(f"ask:{inquiry.user}:{inquiry.at.isoformat()}", asked)
    for moment in approval.remind_at[: approval.reminded]:
        wanted = clean(name_all(deciders(approval)), _ENGINE)
        yield moment, Line(f"remind:{moment.isoformat()}", f"still waiting for {wanted}")
    for level in approval.escalations:
        if level.is_reached:
            yield level.at, Line(f"up:{level.at.isoformat()}:{level.to}", _say_level(level), level.via)
    if approval.status is not ApprovalStatus.PENDING:
        yield approval.decided_at or approval.expires_at, Line("closed", say_end(approval))


def say_end(approval: Approval) -> str:
    """Say how a question ended, with a mark that can be read without colour: `⛔ denied by ann: wrong host`."""
    mark = _MARKS[approval.status]
    length = _say_length(approval)
    return f"{mark} {fence(say_outcome(approval))}{length}".strip()


_MARKS = {
    ApprovalStatus.PENDING: "⏳",
    ApprovalStatus.APPROVED: "✅",
    ApprovalStatus.ANSWERED: "✅",
    ApprovalStatus.DENIED: "⛔",
    ApprovalStatus.EXPIRED: "⌛",
    ApprovalStatus.CANCELLED: "🚫",
    ApprovalStatus.SUPERSEDED: "♻",
    ApprovalStatus.REFUSED: "⛔",
}


def _say_length(approval: Approval) -> str:
    if approval.status is not ApprovalStatus.APPROVED or approval.decided_at is None:
        return ""
    minutes = int((approval.decided_at - approval.asked_at) / timedelta(minutes=1))
    asked, decided = _say_time(approval.asked_at), _say_time(approval.decided_at)
    return f" · asked {asked}, decided {decided} ({minutes} min)"


def _say_tally(approval: Approval) -> str:
    if approval.is_question:
        return f"{approval.code} · asks for {clean(', '.join(approval.fields), _LABEL)}"
    agreed = len({vote.user for vote in approval.votes if vote.choice is VoteChoice.APPROVE})
    return f"{approval.code} · {agreed} of {approval.quorum} yes"


def _say_vote(vote: Vote) -> str:
    mark = "✔" if vote.choice is VoteChoice.APPROVE else "✖"
    said = f" “{fence(vote.comment, _ENGINE)}”" if vote.comment else ""
    roles = f" ({clean(', '.join(vote.roles), _LABEL)})" if vote.roles else ""
    only = fence(say_part(vote), _ENGINE)
    return f"{mark} {fence(vote.name, _LABEL)}{roles} {_say_time(vote.at)}{only}{said}"


def _say_level(level: EscalationLevel) -> str:
    what = "may decide, too" if level.may_decide else "should know"
    return f"▲ escalated {_say_time(level.at)}: {clean(name_all((level.to,)), _LABEL)} {what}"


def _say_runs(approval: Approval) -> str:
    card = approval.card
    if approval.is_question:
        return ""
    way_back = "reversible" if card.is_reversible else "no way back"
    parts = (card.action, card.connection and f"connection {card.connection}", card.effect.value, way_back)
    return clean(" · ".join(part for part in parts if part), _ENGINE)


def _list_facts(approval: Approval, around: Surroundings) -> Iterator[Fact]:
    card = approval.card
    yield Fact("Why", fence(card.reason), is_quoted=True)
    yield Fact("Impact", fence(card.impact), is_quoted=True)
    yield Fact("Same", _say_members(approval))
    yield Fact("Targets", _say_targets(approval), is_quoted=True)
    yield Fact("Allowed", _say_allowed(approval), is_quoted=True)
    yield Fact("Undo", fence(card.undo))
    yield Fact("Before", _say_precedent(around.precedent))


def _say_targets(approval: Approval) -> str:
    card = approval.card
    if not card.target_count:
        return ""
    named = ", ".join(fence(target, _LABEL) for target in card.targets[:_SHOWN_TARGETS])
    more = card.target_count - min(_SHOWN_TARGETS, len(card.targets))
    return f"{card.target_count}: {named}" + (f" and {more} more" if more else "")


def _say_members(approval: Approval) -> str:
    count = len(approval.course.members)
    return f"{count} more want the same, and are decided with it" if count else ""


def _say_allowed(approval: Approval) -> str:
    """Say what of it those who said yes have allowed; empty while that is all of it."""
    parts, allowed = approval.course.parts, find_allowed(approval)
    if len(parts) == len(allowed):
        return ""
    targets = [target for part in allowed for target in part.targets]
    named = ", ".join(fence(target, _LABEL) for target in targets[:_SHOWN_TARGETS])
    more = len(targets) - min(_SHOWN_TARGETS, len(targets))
    return f"only {named}" + (f" and {more} more" if more else "")


def _say_precedent(precedent: Precedent | None) -> str:
    if precedent is None:
        return ""
    if not precedent.asked:
        return "never asked before"
    return f"the last {precedent.asked} like this: {precedent.approved} approved, {precedent.undone} undone later"


def _say_asked(approval: Approval, around: Surroundings) -> str:
    revision = approval.revision.removeprefix("sha256:")[:7]
    editor = f" (last edit: {around.editor})" if around.editor else ""
    alert = f" for alert {around.alert}" if around.alert else ""
    asker = f", started by {around.asker}" if around.asker else ""
    mode = "" if around.mode is Mode.LIVE else f", {around.mode.value}"
    return clean(f"Asked by playbook {approval.playbook}, revision {revision}{editor}{mode}{alert}{asker}", _ENGINE)


def _say_who(approval: Approval) -> str:
    kept_out = sorted(set(approval.exclude_users.values()))
    but = f", not the {'/'.join(kept_out)}" if kept_out else ""
    proof = f" · proof: {approval.assurance.value}"
    return clean(f"Who may: {name_all(deciders(approval), ', ') or 'nobody'}{but}{proof}", _ENGINE)


def _say_until(approval: Approval) -> str:
    minutes = int((approval.expires_at - approval.asked_at) / timedelta(minutes=1))
    silence = "it stays unanswered" if approval.is_question else "NO"
    coming = [level for level in approval.escalations if not level.is_reached]
    steps = "".join(f" · escalates {_say_time(level.at)} to {name_all((level.to,))}" for level in coming)
    return clean(f"⏳ until {_say_time(approval.expires_at)} ({minutes} min), then {silence}{steps}", _ENGINE)


def _say_time(moment: datetime) -> str:
    return f"{moment:%H:%M} UTC"


def _list_buttons(approval: Approval, url: str, *, is_open: bool) -> tuple[Button, ...]:
    if not is_open:
        return (Button(ButtonKind.LINK, "Run ↗", f"{url}/runs/{approval.run}"),)
    details = Button(ButtonKind.LINK, "Details ↗", f"{url}/approvals/{approval.id}")
    if approval.is_question:
        return (details,)
    return (Button(ButtonKind.APPROVE, "Approve…"), Button(ButtonKind.DENY, "Deny…"), details)


def _list_dialogs(approval: Approval, result: Result | None) -> tuple[Button, ...]:
    if approval.status is ApprovalStatus.PENDING and not approval.is_question:
        return (Button(ButtonKind.ASK, "Ask…"),)
    return (Button(ButtonKind.UNDO, "Undo…"),) if result is not None and result.is_undoable else ()
