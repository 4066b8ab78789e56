"""What counts votes and answers commands of people in a chat."""

from soar.access.roles import DEFAULT_ROLES
from soar.api.revisions import Revisions
from soar.app.chats import make_undo
from soar.approvals.brake import Brake
from soar.approvals.chat_desk import ChatDesk
from soar.approvals.conduct import Conduct
from soar.approvals.console import Console
from soar.approvals.freezable import Freezable
from soar.approvals.platform import Office, Platform
from soar.approvals.service import ApprovalService
from soar.model.ids import Ids
from soar.responses.service import ResponseService
from soar.responses.undoing import Undoing
from tests.support.world import build_actions_catalog, build_spec


def make_chat_desk(platform: Platform, office: Office, approvals: ApprovalService) -> ChatDesk:
    """Return a desk that knows two products; what people undo is there to be undone."""
    conduct = Conduct(approvals=approvals, ids=office.ids)
    brake = make_brake(office.ids, office.url)
    console = Console(approvals=approvals, conduct=conduct, ids=office.ids, url=office.url, brake=brake)
    return ChatDesk(
        platform,
        office,
        approvals=approvals,
        console=console,
        roles=DEFAULT_ROLES,
        undo=make_undo(
            Undoing(responses=ResponseService(ids=office.ids), find_playbook=Revisions().find), DEFAULT_ROLES
        ),
    )


def make_brake(ids: Ids, url: str) -> Brake:
    """Return what freezes an installation with `crm.wipe` and `edr.isolate` in it, and a connection `edr-corp`."""
    catalog = build_actions_catalog((build_spec("crm.wipe"), build_spec("edr.isolate")))
    return Brake(freezable=Freezable(catalog, ("edr-corp",)), roles=DEFAULT_ROLES, ids=ids, url=url)
