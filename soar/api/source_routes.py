"""The part of the route table that sources use, and those who look after them."""

from soar.access.permissions import Permission
from soar.api.handlers import hooks, sources
from soar.api.naming import LISTED, name_source
from soar.api.route import V1, Public, Route, SourceOr, private, raw
from soar.api.schemas.alerts import CheckedAlerts, Received
from soar.api.schemas.base import Nothing
from soar.api.schemas.sources import SourceKeyMade, SourceKeyWanted, SourcePage

P = Permission


def list_source_routes() -> tuple[Route, ...]:
    """Return the routes of hooks, and of sources under `/api/v1`."""
    return (
        private(
            "GET", f"{V1}/sources", P.SOURCE_READ, sources.list_sources, takes=Nothing, answers=SourcePage, names=LISTED
        ),
        private(
            "POST",
            f"{V1}/sources/{{source}}/rotate",
            P.CREDENTIAL_WRITE,
            sources.rotate_source,
            takes=SourceKeyWanted,
            answers=SourceKeyMade,
            needs_proof=True,
            names=name_source,
        ),
        raw(
            "POST",
            "/hooks/{source}",
            Public("the source proves itself, by its own recipe over the raw bytes"),
            hooks.receive_alert,
            answers=Received,
            status=202,
        ),
        raw(
            "GET",
            "/hooks/{source}",
            Public("the source proves itself, as above; it asks whether it may send"),
            hooks.greet_source,
            answers=None,
        ),
        raw(
            "POST",
            "/hooks/{source}/check",
            SourceOr(P.ALERT_CHECK),
            hooks.check_alert,
            answers=CheckedAlerts,
            names=name_source,
        ),
    )
