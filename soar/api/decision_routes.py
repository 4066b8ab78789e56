"""The part of the route table that is about deciding: what people do with questions besides voting, and say in chat."""

from soar.access.permissions import Permission
from soar.api.handlers import approvals, delegations, rotas, speech, standing
from soar.api.naming import name_approval, name_channel
from soar.api.route import V1, Route, Self, private
from soar.api.schemas.approvals import (
    ApprovalView,
    Delegations,
    DelegationView,
    DelegationWanted,
    ExtensionSent,
    InquirySent,
)
from soar.api.schemas.base import Nothing, PageQuery
from soar.api.schemas.messages import MessageSent, SaidView
from soar.api.schemas.rotas import OnCallPage, OnCallQuery
from soar.api.schemas.standing import RevocationWanted, StandingPage, StandingView, StandingWanted

P = Permission


def list_decision_routes() -> tuple[Route, ...]:
    """Return the routes that are about deciding."""
    return (
        *_moved(),
        *_delegated(),
        *_standing(),
        private("GET", f"{V1}/oncall", P.POLICY_READ, rotas.list_rotas, takes=OnCallQuery, answers=OnCallPage),
    )


def _moved() -> tuple[Route, ...]:
    return (
        private(
            "DELETE",
            f"{V1}/approvals/{{id}}/votes",
            P.APPROVAL_VOTE,
            approvals.take_vote_back,
            takes=Nothing,
            answers=ApprovalView,
            names=name_approval,
        ),
        private(
            "POST",
            f"{V1}/approvals/{{id}}/inquiries",
            P.APPROVAL_VOTE,
            approvals.inquire,
            takes=InquirySent,
            answers=ApprovalView,
            names=name_approval,
        ),
        private(
            "POST",
            f"{V1}/approvals/{{id}}/extensions",
            P.APPROVAL_VOTE,
            approvals.extend_time,
            takes=ExtensionSent,
            answers=ApprovalView,
            names=name_approval,
        ),
        private(
            "POST",
            f"{V1}/messages",
            P.MESSAGE_WRITE,
            speech.say,
            takes=MessageSent,
            answers=SaidView,
            status=201,
            names=name_channel,
        ),
    )


def _standing() -> tuple[Route, ...]:
    path = f"{V1}/standing-approvals"
    return (
        private("GET", path, P.POLICY_READ, standing.list_standing, takes=PageQuery, answers=StandingPage),
        private(
            "POST",
            path,
            Self(),
            standing.propose,
            takes=StandingWanted,
            answers=StandingView,
            status=201,
            needs_proof=True,
        ),
        private(
            "POST",
            f"{path}/{{id}}/signature",
            Self(),
            standing.sign,
            takes=Nothing,
            answers=StandingView,
            needs_proof=True,
        ),
        private(
            "POST",
            f"{path}/{{id}}/revocation",
            P.FREEZE_WRITE,
            standing.revoke,
            takes=RevocationWanted,
            answers=StandingView,
        ),
    )


def _delegated() -> tuple[Route, ...]:
    return (
        private("GET", f"{V1}/delegations", Self(), delegations.list_delegations, takes=Nothing, answers=Delegations),
        private(
            "POST",
            f"{V1}/delegations",
            Self(),
            delegations.delegate_say,
            takes=DelegationWanted,
            answers=DelegationView,
            status=201,
            needs_proof=True,
        ),
        private(
            "DELETE",
            f"{V1}/delegations/{{id}}",
            Self(),
            delegations.end_own,
            takes=Nothing,
            answers=None,
            status=204,
        ),
    )
