"""The last look before a call: is it what people agreed to, and may it go without asking?"""

from datetime import datetime

from soar.engine.commands import StartAction
from soar.engine.gate import digest_calls
from soar.engine.plan import Plan
from soar.model.approval import Approval, ApprovalStatus
from soar.model.catalog import ActionSpec, Effect
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
    return _check_approval(unit, run, command, spec)


def _check_approval(unit: Unit, run: Run, command: StartAction, spec: ActionSpec) -> str | None:
    approval = unit.approvals.get(command.approval or "")
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
    if not _is_read_inside(command, approval, spec) and command.call.to_plain() not in calls:
        return "what would be sent differs from what was approved"
    return None


def _is_read_inside(command: StartAction, approval: Approval, spec: ActionSpec) -> bool:
    """Whether a call only reads inside a gated group: the group's gate freezes its writes alone."""
    return spec.effect is Effect.READ and "/" in command.call.step.removeprefix(approval.step)
