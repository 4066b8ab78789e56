"""Runs and approvals as one caller sees them, with what is read beside them."""

from soar.access.decide import Denied, decide
from soar.access.permissions import Permission
from soar.api.call import Call
from soar.api.schemas.approvals import (
    ApprovalView,
    CardView,
    EscalationView,
    EvidenceView,
    FieldView,
    InquiryView,
    MemberView,
    PartView,
    ReplyView,
    VoteView,
)
from soar.api.schemas.responses import InitiatorView, ResponseView
from soar.api.schemas.runs import RunView
from soar.api.things import Things
from soar.approvals.decide import LEVELS, find_refusal, shown_digest
from soar.approvals.merging import find_detour, list_members
from soar.approvals.parts import confirmation_of, find_allowed
from soar.expr import to_plain
from soar.model.approval import Approval, Card, Reply, VoteChoice
from soar.model.catalog import Catalog
from soar.model.ids import encode_crockford
from soar.model.response import Response
from soar.model.run import Mode, Run
from soar.model.step import Assurance
from soar.store import Unit

_CODE_LENGTH = 10  # base 32 characters: 50 bits of the digest
_PEOPLE = frozenset({"user", "token"})


class Views:
    """Shows what one transaction holds to one caller.

    Args:
        call: who looks.
        unit: the transaction.
    """

    def __init__(self, call: Call, unit: Unit) -> None:
        self._call = call
        self._unit = unit
        self._things = Things(call, unit)

    def show_run(self, run: Run) -> RunView:
        """Return a run as lists show it."""
        return RunView(
            id=run.id,
            playbook=run.playbook,
            playbook_name=self._call.desk.revisions.name(self._unit, run),
            revision=run.revision,
            mode=run.mode,
            status=run.status,
            alert=run.alert,
            case=run.case,
            initiator=self._show_initiator(run.initiator),
            created_at=run.created_at,
            started_at=run.started_at,
            finished_at=run.finished_at,
            reason=run.reason,
            waiting_for=run.waiting_for,
            outputs={name: to_plain(output) for name, output in run.outputs.items()},
            retry_of=run.retry_of,
        )

    def show_response(self, response: Response) -> ResponseView:
        """Return an active response without the arguments of its way back, and who asked for this way."""
        lift = self._unit.runs.get(response.lift_run) if response.lift_run else None
        return ResponseView(
            id=response.id,
            run=response.run,
            step=response.step,
            action=response.action,
            connection=response.connection,
            targets=response.targets,
            status=response.status,
            created_at=response.created_at,
            expires_at=response.expires_at,
            lift_run=response.lift_run,
            lifted_by=self._show_initiator(lift.initiator) if lift else None,
            lifted_at=response.lifted_at,
            fault=response.fault,
            owner=response.owner,
            pages=response.pages,
            is_checkable=response.check_action is not None,
            check_run=response.check_run,
            sighting=response.sighting,
            checked_at=response.checked_at,
            gone_at=response.gone_at,
        )

    def show_approval(self, approval: Approval) -> ApprovalView:
        """Return a question, with whether the caller may answer it."""
        run = self._unit.runs.get(approval.run)
        shown = shown_digest(approval)
        why_not, allowed = self.explain_no(approval), find_allowed(approval)
        confirm = (
            confirmation_of(approval) if LEVELS.index(approval.assurance) >= LEVELS.index(Assurance.CONFIRMED) else ""
        )
        return ApprovalView(
            id=approval.id,
            code=approval.code,
            run=approval.run,
            step=approval.step,
            playbook=approval.playbook,
            playbook_name=self._call.desk.revisions.name(self._unit, run) if run else approval.playbook,
            revision=approval.revision,
            mode=run.mode if run else Mode.LIVE,
            alert=run.alert if run else None,
            status=approval.status,
            digest=shown,
            digest_code=shorten_digest(shown),
            card=_show_card(approval.card),
            by=approval.by,
            quorum=approval.quorum,
            yes=sum(vote.choice is VoteChoice.APPROVE for vote in approval.votes),
            assurance=approval.assurance,
            confirm=confirm,
            confirm_hint=hint_confirmation(confirm, approval.card, self._call.services.catalog),
            comment=approval.comment,
            asked_at=approval.asked_at,
            expires_at=approval.expires_at,
            escalations=tuple(
                EscalationView(at=level.at, to=level.to, is_reached=level.is_reached) for level in approval.escalations
            ),
            votes=_show_votes(approval),
            decided_at=approval.decided_at,
            reason=approval.reason,
            may_vote=why_not is None,
            why_not=why_not,
            fields=_show_fields(approval),
            reply=_show_reply(approval.reply) if approval.reply else None,
            inquiries=tuple(
                InquiryView(user=each.user, name=each.name, at=each.at, text=each.text)
                for each in approval.course.inquiries
            ),
            is_extended=approval.course.extended_by is not None,
            parts=tuple(PartView(targets=part.targets, is_allowed=part in allowed) for part in approval.course.parts),
            members=tuple(map(self._show_member, list_members(self._unit, approval))),
            merged_into=approval.merged_into,
        )

    def _show_member(self, member: Approval) -> MemberView:
        run = self._unit.runs.get(member.run)
        return MemberView(id=member.id, run=member.run, alert=run.alert if run else None)

    def explain_no(self, approval: Approval) -> str | None:
        """Return why the caller may not vote on or answer a question now, in a sentence; None if they may."""
        thing = self._things.of_approval(approval)
        decision = decide(self._call.principal, Permission.APPROVAL_VOTE, roles=self._call.services.roles, thing=thing)
        if isinstance(decision, Denied):
            return decision.reason
        voter = self._call.services.approvals.find_voter(self._unit, self._call.over(thing), self._call.at)
        if voter is None:
            return "Only people answer." if approval.is_question else "Only people decide."
        refusal = find_detour(self._unit, approval) or find_refusal(approval, voter, self._call.at)
        return refusal.reason if refusal else None

    def _show_initiator(self, initiator: str) -> InitiatorView:
        kind, _, name = initiator.partition(":")
        person = self._unit.users.get(name) if kind in _PEOPLE else None
        return InitiatorView(kind=kind, name=person.name if person else name)


