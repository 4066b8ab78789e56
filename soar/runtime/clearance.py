"""The last look before a call: is it what people agreed to, and may it go without asking?"""

from dataclasses import dataclass
from datetime import datetime

from soar.approvals.caps import find_caps_hit, measure, write_rule
from soar.approvals.freezer import describe_freeze
from soar.approvals.parts import list_calls
from soar.approvals.standing import find_lapse
from soar.engine.commands import Call, StartAction
from soar.engine.gate import digest_calls
from soar.engine.plan import Plan
from soar.model.approval import Approval, ApprovalStatus
from soar.model.catalog import ActionSpec, Effect
from soar.model.deed import Deed
from soar.model.errors import ActionCode
from soar.model.run import Mode, Run
from soar.policy import Cap, CapOutcome, GateRule, Policy, Target, combine, digest_gates, find_refusal, required_gate
from soar.store import Unit


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a call may not be made.

    Attributes:
        reason: in words.
        code: how the call fails.
        cap: what was hit and freezes what it counts.
    """

    reason: str
    code: ActionCode = ActionCode.FORBIDDEN
    cap: Cap | None = None


def find_obstacle(
    unit: Unit, plan: Plan, run: Run, command: StartAction, policy: Policy, now: datetime
) -> Obstacle | None:
    """Return why a call may not be made, or None if it may.

    It is made in the transaction that records the intent, so nothing can change in between. The digest is taken anew
    over what was shown, and the very call about to be made must be among it.
    """
    spec = plan.actions[command.call.action]
    if run.mode is Mode.SHADOW and spec.effect is not Effect.READ:
        return Obstacle("a shadow run changes nothing")
    frozen = find_freeze(unit, spec, command)
    if frozen is not None:
        return frozen
    targets = [Target(target) for target in command.targets]
    refusal = find_refusal(policy.protected, spec, targets, None, config=plan.config, now=now)
    if refusal is not None:
        return Obstacle(refusal.reason)
    why = _find_disagreement(unit, plan, run, command, policy, now)
    return Obstacle(why) if why else _find_cap(unit, spec, run, command, policy, now)


def find_freeze(unit: Unit, spec: ActionSpec, command: StartAction) -> Obstacle | None:
    """Return what stops a write that is frozen, or None if nothing does."""
    if spec.effect is Effect.READ:
        return None
    freeze = unit.freezes.find(command.call.action, command.call.connection)
    return Obstacle(describe_freeze(freeze), ActionCode.FROZEN) if freeze else None


def describe_deed(spec: ActionSpec, run: Run, command: StartAction, at: datetime) -> Deed:
    """Return what caps count of a write that begins."""
    return Deed(
        run=run.id,
        step=command.call.step,
        action=command.call.action,
        connection=command.call.connection,
        effect=spec.effect,
        targets=command.targets,
        size=measure(len(command.targets)),
        was_asked=command.approval is not None,
        at=at,
    )


def _find_disagreement(
    unit: Unit, plan: Plan, run: Run, command: StartAction, policy: Policy, now: datetime
) -> str | None:
    """Return what people have not agreed to although somebody must."""
    spec, targets = plan.actions[command.call.action], [Target(target) for target in command.targets]
    rule = required_gate(policy, spec, targets, None, now=now, config=plan.config)
    if command.approval is None:
        return f"policy `{rule.name}` wants an approval before this" if rule else None
    mismatch = find_mismatch(unit, run, command.call, command.approval, is_read=spec.effect is Effect.READ)
    lapse = find_lapse(unit, policy, unit.approvals.get(command.approval), now)
    return mismatch or lapse or find_weakness(unit, command.approval, policy, rule)


def find_weakness(unit: Unit, approval_id: str, policy: Policy, rule: GateRule | None) -> str | None:
    """Return why an approval that was given is too little for the policy as it is now, or None if it is enough."""
    approval = unit.approvals.get(approval_id)
    if approval is None or rule is None or approval.course.policy in ("", digest_gates(policy)):
        return None
    asked = (approval.by, approval.quorum, approval.assurance)
    is_enough = combine(*asked, rule) == asked and set(rule.exclude) <= set(approval.course.exclude)
    return None if is_enough else f"policy `{rule.name}` asks for more now than when this was approved"


def _find_cap(
    unit: Unit, spec: ActionSpec, run: Run, command: StartAction, policy: Policy, now: datetime
) -> Obstacle | None:
    """Return the cap that stands in the way; a write that has begun before is among what was counted."""
    if not policy.caps or unit.deeds.get(run.id, command.call.step) is not None:
        return None
    for cap in find_caps_hit(unit, policy, spec, command.call.connection, len(command.targets), now):
        match cap.outcome:
            case CapOutcome.FREEZE:
                return Obstacle(f"it is more than the policy allows: {cap.name}", ActionCode.FROZEN, cap)
            case CapOutcome.REFUSE:
                return Obstacle(f"it is more than the policy allows: {cap.name}")
            case CapOutcome.ASK:
                if not _is_agreed(unit, command.approval, cap):
                    return Obstacle(f"it is more than the policy allows without {' or '.join(cap.by)}: {cap.name}")
    return None


def _is_agreed(unit: Unit, approval_id: str | None, cap: Cap) -> bool:
    """Whether none but those whom a cap names could say yes to what was asked."""
    approval: Approval | None = unit.approvals.get(approval_id) if approval_id else None
    if approval is None or approval.course.standing is not None:
        return False
    deciding = (*approval.by, *(level.to for level in approval.escalations if level.is_reached and level.may_decide))
    rule = write_rule(cap)
    return all(combine((principal,), 1, None, rule)[0] == (principal,) for principal in deciding)


def find_mismatch(unit: Unit, run: Run, call: Call, approval_id: str, *, is_read: bool) -> str | None:
    """Return why an approval does not cover a call, or None if it does."""
    approval = unit.approvals.get(approval_id)
    if approval is None or approval.status is not ApprovalStatus.APPROVED:
        return "its approval is not given"
    if not isinstance(approval.card.arguments, list):
        return "its approval covers no call"
    calls = list_calls(approval)
    taken = digest_calls(
        workspace=unit.workspace, run=approval.run, revision=approval.revision, step=approval.step, calls=calls
    )
    if approval.run != run.id or approval.revision != run.revision or taken != approval.digest:
        return "its approval is for something else"
    is_inside = "/" in call.step.removeprefix(approval.step)
    if not (is_read and is_inside) and call.to_plain() not in calls:  # a group's gate freezes its writes alone
        return "what would be sent differs from what was approved"
    return None
