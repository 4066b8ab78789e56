"""From what the engine wants asked to the question that people see."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from soar.approvals.decide import Voter, is_meant, name_all
from soar.approvals.parts import default_confirmation
from soar.engine.action import targets_of
from soar.engine.commands import RequestAnswer, RequestApproval
from soar.model.approval import Approval, ApprovalStatus, Card, Course, EscalationLevel, Part
from soar.model.canonical import digest
from soar.model.catalog import ActionSpec, Effect
from soar.model.run import Run
from soar.model.step import Assurance
from soar.model.values import JsonValue
from soar.policy import GateRule, combine

_SHOWN_TARGETS = 50
_UNKNOWN_EFFECT = Effect.WRITE  # of another playbook: it may change something


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is known about a question besides the engine's command.

    Attributes:
        spec: the gravest action that would be called; None for a gate on its own.
        rules: what the policy demands for it.
        code: a short code that no other open question has.
        channel: where the playbook tells people of its runs, unless the gate names its own.
        course: under what it is asked.
        actions: what is known of the actions, by name.
    """

    run: Run
    spec: ActionSpec | None
    rules: Sequence[GateRule]
    code: str
    channel: str
    exclude_users: Mapping[str, str]
    course: Course
    actions: Mapping[str, ActionSpec]


def build_approval(command: RequestApproval, question: Question, at: datetime) -> Approval:
    """Return the pending approval; policy can raise what the author asks for, never lower it."""
    by, quorum, assurance = command.by, command.quorum, command.assurance or _default_assurance(question.spec)
    for rule in question.rules:
        by, quorum, assurance = combine(by, quorum, assurance, rule)
    escalations = tuple(
        EscalationLevel(at + after, to, may_decide=_is_admitted(to, question.rules), via=via)
        for after, to, via in command.escalate
    )
    return Approval(
        id=command.approval,
        code=question.code,
        run=question.run.id,
        step=command.path,
        playbook=question.run.playbook,
        revision=question.run.revision,
        digest=command.digest,
        status=ApprovalStatus.PENDING,
        card=_card(command, question.spec),
        by=by,
        exclude_users=question.exclude_users,
        quorum=quorum,
        has_veto=command.has_veto,
        assurance=assurance,
        confirm=command.confirm or default_confirmation(command.targets) or question.code,
        comment=command.comment,
        channel=command.channel or question.channel,
        asked_at=at,
        expires_at=at + command.timeout,
        escalations=escalations,
        remind_at=tuple(at + moment for moment in command.remind or _default_reminders(command.timeout)),
        course=replace(question.course, parts=_list_parts(command, question.actions)),
    )


def build_question(command: RequestAnswer, run: Run, code: str, channel: str, at: datetime) -> Approval:
    """Return the pending question for facts.

    Whoever it goes to may answer it, whether they started the run or it is about them: a fact is no decision.

    Args:
        command: what the engine wants asked.
        run: the run that waits.
        code: a short code that no other open question has.
        channel: where the playbook tells people of its runs.
        at: the moment.
    """
    form: JsonValue = {
        name: [field.type, field.label, list(field.enum), field.default] for name, field in command.fields.items()
    }
    return Approval(
        id=command.approval,
        code=code,
        run=run.id,
        step=command.path,
        playbook=run.playbook,
        revision=run.revision,
        digest=digest([run.id, run.revision, command.path, command.to, command.question, form]),
        status=ApprovalStatus.PENDING,
        card=Card(
            question=command.question,
            action="",
            connection="",
            effect=Effect.READ,
            is_reversible=False,
            targets=(),
            target_count=0,
            reason=command.label,
            impact="",
            undo="",
            evidence=(),
            arguments=[],
        ),
        by=(command.to,),
        exclude_users={},
        quorum=1,
        has_veto=False,
        assurance=Assurance.LINKED,
        confirm="",
        comment="optional",
        channel=channel,
        asked_at=at,
        expires_at=at + command.timeout,
        remind_at=tuple(at + moment for moment in _default_reminders(command.timeout)),
        fields=command.fields,
    )


def _is_admitted(principal: str, rules: Sequence[GateRule]) -> bool:
    """Whether somebody may decide whom a gate is escalated to: the policy has to let them, too."""
    return all(combine((principal,), 1, None, rule)[0] == (principal,) for rule in rules)


def _list_parts(command: RequestApproval, actions: Mapping[str, ActionSpec]) -> tuple[Part, ...]:
    """Return the elements of which people may allow some; none where one of them acts on nothing that has a name."""
    if not command.may_choose:
        return ()
    found: dict[str, list[str]] = {}
    for call in command.calls:
        element, spec = call.step.removeprefix(command.path).partition("/")[0], actions.get(call.action)
        targets = found.setdefault(command.path + element, [])
        targets += targets_of(spec, call.arguments) if spec is not None else ()
    return tuple(Part(path, tuple(targets)) for path, targets in found.items()) if all(found.values()) else ()


def _card(command: RequestApproval, spec: ActionSpec | None) -> Card:
    undo = command.undo or (f"{spec.connector}.{spec.undo}" if spec and spec.undo else "")
    connections = [call.connection for call in command.calls if spec and call.action == spec.full_name]
    return Card(
        question=f"{command.label}?",
        action=spec.full_name if spec else next((call.action for call in command.calls), ""),
        connection=connections[0] if connections else "",
        effect=spec.effect if spec else _UNKNOWN_EFFECT if command.calls else Effect.READ,
        is_reversible=bool(undo),
        targets=command.targets[:_SHOWN_TARGETS],
        target_count=len(command.targets),
        reason=command.reason,
        impact=command.impact,
        undo=undo,
        evidence=command.evidence,
        arguments=[call.to_plain() for call in command.calls],
    )


def _default_assurance(spec: ActionSpec | None) -> Assurance:
    return Assurance.CONFIRMED if spec and spec.effect is Effect.DESTRUCTIVE else Assurance.LINKED


def _default_reminders(timeout: timedelta) -> tuple[timedelta, ...]:
    return (timeout * 0.5, timeout * 0.8)


def find_hopeless(approval: Approval, people: Sequence[Voter], strong: Collection[str]) -> str | None:
    """Return why nobody could ever bring this question to a yes or an answer, or None if somebody could.

    Args:
        approval: the question.
        people: everybody who may act.
        strong: ids of those who could prove themselves with a second factor.
    """
    principals = (*approval.by, *(level.to for level in approval.escalations if level.may_decide))
    able = [
        voter
        for voter in people
        if voter.id not in approval.exclude_users and any(is_meant(principal, voter) for principal in principals)
    ]
    if approval.assurance is Assurance.MFA:
        able = [voter for voter in able if voter.id in strong]
    if len(able) >= approval.quorum:
        return None
    verb = "answer" if approval.is_question else "vote"
    needed = "one person" if approval.quorum == 1 else f"{approval.quorum} people"
    how = " with a second factor" if approval.assurance is Assurance.MFA else ""
    said = f"it needs {needed} of {name_all(principals, ', ')}{how}, and {len(able) or 'nobody'} could ever {verb}"
    empty = [each for each in principals if not any(is_meant(each, voter) for voter in able)]
    return f"{said}; nobody of {name_all(empty, ', ')} can" if able and empty else said
