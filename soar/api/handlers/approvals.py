"""Questions to people."""

from collections.abc import Callable
from datetime import timedelta

from soar.access.freshness import is_fresh
from soar.access.permissions import Permission
from soar.api.call import Call
from soar.api.denials import QuietDenialError
from soar.api.schemas.approvals import (
    AnswersSent,
    ApprovalPage,
    ApprovalQuery,
    ApprovalView,
    ExtensionSent,
    InquirySent,
    Progress,
    VoteSent,
)
from soar.api.schemas.base import Nothing
from soar.api.things import Shown, Things
from soar.api.views import Views
from soar.approvals.decide import Ballot, Refusal
from soar.approvals.service import find_approval
from soar.model.approval import Approval, ApprovalStatus
from soar.model.errors import ConflictError, InputError, SoarError
from soar.model.identity import Principal
from soar.model.page import Page
from soar.model.step import Assurance
from soar.store import Unit

_TOO_LATE = frozenset(
    {"already_decided", "already_voted", "expired", "digest_differs", "superseded", "extended_already", "merged"}
)
_INCOMPLETE = frozenset({"confirm_missing", "comment_missing"})
_STEP_UP_HINT = "`soar step-up` with a second factor, or POST /api/v1/session/step-up; `soar factor add` adds one"
_MISTAKEN = {
    "answers_invalid": "correct these fields",
    "is_question": "send the answers, and no vote",
    "is_approval": "send a vote, and no answers",
    "not_voted": "`soar approval show` lists the votes",
    "subset_not_offered": "vote on all of it",
    "subset_unknown": "name targets that are still to be decided",
    "subset_divided": "name all of them, or none",
    "subset_denied": "approve what you allow; the rest is not done",
    "inquiry_missing": "write what you want to know",
    "inquiry_too_long": "write less",
    "too_many_inquiries": "decide it, or let it expire",
    "extension_out_of_range": "ask for less",
}


async def list_approvals(call: Call, query: ApprovalQuery) -> ApprovalPage:
    """List questions, newest first."""

    def show(unit: Unit) -> ApprovalPage:
        shown = Shown(call, Permission.APPROVAL_READ, Things(call, unit).of_approval)
        page = shown.page(lambda cursor: _find_page(unit, query, cursor), query.cursor)
        views = Views(call, unit)
        return ApprovalPage(items=tuple(map(views.show_approval, page.items)), next=page.next)

    return await call.read(show)


async def show_approval(call: Call, _: Nothing) -> ApprovalView:
    """Show a question, by its id or its code."""
    return await call.read(lambda unit: Views(call, unit).show_approval(find_approval(unit, call.part("id"))))


async def cast_vote(call: Call, sent: VoteSent) -> ApprovalView:
    """Say yes or no to a question."""
    ballot = Ballot(choice=sent.vote, digest=sent.digest, comment=sent.comment, confirm=sent.confirm, only=sent.only)

    return await _decide(
        call,
        lambda unit: call.services.approvals.vote(
            unit, call.part("id"), _over(call, unit), ballot, call.at, assurance=assure(call)
        ),
    )


def assure(call: Call) -> Assurance:
    """Return how sure we are of who votes: a second factor counts for five minutes."""
    return Assurance.MFA if is_fresh(call.principal.mfa_at, call.at) else Assurance.LINKED


async def take_vote_back(call: Call, _: Nothing) -> ApprovalView:
    """Take back one's own vote while the question is open."""
    return await _decide(
        call, lambda unit: call.services.conduct.take_back(unit, call.part("id"), _over(call, unit), call.at)
    )


async def inquire(call: Call, sent: InquirySent) -> ApprovalView:
    """Ask the initiator and those who may decide something first; the time runs on."""
    return await _decide(
        call, lambda unit: call.services.conduct.inquire(unit, call.part("id"), _over(call, unit), sent.text, call.at)
    )


async def extend_time(call: Call, sent: ExtensionSent) -> ApprovalView:
    """Give a question more time, once, and no more than it was given at first."""
    more = timedelta(seconds=sent.seconds)
    return await _decide(
        call, lambda unit: call.services.conduct.extend(unit, call.part("id"), _over(call, unit), more, call.at)
    )


async def answer_question(call: Call, sent: AnswersSent) -> ApprovalView:
    """Answer a question with the facts that it asks for."""
    return await _decide(
        call,
        lambda unit: call.services.approvals.answer(unit, call.part("id"), _over(call, unit), sent.answers, call.at),
    )


def _over(call: Call, unit: Unit) -> Principal:
    """Return the caller with the roles that they hold over the question: those decide whether they are meant."""
    return call.over(Things(call, unit).find_approval(call.part("id")))


async def _decide(call: Call, decide: Callable[[Unit], Approval | Refusal]) -> ApprovalView:
    """Take a vote or answers, and tell everybody concerned."""

    def take(unit: Unit) -> tuple[Approval, ApprovalView] | Refusal:
        outcome = decide(unit)
        if isinstance(outcome, Refusal):
            return outcome  # its audit event is to stay, so nothing is raised in here
        return outcome, Views(call, unit).show_approval(outcome)

    outcome = await call.write(take)
    if isinstance(outcome, Refusal):
        raise explain_refusal(outcome)
    approval, view = outcome
    announce_change(call, approval)
    return view


def announce_change(call: Call, approval: Approval) -> None:
    """Tell everybody concerned that something has become of a question."""
    for kind, subject in (("approval", approval.id), ("run", approval.run), ("message", approval.channel)):
        call.announce(kind, subject)


def explain_refusal(refusal: Refusal) -> SoarError:
    """Return a refused vote or answer as the error that says who can do something about it."""
    if refusal.code in _TOO_LATE:
        return ConflictError(refusal.reason, code=refusal.code, hint="load the request again")
    if refusal.code in _INCOMPLETE:
        return InputError(refusal.reason, code=refusal.code, hint="add it, and send the vote again")
    if refusal.code in _MISTAKEN:
        return InputError(refusal.reason, code=refusal.code, hint=_MISTAKEN[refusal.code], faults=refusal.faults)
    if refusal.code == "assurance_missing":
        return QuietDenialError(refusal.reason, code="step_up_required", hint=_STEP_UP_HINT)
    return QuietDenialError(refusal.reason, code=refusal.code, hint="ask somebody who may")


def _find_page(unit: Unit, query: ApprovalQuery, cursor: str | None) -> Page[Approval]:
    status = ApprovalStatus.PENDING if query.status is Progress.PENDING else None
    page = unit.approvals.list(query.limit, cursor, status)
    while True:  # a page may come out shorter than asked for, but never empty before the last
        wanted = tuple(approval for approval in page.items if _is_wanted(approval, query.status))
        if wanted or page.next is None:
            return Page(wanted, page.next)
        page = unit.approvals.list(query.limit, page.next, status)


def _is_wanted(approval: Approval, progress: Progress | None) -> bool:
    """Whether a list shows a question; what waits is shown once, by the question that leads those asked together."""
    is_open = approval.status is ApprovalStatus.PENDING
    match progress:
        case Progress.PENDING:
            return is_open and approval.merged_into is None
        case Progress.DECIDED:
            return not is_open
        case None:
            return True
