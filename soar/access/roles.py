"""Which role allows what, the table that comes with the product and what a site may change in it."""

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from soar.access.permissions import Permission, Risk, find_permission
from soar.access.scopes import escape_key, read_scope
from soar.model.errors import FieldFault, InputError
from soar.model.grant import Grant, Scope
from soar.model.identity import Role
from soar.model.values import JsonValue

P = Permission


@dataclass(frozen=True, slots=True)
class RoleTable(Mapping[str, frozenset[Permission]]):
    """Permissions by role.

    Attributes:
        scopes: for roles that are limited wherever they are held, the part of the world they are for.
        undelegable: roles whose say over questions nobody who holds them can lend to somebody else.
    """

    permissions: Mapping[str, frozenset[Permission]]
    scopes: Mapping[str, Scope] = field(default_factory=dict)
    undelegable: frozenset[str] = frozenset()

    def __getitem__(self, role: str) -> frozenset[Permission]:
        """Return what a role allows."""
        return self.permissions[role]

    def __iter__(self) -> Iterator[str]:
        """Go through the roles."""
        return iter(self.permissions)

    def __len__(self) -> int:
        """Return how many roles there are."""
        return len(self.permissions)


_VIEWER = frozenset(
    {
        P.ALERT_READ,
        P.RUN_READ,
        P.APPROVAL_READ,
        P.RESPONSE_READ,
        P.CASE_READ,
        P.PLAYBOOK_READ,
        P.CONNECTOR_READ,
        P.SOURCE_READ,
        P.LIST_READ,
        P.SUPPRESSION_READ,
        P.ROLE_READ,
        P.POLICY_READ,
        P.TOKEN_READ,
        P.TOKEN_WRITE,
        P.STREAM_READ,
        P.MESSAGE_READ,
    }
)
_ANALYST = _VIEWER | {
    P.ALERT_CHECK,
    P.ALERT_SEND,
    P.RUN_CANCEL,
    P.RUN_RETRY,
    P.RUN_UNDO,
    P.RUN_SETTLE,
    P.LETTER_READ,
    P.APPROVAL_VOTE,
    P.RESPONSE_LIFT,
    P.RESPONSE_EXTEND,
    P.RESPONSE_INSPECT,
    P.CASE_WRITE,
    P.PLAYBOOK_VALIDATE,
    P.PLAYBOOK_RUN,
    P.ACTION_CALL,
    P.CONNECTION_READ,
    P.METRICS_READ,
    P.MESSAGE_WRITE,
}
_LEAD = _ANALYST | {
    P.RESPONSE_KEEP,
    P.FREEZE_WRITE,
    P.LETTER_WRITE,
    P.SUPPRESSION_WRITE,
    P.USER_READ,
    P.AUDIT_READ,
    P.EMERGENCY_READ,
    P.EMERGENCY_REVIEW,
}
_AUTHOR = _VIEWER | {P.ALERT_CHECK, P.CONNECTION_READ, P.PLAYBOOK_VALIDATE, P.PLAYBOOK_WRITE}
_READS = frozenset(permission for permission in Permission if permission.risk is Risk.READ)

DEFAULT_ROLES = RoleTable(
    {
        Role.VIEWER.value: _VIEWER,
        Role.ANALYST.value: _ANALYST,
        Role.SOC_LEAD.value: _LEAD | {P.LIST_WRITE},
        Role.INCIDENT_COMMANDER.value: _LEAD,
        Role.AUTHOR.value: _AUTHOR,
        Role.PUBLISHER.value: _AUTHOR | {P.PLAYBOOK_PUBLISH},
        Role.CONNECTOR_ADMIN.value: _VIEWER | {P.CONNECTION_READ, P.CREDENTIAL_READ, P.CREDENTIAL_WRITE},
        Role.AUDITOR.value: (_READS - {P.CREDENTIAL_READ}) | {P.TOKEN_WRITE},
        Role.ADMIN.value: frozenset(Permission) - {P.APPROVAL_VOTE},
    }
)
"""What each role that comes with the product allows."""


def parse_roles(plain: JsonValue) -> RoleTable:
    """Read a site's table of roles: `{"roles": {id: [permission, …]}}`.

    A role named here replaces the one of the product with that name; those not named stay. One that is written as
    `{"permissions": […], "scope": {attribute: [name, …]}}` is for that part of the world alone, whoever holds it; with
    `"delegable": false` nobody can lend its say over questions.

    Raises:
        InputError: an unknown key or permission, or a table that breaks the separation of duties; all faults at once,
            each with its JSON pointer.
    """
    if not isinstance(plain, dict) or not isinstance(entries := plain.get("roles"), dict):
        raise InputError("roles must be a map with one key, `roles`", hint="write `roles:` and under it `id: [...]`")
    faults = [
        FieldFault(f"/{escape_key(key)}", "unknown key; only `roles` is known") for key in plain if key != "roles"
    ]
    table, scopes, undelegable = dict(DEFAULT_ROLES), {}, set()
    for role, written in entries.items():
        pointer = f"/roles/{escape_key(role)}"
        listed, scope = _split_role(written, pointer, faults)
        table[role] = _read_permissions(listed, pointer, faults)
        if scope is not None:
            scopes[role] = scope
        if not _is_delegable(written, pointer, faults):
            undelegable.add(role)
    made = RoleTable(table, scopes, frozenset(undelegable))
    faults += _check_table(made)
    if faults:
        raise InputError(
            f"the table of roles has {len(faults)} faults, the first: {faults[0].message}",
            hint="correct the entries at the pointers",
            faults=faults,
        )
    return made


