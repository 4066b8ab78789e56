"""The part of the route table that shows an alert in others' words."""

from soar.access.permissions import Permission
from soar.api.handlers import alerts
from soar.api.naming import name_alert
from soar.api.route import V1, Route, private
from soar.api.schemas.base import Nothing


def list_alert_routes() -> tuple[Route, ...]:
    """Return the routes."""
    return (
        private(
            "GET",
            f"{V1}/alerts/{{id}}/ocsf",
            Permission.ALERT_READ,
            alerts.show_finding,
            takes=Nothing,
            answers=None,
            names=name_alert,
        ),
    )
