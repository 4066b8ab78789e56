"""The part of the route table that is about what comes in: suppression rules, and alerts that came before."""

from soar.access.permissions import Permission
from soar.api.handlers import backfill, suppressions
from soar.api.naming import name_alert, name_playbook
from soar.api.route import V1, Route, private
from soar.api.schemas.base import Nothing
from soar.api.schemas.intake import BackfillView, BackfillWanted, Replayed
from soar.api.schemas.suppressions import SuppressionPage, SuppressionSent, SuppressionView

P = Permission


def list_intake_routes() -> tuple[Route, ...]:
    """Return the routes that are about what comes in."""
    return (
        private(
            "GET",
            f"{V1}/suppressions",
            P.SUPPRESSION_READ,
            suppressions.list_suppressions,
            takes=Nothing,
            answers=SuppressionPage,
        ),
        private(
            "POST",
            f"{V1}/suppressions",
            P.SUPPRESSION_WRITE,
            suppressions.add_suppression,
            takes=SuppressionSent,
            answers=SuppressionView,
            status=201,
            needs_proof=True,
        ),
        private(
            "DELETE",
            f"{V1}/suppressions/{{id}}",
            P.SUPPRESSION_WRITE,
            suppressions.remove_suppression,
            takes=Nothing,
            answers=None,
            status=204,
        ),
        private(
            "POST",
            f"{V1}/alerts/{{id}}/replay",
            P.ALERT_SEND,
            backfill.replay_alert,
            takes=Nothing,
            answers=Replayed,
            status=202,
            names=name_alert,
        ),
        private(
            "POST",
            f"{V1}/playbooks/{{id}}/backfill",
            P.PLAYBOOK_RUN,
            backfill.backfill_playbook,
            takes=BackfillWanted,
            answers=BackfillView,
            names=name_playbook,
        ),
    )
