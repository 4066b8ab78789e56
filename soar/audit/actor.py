"""From who acts to who the audit names."""

from soar.access.scopes import print_grant
from soar.model.audit import Actor
from soar.model.identity import Principal
from soar.model.run import Run


def describe_principal(principal: Principal, *, kind: str | None = None, assurance: str | None = None) -> Actor:
    """Return an authenticated principal as an actor.

    Args:
        principal: who acts.
        kind: what the audit calls them; None is the principal's own kind. A person is `user` where it is the person
            that counts, whatever token speaks for them.
        assurance: how sure we were that it was this person, where that was asked.
    """
    return Actor(
        kind=kind or principal.kind.value,
        id=principal.id,
        name=principal.name,
        via=principal.via,
        roles=tuple(sorted(principal.roles)),
        grants=tuple(sorted(map(print_grant, principal.grants))),
        ip=principal.ip,
        session=principal.session,
        assurance=assurance,
    )


def describe_run(run: Run) -> Actor:
    """Return a run as an actor: what acts is its playbook."""
    return Actor(kind="playbook", id=run.playbook, via="engine")
