"""Pagers as outlets: they wake whoever is on call, and decide nothing."""

from soar.approvals.card import Line, ShownCard
from soar.approvals.faces.page import render, render_line
from soar.approvals.outlet import ENDED, Call, Outlet
from soar.model.chat import PostedCard

PAGERS = {"page": "PagerDuty", "opsgenie": "Opsgenie"}
"""What they are called, by the connection."""


def describe_pager(connection: str) -> Outlet:
    """Return what is particular about a pager.

    Its connector's `post` (`channel`, `thread`, `text`, `link`) adds to a page that is open, and `close_card` ends it.

    Args:
        connection: one of `PAGERS`.
    """
    return Outlet(connection=connection, title=PAGERS[connection], render=render, follow=_follow, is_edited=False)


def _follow(shown: ShownCard, line: Line, card: PostedCard) -> Call | None:
    """Page again where an escalation says so, and end the page with the question."""
    about = {"channel": card.place, "thread": card.message, **render_line(shown, line)}
    if line.key == ENDED:
        return Call("close_card", about)
    is_open = not shown.outcome
    return Call("post", about) if is_open and card.channel in line.via else None
