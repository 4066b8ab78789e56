"""People told of a call of which nobody knows what it did."""

from datetime import datetime

from soar.approvals.channels import AUTHOR, DEFAULT_CHANNEL
from soar.approvals.hostile import flatten
from soar.engine.commands import TellDoubt
from soar.engine.plan import Plan
from soar.model.ids import Ids
from soar.model.message import Message
from soar.store import Unit


def tell_doubt(unit: Unit, plan: Plan, command: TellDoubt, *, ids: Ids, at: datetime) -> None:
    """Say in the playbook's channel what nobody knows, and how to say what happened; once an attempt."""
    channel = plan.playbook.notify.channel if plan.playbook.notify else None
    step, call = plan.program.step(command.call.step), command.call
    text = (
        f"{call.action} in {plan.run}, step {step.label}: nobody knows whether it happened ({flatten(command.doubt)}). "
        f"Look there, and say so: soar run settle {plan.run} {call.step} --happened or --did-not"
    )
    message = Message(
        id=ids.new("msg"),
        channel=(channel or DEFAULT_CHANNEL).removeprefix("chat:"),
        key=f"{plan.run}:doubt:{call.step}:{command.attempt}",
        at=at,
        author=AUTHOR,
        text=text,
        run=plan.run,
    )
    unit.messages.post(message)
