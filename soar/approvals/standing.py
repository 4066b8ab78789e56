"""A yes beforehand: proposed by one person, signed by another, used for a while, revoked at any time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from soar.approvals.caps import find_rules
from soar.approvals.decide import LEVELS, Voter, is_meant, name_all
from soar.approvals.people import find_authors
from soar.audit.record import record
from soar.engine.action import targets_of
from soar.engine.commands import RequestApproval
from soar.engine.plan import Plan
from soar.expr import print_duration
from soar.model.approval import Approval
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.model.catalog import ActionSpec
from soar.model.errors import ConflictError, DeniedError, InputError, NotFoundError
from soar.model.ids import Ids
from soar.model.standing_approval import StandingApproval
from soar.model.step import Assurance
from soar.model.values import JsonValue, Value, print_timestamp
from soar.policy import (
    NO_CONFIG,
    Policy,
    StandingRule,
    Target,
    find_assurance,
    find_refusal,
    find_standing_rule,
)
from soar.store import Unit

_LONGEST_PATTERN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody wants approved beforehand; see `StandingApproval`."""

    action: str
    playbook: str
    revision: str
    targets: str
    reason: str
    until: datetime


class StandingDesk:
    """Takes proposals, signatures and revocations, each in its caller's transaction.

    Args:
        policy: says which actions may have standing approvals, and who signs them.
        ids: new identifiers.
        find_action: gives an action by its full name; None where nothing is installed that has it.
        config: the server's open settings.
    """

    def __init__(
        self,
        *,
        policy: Policy,
        ids: Ids,
        find_action: Callable[[str], ActionSpec | None],
        config: Mapping[str, Value] = NO_CONFIG,
    ) -> None:
        self._policy = policy
        self._ids = ids
        self._find_action = find_action
        self._config = config

    def propose(self, unit: Unit, wanted: Wanted, voter: Voter | None, actor: Actor, at: datetime) -> StandingApproval:
        """Propose one; nothing goes without asking before somebody else has signed it.

        Raises:
            InputError: the policy lets the action have none, it would last too long, or it names no target.
            DeniedError: the policy names others, they have written the playbook, or they have shown no second factor
                where the policy may ask for one (`step_up_required`).
        """
        rule = self._find_rule(wanted.action)
        if not at < wanted.until <= at + rule.longest:
            longest = print_duration(rule.longest)
            raise InputError(f"a standing approval of {rule.action} ends within {longest}", code="standing_too_long")
        if not any(character.isalnum() for character in wanted.targets) or len(wanted.targets) > _LONGEST_PATTERN:
            message, hint = "the pattern names no target", "write a part of their names: lab-*.corp.example"
            raise InputError(message, code="standing_too_wide", hint=hint)
        person = self._check_person(unit, rule, wanted.playbook, wanted.revision, voter)
        self._check_assurance(rule.action, person, at)
        made = StandingApproval(
            id=self._ids.new("sa"),
            action=wanted.action,
            playbook=wanted.playbook,
            revision=wanted.revision,
            targets=wanted.targets,
            reason=wanted.reason,
            proposed_by=person.id,
            proposed_at=at,
            assurance=person.assurance,
            expires_at=wanted.until,
        )
        unit.standing_approvals.add(made)
        self._record(unit, "standing_approval.proposed", made, actor, at, reason=wanted.reason)
        return made

    def sign(self, unit: Unit, standing_id: str, voter: Voter | None, actor: Actor, at: datetime) -> StandingApproval:
        """Sign what somebody else has proposed; from now on it answers questions.

        Raises:
            NotFoundError: there is none that is open.
            ConflictError: it is signed already.
            DeniedError: they have proposed it, or may not, as with `propose`.
        """
        found = self._find_open(unit, standing_id, at)
        if found.signed_by is not None:
            raise ConflictError(f"{found.id} is signed already", code="already_signed")
        person = self._check_person(unit, self._find_rule(found.action), found.playbook, found.revision, voter)
        if person.id == found.proposed_by:
            message, hint = "whoever proposed it cannot sign it", "let somebody else sign it"
            raise DeniedError(message, code="second_person", hint=hint)
        self._check_assurance(found.action, person, at)
        assurance = min(found.assurance, person.assurance, key=LEVELS.index)
        signed = replace(found, signed_by=person.id, signed_at=at, assurance=assurance)
        unit.standing_approvals.update(signed)
        self._record(unit, "standing_approval.signed", signed, actor, at)
        return signed

    def revoke(self, unit: Unit, standing_id: str, reason: str, actor: Actor, at: datetime) -> StandingApproval:
        """End one before its time; what it has approved and has not begun yet is not done.

        Raises:
            NotFoundError: there is none that is open.
        """
        revoked = replace(self._find_open(unit, standing_id, at), revoked_by=actor.id, revoked_at=at)
        unit.standing_approvals.update(revoked)
        self._record(unit, "standing_approval.revoked", revoked, actor, at, reason=reason)
        return revoked

    def _find_rule(self, action: str) -> StandingRule:
        rule = find_standing_rule(self._policy.standing, action)
        if rule is None:
            message, hint = f"the policy lets {action} have no standing approval", "see `standing` in: soar policy show"
            raise InputError(message, code="standing_not_permitted", hint=hint)
        return rule

    def _check_person(self, unit: Unit, rule: StandingRule, playbook: str, revision: str, voter: Voter | None) -> Voter:
        if voter is None or not any(is_meant(principal, voter) for principal in rule.by):
            needed = name_all(rule.by)
            raise DeniedError(f"a standing approval of {rule.action} needs {needed}", code="not_allowed", hint="")
        if voter.id in find_authors(unit, playbook, revision):
            message, hint = "you have written this playbook", "two others have to agree"
            raise DeniedError(message, code="own_revision", hint=hint)
        return voter

    def _check_assurance(self, action: str, person: Voter, at: datetime) -> None:
        spec = self._find_action(action)
        asked = Assurance.LINKED if spec is None else find_assurance(self._policy, spec, now=at, config=self._config)
        if asked is Assurance.MFA and person.assurance is not Assurance.MFA:
            raise DeniedError(
                f"the policy asks for a second factor before {action}, and so does a yes beforehand",
                code="step_up_required",
                hint="`soar step-up` with a second factor, or POST /api/v1/session/step-up; `soar factor add` adds one",
            )

    def _find_open(self, unit: Unit, standing_id: str, at: datetime) -> StandingApproval:
        found = unit.standing_approvals.get(standing_id)
        if found is None or not found.is_open(at):
            raise NotFoundError(f"no standing approval {standing_id} is open", hint="soar approval standing list")
        return found

    def _record(
        self, unit: Unit, kind: str, standing: StandingApproval, actor: Actor, at: datetime, reason: str | None = None
    ) -> None:
        event = AuditEvent(
            type=kind,
            outcome=Outcome.SUCCESS,
            actor=actor,
            target={"kind": "standing_approval", "id": standing.id, "action": standing.action},
            reason=reason,
            context=describe_standing(standing),
        )
        record(unit, event, at=at, id=self._ids.new("ev"))


