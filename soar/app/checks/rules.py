"""Do the site's rules keep at least what the product's own rules keep?"""

from collections.abc import Iterator
from datetime import datetime

from soar.access.permissions import Permission
from soar.access.roles import RoleTable
from soar.app.checks.check import Check, bad, good
from soar.app.site import Site
from soar.model.catalog import ActionSpec, Effect
from soar.model.step import Assurance
from soar.policy import required_gate

_HANDS_OUT = frozenset({Permission.USER_WRITE, Permission.SCIM_WRITE})
_SHOWN = 3  # names in a message


def check_site(site: Site, now: datetime) -> Iterator[Check]:
    """Look at the policy and the table of roles."""
    yield _check_policy(site, now)
    yield from _check_roles(site.roles)


def _check_policy(site: Site, now: datetime) -> Check:
    """Hold the policy against the product's own: a person who has confirmed stands before everything destructive."""
    unasked = [
        action.full_name
        for connector in site.catalog.connectors.values()
        for action in connector.actions.values()
        if action.effect is Effect.DESTRUCTIVE and not _is_asked_about(site, action, now)
    ]
    if not unasked:
        return good("everything destructive waits for a person", name="policy")
    more = f" and {len(unasked) - _SHOWN} more" if len(unasked) > _SHOWN else ""
    return bad(
        f"the policy lowers what the product asks: nobody has to confirm {', '.join(unasked[:_SHOWN])}{more}",
        name="policy",
        code="policy_lowers",
        hint=f"add to the gates of {site.settings.paths.policy}: {{name: gate-destructive, when: "
        "'action.effect == \"destructive\"', require: {by: role:analyst, assurance: confirmed}}",
    )


def _is_asked_about(site: Site, action: ActionSpec, now: datetime) -> bool:
    """Whether the policy asks about the action where nothing is known of its target and it is never taken back."""
    gate = required_gate(site.policy, action, (), None, now=now)
    return gate is not None and gate.assurance is not Assurance.LINKED


def _check_roles(table: RoleTable) -> Iterator[Check]:
    mixed = [
        (role, permission)
        for role, permissions in table.items()
        if Permission.APPROVAL_VOTE in permissions
        for permission in sorted(permissions & _HANDS_OUT)
    ]
    for role, permission in mixed:
        yield bad(
            f"the role {role} votes on approvals and holds `{permission}`: who hands out roles never votes",
            name="roles",
            code="roles_mixed",
            hint=f"take approval:vote or {permission} from the role {role}",
        )
    if not mixed:
        yield good("who hands out roles has no vote", name="roles")
