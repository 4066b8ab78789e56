"""Emergency access: seen, ended and reviewed. It is opened on the server's own machine."""

from soar.api.call import Call
from soar.api.schemas.base import Nothing
from soar.api.schemas.emergency import OpeningPage, OpeningView, ReviewSent, view_opening


async def list_openings(call: Call, _: Nothing) -> OpeningPage:
    """List hours of emergency access, newest first."""
    found = await call.read(lambda unit: unit.openings.list())
    return OpeningPage(items=tuple(map(view_opening, found)), next=None)


async def close_opening(call: Call, _: Nothing) -> OpeningView:
    """End an hour of emergency access before it is over."""
    closed = await call.write(
        lambda unit: call.services.emergency.close(unit, call.part("id"), call.principal, call.at)
    )
    call.announce("session", closed.user)
    call.announce("emergency", closed.id)
    return view_opening(closed)


async def review_opening(call: Call, sent: ReviewSent) -> OpeningView:
    """Put down what one found who looked at what was done in an hour of emergency access."""
    reviewed = await call.write(
        lambda unit: call.services.emergency.review(unit, call.part("id"), sent.review, call.principal, call.at)
    )
    call.announce("emergency", reviewed.id)
    return view_opening(reviewed)