def describe_standing(standing: StandingApproval) -> dict[str, JsonValue]:
    """Return what the audit says of a standing approval, also where it is used."""
    return {
        "playbook": standing.playbook,
        "revision": standing.revision,
        "targets": standing.targets,
        "until": print_timestamp(standing.expires_at),
        "proposed_by": standing.proposed_by,
        "signed_by": standing.signed_by,
        "assurance": standing.assurance.value,
    }


def find_standing(
    unit: Unit,
    policy: Policy,
    asked: Approval,
    command: RequestApproval,
    plan: Plan,
    find_voters: Callable[[], Sequence[Voter]],
    at: datetime,
) -> StandingApproval | None:
    """Return the standing approval that answers a question, or None if people have to be asked.

    It has to cover every call of the question and every target of each, and those who agreed have shown a second factor
    where the question asks for one; nothing of it may be protected or beyond a cap; and both who agreed must still be
    among those whom the policy names, and not among those who may not decide this.

    Args:
        unit: the transaction.
        policy: the installation's.
        asked: the question.
        command: what the engine wants asked.
        plan: the run's surroundings.
        find_voters: gives everybody who may act.
        at: the moment.
    """
    actions = {call.action for call in command.calls}
    rule = find_standing_rule(policy.standing, next(iter(actions))) if len(actions) == 1 else None
    spec = plan.actions.get(rule.action) if rule is not None else None
    if rule is None or spec is None or asked.is_question:
        return None
    targets = [targets_of(spec, call.arguments) for call in command.calls]
    found = [Target(target) for each in targets for target in each]
    if not all(targets) or find_refusal(policy.protected, spec, found, None, config=plan.config, now=at):
        return None
    if find_rules(
        unit,
        policy,
        [(spec, call.connection, len(each)) for call, each in zip(command.calls, targets, strict=True)],
        at,
    ):
        return None
    good = (
        standing
        for standing in unit.standing_approvals.find_good(rule.action, asked.playbook, at)
        if standing.revision == asked.revision
        and standing.is_enough(asked.assurance)
        and all(standing.covers(target.id) for target in found)
    )
    return next((each for each in good if _is_agreed(unit, each, rule, asked, find_voters())), None)


def find_lapse(unit: Unit, policy: Policy, approval: Approval | None, at: datetime) -> str | None:
    """Return why the standing approval behind a yes counts no more; None if it does, or people have voted."""
    if approval is None or approval.course.standing is None:
        return None
    standing = unit.standing_approvals.get(approval.course.standing)
    if standing is None or not standing.is_good(at) or find_standing_rule(policy.standing, standing.action) is None:
        return f"the standing approval {approval.course.standing} is over"
    return None


def _is_agreed(
    unit: Unit, standing: StandingApproval, rule: StandingRule, asked: Approval, voters: Sequence[Voter]
) -> bool:
    """Whether both who agreed could still agree."""
    both = {standing.proposed_by, standing.signed_by}
    able = {voter.id for voter in voters if any(is_meant(principal, voter) for principal in rule.by)}
    kept_out = {*asked.exclude_users, *find_authors(unit, asked.playbook, asked.revision)}
    return both <= able and not both & kept_out
