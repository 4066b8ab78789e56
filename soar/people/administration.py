"""The rule that an installation always has an administrator."""

from datetime import datetime

from soar.model.errors import ConflictError
from soar.model.identity import Role, User, UserKind
from soar.store import Unit


def check_administered(unit: Unit, before: User, at: datetime) -> None:
    """Refuse a change of an account, already written, after which there is no administrator.

    Args:
        unit: the transaction, which the refusal undoes.
        before: the account as it was.
        at: the moment.

    Raises:
        ConflictError: they were the last (`last_admin`).
    """
    if not _is_administrator(before, at):
        return
    if not any(_is_administrator(user, at) for user in unit.users.with_role(Role.ADMIN)):
        raise ConflictError(
            f"{before.name} is the last admin: there would be no administrator left",
            code="last_admin",
            hint="make somebody else `admin` first",
        )


def _is_administrator(user: User, at: datetime) -> bool:
    """Whether somebody can hand out roles now and has no end, so that others can rely on them."""
    is_lasting = user.kind is UserKind.PERSON and user.expires_at is None
    return is_lasting and Role.ADMIN in user.roles and user.may_act(at)
