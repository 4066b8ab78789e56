"""The last look before a call: is it what people agreed to, and may it go without asking?"""

from datetime import datetime

from soar.engine.commands import Call, StartAction
from soar.engine.gate import digest_calls
from soar.engine.plan import Plan
from soar.model.approval import ApprovalStatus
from soar.model.catalog import Effect
from soar.model.run import Mode, Run
from soar.policy import Policy, Target, find_refusal, required_gate
from soar.store import Unit


def find_obstacle(unit: Unit, plan: Plan, run: Run, command: StartAction, policy: Policy, now: datetime) -> str | None:
    """Return why a call may not be made, or None if it may.

    It is made in the transaction that records the intent, so nothing can change in between. The digest is taken anew
    over what was shown, and the very call about to be made must be among it.
    """
    spec = plan.actions[command.call.action]
    if run.mode is Mode.SHADOW and spec.effect is not Effect.READ:
        return "a shadow run changes nothing"
    targets = [Target(target) for target in command.targets]
    refusal = find_refusal(policy.protected, spec, targets, None, config=plan.config, now=now)
    if refusal is not None:
        return refusal.reason
    if command.approval is None:
        rule = required_gate(policy, spec, targets, None, now=now, config=plan.config)
        return f"policy `{rule.name}` wants an approval before this" if rule else None
    return find_mismatch(unit, run, command.call, command.approval, is_read=spec.effect is Effect.READ)


def find_mismatch(unit: Unit, run: Run, call: Call, approval_id: str, *, is_read: bool) -> str | None:
    """Return why an approval does not cover a call, or None if it does."""
    approval = unit.approvals.get(approval_id)
    if approval is None or approval.status is not ApprovalStatus.APPROVED:
        return "its approval is not given"
    calls = approval.card.arguments
    if not isinstance(calls, list):
        return "its approval covers no call"
    taken = digest_calls(
        workspace=unit.workspace, run=approval.run, revision=approval.revision, step=approval.step, calls=calls
    )
    if approval.run != run.id or approval.revision != run.revision or taken != approval.digest:
        return "its approval is for something else"
    is_inside = "/" in call.step.removeprefix(approval.step)
    if not (is_read and is_inside) and call.to_plain() not in calls:  # a group's gate freezes its writes alone
        return "what would be sent differs from what was approved"
    return None
