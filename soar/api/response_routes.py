"""The part of the route table that is about active responses."""

from soar.access.permissions import Permission
from soar.api.handlers import responses
from soar.api.naming import LISTED, name_response
from soar.api.route import V1, Route, private
from soar.api.schemas.base import Nothing
from soar.api.schemas.responses import (
    ExtensionWanted,
    KeepingWanted,
    LiftWanted,
    ResponsePage,
    ResponseQuery,
    ResponseView,
)

P = Permission


def list_response_routes() -> tuple[Route, ...]:
    """Return the routes that are about active responses."""
    return (
        private(
            "GET",
            f"{V1}/responses",
            P.RESPONSE_READ,
            responses.list_responses,
            takes=ResponseQuery,
            answers=ResponsePage,
            names=LISTED,
        ),
        private(
            "GET",
            f"{V1}/responses/{{id}}",
            P.RESPONSE_READ,
            responses.show_response,
            takes=Nothing,
            answers=ResponseView,
            names=name_response,
        ),
        private(
            "POST",
            f"{V1}/responses/{{id}}/lift",
            P.RESPONSE_LIFT,
            responses.lift_response,
            takes=LiftWanted,
            answers=ResponseView,
            status=202,
            names=name_response,
        ),
        private(
            "POST",
            f"{V1}/responses/{{id}}/extend",
            P.RESPONSE_EXTEND,
            responses.extend_response,
            takes=ExtensionWanted,
            answers=ResponseView,
            names=name_response,
        ),
        private(
            "POST",
            f"{V1}/responses/{{id}}/keep",
            P.RESPONSE_KEEP,
            responses.keep_response,
            takes=KeepingWanted,
            answers=ResponseView,
            names=name_response,
        ),
        private(
            "POST",
            f"{V1}/responses/{{id}}/check",
            P.RESPONSE_INSPECT,
            responses.check_response,
            takes=Nothing,
            answers=ResponseView,
            status=202,
            names=name_response,
        ),
    )
