"""What people say in the built-in chat; a message that is a command is carried out and answered."""

from dataclasses import dataclass, replace

from soar.access.decide import is_unlimited
from soar.access.permissions import Permission
from soar.api.authentication import has_proved
from soar.api.call import Call
from soar.api.handlers.approvals import announce_change, assure
from soar.api.schemas.messages import MessageSent, SaidView, view_message
from soar.api.things import Things
from soar.approvals.channels import AUTHOR
from soar.approvals.console import Said, Speaker
from soar.approvals.hostile import flatten
from soar.audit.actor import describe_principal
from soar.model.approval import Approval
from soar.model.identity import Principal
from soar.model.message import Message
from soar.responses.undoing import Undoer, Undoing
from soar.store import Unit

_CHAT = "chat"
_LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class _Speech:
    """One message on its way: who speaks."""

    call: Call
    unit: Unit

    def introduce(self) -> Speaker:
        """Return the caller as commands see them."""
        return Speaker(
            principal=replace(self.call.principal, via=_CHAT),
            assurance=assure(self.call),
            may_see=self._may_see,
            over=self._find_voter,
            undo=self._undo,
            may_freeze=is_unlimited(self.call.principal, Permission.FREEZE_WRITE, roles=self.call.services.roles),
            has_proved=has_proved(self.call.caller, self.call.at),
        )

    def _may_see(self, approval: Approval) -> bool:
        return self.call.may(Permission.APPROVAL_READ, Things(self.call, self.unit).of_approval(approval))

    def _find_voter(self, approval: Approval) -> Principal | None:
        thing = Things(self.call, self.unit).of_approval(approval)
        if not self.call.may(Permission.APPROVAL_VOTE, thing):
            return None
        return replace(self.call.over(thing), via=_CHAT)

    def _undo(self, run_id: str, step: str) -> Said:
        """Take back what a run holds that the caller may lift: all of it, or that of one step by id or path."""
        call, things = self.call, Things(self.call, self.unit)
        undoing = Undoing(responses=call.services.responses, find_playbook=call.desk.revisions.find)
        undoer = Undoer(
            actor=describe_principal(replace(call.principal, via=_CHAT)),
            initiator=f"user:{call.principal.id}",
            may_lift=lambda held: call.may(Permission.RESPONSE_LIFT, things.of_response(held)),
            reason="undo in chat",
        )
        undone = undoing.undo(self.unit, run_id, step, undoer, call.at)
        return Said(undone.text, news=undone.list_news())


async def say(call: Call, sent: MessageSent) -> SaidView:
    """Say something in a channel. A command such as `!approve ab12` is carried out as the caller, and answered."""

    def take(unit: Unit) -> tuple[SaidView, Said | None]:
        message = _post(call, unit, sent.channel, call.principal.name, sent.text, None)
        speaker = _Speech(call, unit).introduce()
        said = call.services.console.answer_command(unit, speaker, "built-in", sent.text, call.at)
        answer = _post(call, unit, sent.channel, AUTHOR, said.text, message.id) if said else None
        view = SaidView(message=view_message(message), answer=view_message(answer) if answer else None)
        return view, said

    view, said = await call.write(take)
    call.announce("message", sent.channel)
    if said is not None and said.changed is not None:
        announce_change(call, said.changed)
    for kind, subject in said.news if said else ():
        call.announce(kind, subject)
    return view


def _post(call: Call, unit: Unit, channel: str, author: str, text: str, thread: str | None) -> Message:
    id_ = call.services.ids.new("msg")
    message = Message(
        id=id_,
        channel=channel,
        key=f"said:{id_}",
        at=call.at,
        author=author,
        text=flatten(text, _LONGEST),
        thread=thread,
    )
    unit.messages.post(message)
    return message
