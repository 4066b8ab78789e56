"""What counts votes and answers commands of people in a chat."""

from soar.access.roles import DEFAULT_ROLES
from soar.approvals.chat_desk import ChatDesk
from soar.approvals.conduct import Conduct
from soar.approvals.console import Console
from soar.approvals.platform import Office, Platform
from soar.approvals.service import ApprovalService


def make_chat_desk(platform: Platform, office: Office, approvals: ApprovalService) -> ChatDesk:
    """Return a desk whose people undo nothing."""
    conduct = Conduct(approvals=approvals, ids=office.ids)
    console = Console(approvals=approvals, conduct=conduct, ids=office.ids, url=office.url)
    return ChatDesk(
        platform,
        office,
        approvals=approvals,
        console=console,
        roles=DEFAULT_ROLES,
        undo=lambda _unit, _principal, run, step, _at: f"undone: {run} {step}",
    )
