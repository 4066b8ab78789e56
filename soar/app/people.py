"""People with drawn passwords, for the demo. There is no default password anywhere."""

from collections.abc import Callable, Mapping

from soar.app.passwords import Passwords
from soar.audit.record import record
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.model.clock import Clock
from soar.model.identity import Role, User
from soar.model.ids import Ids, Randomness, encode_crockford
from soar.store import Store, Unit

DEMO_PEOPLE: Mapping[str, Role] = {
    "admin": Role.ADMIN,
    "ann": Role.ANALYST,
    "bob": Role.ANALYST,
    "carol": Role.SOC_LEAD,
    "dave": Role.INCIDENT_COMMANDER,
    "olga": Role.AUDITOR,
}
"""Who lives in the demo, all `@corp.example`."""

_PASSWORD_LENGTH = 16  # of base 32: 80 random bits
_SERVER = Actor(kind="system", id="setup", name="soar", via="engine")


def make_password(randomness: Randomness) -> str:
    """Return a password that can be read out and typed, with 80 random bits."""
    drawn = encode_crockford(randomness.bytes(_PASSWORD_LENGTH), _PASSWORD_LENGTH)
    return "-".join(drawn[start : start + 4] for start in range(0, _PASSWORD_LENGTH, 4))


async def create_people(
    store: Store,
    workspace: str,
    people: Mapping[str, Role],
    *,
    passwords: Passwords,
    clock: Clock,
    ids: Ids,
    randomness: Randomness,
    tell: Callable[[Mapping[str, str]], None] | None = None,
) -> Mapping[str, str]:
    """Create people where there are none yet; return each one's password, which is kept nowhere. Empty otherwise.

    Args:
        store: where they are kept.
        workspace: theirs.
        people: names and roles.
        passwords: hashes.
        clock: for the moment.
        ids: new ones.
        randomness: for the passwords.
        tell: called with the passwords before anybody is made; if it raises, nobody is, so that no installation has
            people as whom nobody can sign in.
    """
    if not await store.read(workspace, lambda unit: unit.users.is_empty()):
        return {}
    chosen = {name: make_password(randomness) for name in people}
    if tell is not None:
        tell(chosen)
    at = clock.now()
    users = [
        User(
            id=ids.new("u"),
            name=name,
            email=f"{name}@corp.example",
            roles=frozenset({role.value}),
            password_hash=await passwords.hash(chosen[name]),
            created_at=at,
        )
        for name, role in people.items()
    ]

    def add(unit: Unit) -> None:
        for user in users:
            unit.users.add(user)
            event = AuditEvent(
                type="user.created",
                outcome=Outcome.SUCCESS,
                actor=_SERVER,
                target={"kind": "user", "id": user.id, "name": user.name},
                after={"roles": [*sorted(user.roles)]},
            )
            record(unit, event, at=at, id=ids.new("ev"))

    await store.write(workspace, add)
    return chosen