def shorten_digest(digest: str) -> str:
    """Return ten characters of a digest that people can compare by eye and ear."""
    return encode_crockford(bytes.fromhex(digest.partition(":")[2]), _CODE_LENGTH).upper()


def hint_confirmation(confirm: str, card: Card, catalog: Catalog) -> str:
    """Say in words what must be typed for a yes; empty if nothing must."""
    if not confirm:
        return ""
    spec = catalog.find_action(card.action)
    noun = spec.targets.replace("_", " ") if spec and spec.targets else "targets"
    if confirm.isdecimal() and confirm not in card.targets:
        return f"the number of {noun}"
    return "the name of the target" if confirm in card.targets else "what the playbook asks for"


def _show_card(card: Card) -> CardView:
    return CardView(
        question=card.question,
        action=card.action,
        connection=card.connection,
        effect=card.effect,
        is_reversible=card.is_reversible,
        targets=card.targets,
        target_count=card.target_count,
        reason=card.reason,
        impact=card.impact,
        undo=card.undo,
        evidence=tuple(EvidenceView(label=label, text=text) for label, text in card.evidence),
        arguments=card.arguments,
    )


def _show_votes(approval: Approval) -> tuple[VoteView, ...]:
    return tuple(
        VoteView(
            user=vote.user,
            name=vote.name,
            roles=vote.roles,
            choice=vote.choice,
            assurance=vote.assurance,
            via=vote.via,
            at=vote.at,
            comment=vote.comment,
            for_name=vote.for_name,
            only=vote.only,
        )
        for vote in approval.votes
    )


def _show_fields(approval: Approval) -> tuple[FieldView, ...]:
    return tuple(
        FieldView(
            name=name,
            type=field.type,
            label=field.label,
            enum=field.enum,
            has_default=field.has_default,
            default=field.default,
        )
        for name, field in approval.fields.items()
    )


def _show_reply(reply: Reply) -> ReplyView:
    return ReplyView(
        user=reply.user,
        name=reply.name,
        roles=reply.roles,
        via=reply.via,
        at=reply.at,
        answers={name: to_plain(answer) for name, answer in reply.answers.items()},
    )
