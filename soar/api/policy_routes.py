"""The part of the route table that is about the policy, the freeze, and how people decide."""

from soar.access.permissions import Permission
from soar.api.handlers import fatigue, parity, policy
from soar.api.route import V1, Route, private
from soar.api.schemas.base import Nothing
from soar.api.schemas.fatigue import FatigueQuery, FatigueView
from soar.api.schemas.parity import ParityQuery, ParityView
from soar.api.schemas.policy import (
    DiffView,
    DiffWanted,
    FreezeList,
    FreezeView,
    FreezeWanted,
    LiftView,
    LiftWanted,
    PolicyView,
)

P = Permission


def list_policy_routes() -> tuple[Route, ...]:
    """Return the routes that are about what stands above the playbooks, and how it is borne."""
    return (
        private("GET", f"{V1}/policy", P.POLICY_READ, policy.show_policy, takes=Nothing, answers=PolicyView),
        private("POST", f"{V1}/policy/diff", P.METRICS_READ, policy.compare_policy, takes=DiffWanted, answers=DiffView),
        private("GET", f"{V1}/freeze", P.POLICY_READ, policy.list_freezes, takes=Nothing, answers=FreezeList),
        private("POST", f"{V1}/freeze", P.FREEZE_WRITE, policy.freeze, takes=FreezeWanted, answers=FreezeView),
        private(
            "POST",
            f"{V1}/freeze/{{id}}/lift",
            P.FREEZE_WRITE,
            policy.lift_freeze,
            takes=LiftWanted,
            answers=LiftView,
            needs_proof=True,
        ),
        private(
            "GET",
            f"{V1}/playbooks/{{id}}/parity",
            P.METRICS_READ,
            parity.show_parity,
            takes=ParityQuery,
            answers=ParityView,
        ),
        private(
            "GET",
            f"{V1}/metrics/approvals",
            P.METRICS_READ,
            fatigue.show_fatigue,
            takes=FatigueQuery,
            answers=FatigueView,
        ),
    )