def check_roles(roles: Iterable[str], *, table: RoleTable = DEFAULT_ROLES) -> list[str]:
    """Return why a person may not hold these roles together, a sentence for each reason; empty if they may.

    An auditor judges what others do: never together with administration, nor with a role that votes on approvals. Who
    administers hands out roles, and so never holds one that votes.
    """
    held = sorted(set(roles))
    reasons = [f"there is no role `{role}`" for role in held if role not in table]
    if Role.ADMIN in held and Role.AUDITOR not in held:
        reasons += [
            f"an admin cannot be `{role}` at the same time"
            for role in held
            if Permission.APPROVAL_VOTE in table.get(role, frozenset())
        ]
    if Role.AUDITOR in held:
        reasons += [
            f"an auditor cannot be `{role}` at the same time"
            for role in held
            if role == Role.ADMIN or Permission.APPROVAL_VOTE in table.get(role, frozenset())
        ]
    return reasons


def check_grants(grants: Iterable[Grant], roles: Iterable[str], *, table: RoleTable) -> list[str]:
    """Return why a person may not hold these roles everywhere and these grants together; empty if they may.

    A scope makes no difference to the separation of duties: an auditor of one team votes in none.
    """
    given = tuple(grants)
    return check_roles({*roles, *(grant.role for grant in given)}, table=table)


def find_separation(held: Collection[str], permission: Permission) -> str | None:
    """Return why duties keep somebody from a permission, whatever their roles give; None if they do not.

    This holds at every decision, also for people whose roles came about in a way that `check_roles` has not seen.

    Args:
        held: all their roles, those of grants included: a scope makes no difference.
        permission: what they want to do.
    """
    if Role.AUDITOR in held and permission.risk is Risk.CRITICAL:
        return f"an auditor never holds `{permission}`: who judges what others do moves no power to act"
    if Role.ADMIN in held and permission is Permission.APPROVAL_VOTE:
        return "an admin never holds `approval:vote`: who hands out roles does not vote"
    return None


def _split_role(written: JsonValue, pointer: str, faults: list[FieldFault]) -> tuple[JsonValue, Scope | None]:
    """Return a role's list of permissions, and its scope if it has one."""
    if not isinstance(written, dict):
        return written, None
    faults += [
        FieldFault(f"{pointer}/{escape_key(key)}", "unknown key; a role has `permissions`, `scope` and `delegable`")
        for key in sorted(written.keys() - {"permissions", "scope", "delegable"})
    ]
    if "scope" not in written and "delegable" in written:
        return written.get("permissions"), None
    scope, wrong = read_scope(written.get("scope"), f"{pointer}/scope")
    faults += wrong
    return written.get("permissions"), scope


def _is_delegable(written: JsonValue, pointer: str, faults: list[FieldFault]) -> bool:
    """Whether those who hold a role can lend its say over questions; yes, unless it says otherwise."""
    plain = written.get("delegable", True) if isinstance(written, dict) else True
    if not isinstance(plain, bool):
        faults.append(FieldFault(f"{pointer}/delegable", "must be true or false"))
    return plain is True


def _read_permissions(listed: JsonValue, pointer: str, faults: list[FieldFault]) -> frozenset[Permission]:
    if not isinstance(listed, list):
        faults.append(FieldFault(pointer, "must be a list of permissions such as `alert:read`"))
        return frozenset()
    found = set()
    for index, text in enumerate(listed):
        permission = find_permission(text) if isinstance(text, str) else None
        if permission is None:
            faults.append(FieldFault(f"{pointer}/{index}", f"`{text}` is no permission{_suggest(text)}"))
        else:
            found.add(permission)
    return frozenset(found)


def _check_table(table: RoleTable) -> list[FieldFault]:
    faults = []
    if Permission.APPROVAL_VOTE in table[Role.ADMIN]:
        faults.append(
            FieldFault("/roles/admin", "an admin cannot hold `approval:vote`: who hands out roles never votes")
        )
    faults += [
        FieldFault(
            "/roles/auditor", f"an auditor cannot hold `{permission}`: auditors change nothing, see no credential"
        )
        for permission in sorted(table[Role.AUDITOR] - DEFAULT_ROLES[Role.AUDITOR])
    ]
    return faults


def _suggest(text: JsonValue) -> str:
    near = difflib.get_close_matches(str(text), list(Permission), n=1)
    return f"; did you mean `{near[0]}`?" if near else ""
