"""What a run may do: what its playbook declares, what is kept for others, and what whoever started it may."""

from dataclasses import dataclass
from datetime import datetime

from soar.access.allowances import Allowances
from soar.access.decide import Denied, decide
from soar.access.permissions import Permission
from soar.access.roles import RoleTable
from soar.access.subjects import describe_call
from soar.engine.commands import StartAction
from soar.engine.plan import Plan
from soar.model.identity import Principal, PrincipalKind
from soar.model.playbook import Playbook
from soar.model.run import Run
from soar.playbook.references import ReferenceKind, find_references
from soar.store import Unit

_USER = "user:"
_LIFT, _CHECK = "lift-", "check-"
_KEPT = 256


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a playbook declares by naming it: the calls of its steps, and the credentials in their arguments."""

    calls: frozenset[tuple[str, str]]
    credentials: frozenset[str]


class Rights:
    """Says whether a call lies within the rights of its run.

    Args:
        roles: the installation's table.
        allowances: which playbooks connections and credentials are for.
    """

    def __init__(self, *, roles: RoleTable, allowances: Allowances) -> None:
        self._roles = roles
        self._allowances = allowances
        self._manifests: dict[tuple[str, str], Manifest] = {}

    def explain_no(self, unit: Unit, plan: Plan, run: Run, command: StartAction, at: datetime) -> str | None:
        """Return why a call is beyond the rights of its run, in words; None if it is not.

        A run started by a source, a schedule or an event has the rights of its playbook. One that a person started has
        no more than they have now: who is switched off or loses a role stops what runs in their name. A run that takes
        a response back, or looks whether it stands, was judged when that was asked for.
        """
        if run.playbook.startswith(_LIFT) and unit.responses.of_lift_run(run.id) is not None:
            return None
        if run.playbook.startswith(_CHECK) and unit.responses.of_check_run(run.id) is not None:
            return None
        playbook, call = plan.playbook, command.call
        manifest = self._find_manifest(plan)
        credentials = {name for _, name in call.secrets}
        if (call.action, call.connection) not in manifest.calls or not credentials <= manifest.credentials:
            return f"{playbook.id} does not declare `{call.action}` through `{call.connection}`"
        refused = self._allowances.explain_no(
            playbook.id, playbook.team, connections=(call.connection,), credentials=credentials
        )
        return refused or self._judge_starter(unit, playbook, run, command, at)

    def _judge_starter(
        self, unit: Unit, playbook: Playbook, run: Run, command: StartAction, at: datetime
    ) -> str | None:
        if not run.initiator.startswith(_USER):
            return None
        user = unit.users.get(run.initiator.removeprefix(_USER))
        if user is None or not user.may_act(at):
            return "whoever started the run may do nothing any more"
        starter = Principal(
            kind=PrincipalKind.USER,
            id=user.id,
            name=user.name,
            workspace=unit.workspace,
            roles=user.roles,
            grants=user.grants,
            teams=user.teams,
        )
        call = describe_call(unit.workspace, run, playbook.team, command.call.action, command.call.connection)
        decision = decide(starter, Permission.ACTION_CALL, roles=self._roles, thing=call)
        return decision.reason if isinstance(decision, Denied) else None

    def _find_manifest(self, plan: Plan) -> Manifest:
        key = (plan.playbook.id, plan.playbook.revision)
        known = self._manifests.get(key)
        if known is None:
            if len(self._manifests) >= _KEPT:
                self._manifests.clear()
            known = self._manifests[key] = _read_manifest(plan)
        return known


def _read_manifest(plan: Plan) -> Manifest:
    found = find_references(plan.playbook, plan.actions.get)
    return Manifest(
        calls=frozenset((one.name, one.connection) for one in found if one.kind is ReferenceKind.ACTION),
        credentials=frozenset(one.name for one in found if one.kind is ReferenceKind.CREDENTIAL),
    )
