"""What people say in the built-in chat; a message that is a command is carried out and answered."""

from dataclasses import dataclass, field, replace

from soar.access.permissions import Permission
from soar.api.call import Call
from soar.api.handlers.approvals import announce_change, assure
from soar.api.handlers.runs import announce_lift, is_liftable
from soar.api.schemas.messages import MessageSent, SaidView, view_message
from soar.api.things import Things
from soar.approvals.channels import AUTHOR
from soar.approvals.console import Speaker
from soar.approvals.hostile import flatten
from soar.audit.actor import describe_principal
from soar.model.approval import Approval
from soar.model.identity import Principal
from soar.model.message import Message
from soar.model.response import Response
from soar.model.run import Run
from soar.model.step import walk_steps
from soar.store import Unit

_CHAT = "chat"
_EVERYTHING = 10_000
_LONGEST = 2_000


@dataclass(slots=True)
class _Speech:
    """One message on its way: who speaks, and what has changed by it."""

    call: Call
    unit: Unit
    lifting: list[Response] = field(default_factory=list)

    def introduce(self) -> Speaker:
        """Return the caller as commands see them."""
        return Speaker(
            principal=replace(self.call.principal, via=_CHAT),
            assurance=assure(self.call),
            may_see=self._may_see,
            over=self._find_voter,
            undo=self._undo,
        )

    def _may_see(self, approval: Approval) -> bool:
        return self.call.may(Permission.APPROVAL_READ, Things(self.call, self.unit).of_approval(approval))

    def _find_voter(self, approval: Approval) -> Principal | None:
        thing = Things(self.call, self.unit).of_approval(approval)
        if not self.call.may(Permission.APPROVAL_VOTE, thing):
            return None
        return replace(self.call.over(thing), via=_CHAT)

    def _undo(self, run_id: str, step: str) -> str:
        """Take back what a run holds that the caller may lift: all of it, or that of one step by id or path."""
        run = self.unit.runs.get(run_id)
        if run is None:
            return f"There is no run {flatten(run_id)[:40]}."
        held = [each for each in self.unit.responses.list(_EVERYTHING, run=run.id).items if is_liftable(each)]
        paths = {step, self._find_path(run, step)}
        wanted = [each for each in held if not step or each.step.partition("#")[0] in paths]
        if not wanted:
            return f"{run.id} holds nothing that could be undone{' there' if step else ''}."
        things = Things(self.call, self.unit)
        if not all(self.call.may(Permission.RESPONSE_LIFT, things.of_response(each)) for each in wanted):
            return f"You may not undo what {run.id} holds."
        for each in wanted:
            self.lifting.append(self._lift(each))
        return f"Undoing {len(wanted)} of {run.id}: {', '.join(each.action for each in wanted)}."

    def _find_path(self, run: Run, step: str) -> str | None:
        playbook = self.call.desk.revisions.find(self.unit, run)
        steps = walk_steps(playbook.steps) if playbook else ()
        return next((each.path for each in steps if each.id == step), None)

    def _lift(self, held: Response) -> Response:
        return self.call.services.responses.lift(
            self.unit,
            held.id,
            actor=describe_principal(replace(self.call.principal, via=_CHAT)),
            initiator=f"user:{self.call.principal.id}",
            reason="undo in chat",
            at=self.call.at,
        )


async def say(call: Call, sent: MessageSent) -> SaidView:
    """Say something in a channel. A command such as `!approve ab12` is carried out as the caller, and answered."""

    def take(unit: Unit) -> tuple[SaidView, Approval | None, list[Response]]:
        speech = _Speech(call, unit)
        message = _post(call, unit, sent.channel, call.principal.name, sent.text, None)
        said = call.services.console.answer_command(unit, speech.introduce(), "built-in", sent.text, call.at)
        answer = _post(call, unit, sent.channel, AUTHOR, said.text, message.id) if said else None
        view = SaidView(message=view_message(message), answer=view_message(answer) if answer else None)
        return view, said.changed if said else None, speech.lifting

    view, changed, lifting = await call.write(take)
    call.announce("message", sent.channel)
    if changed is not None:
        announce_change(call, changed)
    for response in lifting:
        announce_lift(call, response)
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
