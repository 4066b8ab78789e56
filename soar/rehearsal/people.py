"""Who lives in a rehearsal: the people whom a test names, and enough others for a question to be asked at all."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from soar.approvals import people as approvals
from soar.approvals.decide import Voter, is_meant
from soar.model.identity import User
from soar.model.playbook import Playbook
from soar.model.step import Gate
from soar.policy import Policy
from soar.rehearsal.known import list_steps
from soar.rehearsal.suite import ManualStart, Test

_GROUP, _ON_CALL = "group:", "oncall:"
_MOST_VOTES = 9
"""Silent people where a quorum is computed: more than any gate asks for."""


def identify(name: str) -> str:
    """Return the id of a person by the name that tests call them."""
    return f"u_{name}"


def gather_people(test: Test, playbook: Playbook, policy: Policy, at: datetime) -> tuple[User, ...]:
    """Return everybody who lives in a test's rehearsal.

    A gate whose roles nobody holds is refused before anybody is asked. A test need not name those who stay silent, so
    somebody who never acts is added for each principal that a gate, an escalation or the policy names.
    """
    roles: dict[str, set[str]] = {}
    for name, held in _list_named(test):
        roles.setdefault(name, set()).update(held)
    gates = [gate for gate in (*(step.gate for step in list_steps(playbook)), playbook.default_gate) if gate]
    number = max((_count_votes(gate) for gate in gates), default=1)
    number = max(number, *(rule.quorum for rule in policy.gates), 1)
    named = [_make_person(name, frozenset(held), at) for name, held in roles.items()]
    silent = _list_silent(_list_principals(gates, policy), number, {person.email for person in named})
    return (*named, *(_make_person(name, frozenset(held), at) for name, held in silent))


def find_asked(principal: str, people: Iterable[User], at: datetime) -> User | None:
    """Return who has to be added so that a question for facts reaches anybody; None if somebody is there.

    Whom a question goes to is known only when it is asked: `ask.to` may come from an alert.

    Args:
        principal: whom it goes to.
        people: who lives in the rehearsal.
        at: the moment.
    """
    if any(is_meant(principal, as_voter(person)) for person in people):
        return None
    silent = _list_silent((principal,), 1, set())
    return next((_make_person(name, frozenset(held), at) for name, held in silent), None)


def as_voter(person: User) -> Voter:
    """Return somebody of a rehearsal as those see them who ask whether they are meant."""
    return approvals.as_voter(person, duties=list_duties(person))


def list_duties(person: User) -> frozenset[str]:
    """Return the rotas by which somebody of a rehearsal is on call: a test says so among their roles."""
    return frozenset(team.removeprefix(_ON_CALL) for team in person.teams if team.startswith(_ON_CALL))


def _list_named(test: Test) -> Iterator[tuple[str, tuple[str, ...]]]:
    if isinstance(test.start, ManualStart):
        yield test.start.by, test.start.roles
    for script in (*test.approvals.values(), *test.asks.values()):
        for act in script.acts:
            if act.user:
                yield act.user, act.roles


def _count_votes(gate: Gate) -> int:
    return gate.quorum if isinstance(gate.quorum, int) else _MOST_VOTES


def _list_principals(gates: Iterable[Gate], policy: Policy) -> tuple[str, ...]:
    named = [principal for gate in gates for principal in (*gate.by, *(level.to for level in gate.escalate))]
    return tuple(dict.fromkeys((*named, *(principal for rule in policy.gates for principal in rule.by))))


def _list_silent(principals: Iterable[str], number: int, known: set[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for principal in principals:
        kind, _, name = principal.partition(":")
        if kind == "role":
            yield from ((f"silent-{name}-{index}", (name,)) for index in range(1, number + 1))
        elif kind in ("group", "oncall"):
            yield from ((f"silent-{kind}-{name}-{index}", (principal,)) for index in range(1, number + 1))
        elif kind == "user" and name not in known:
            yield name, ()


def _make_person(name: str, roles: frozenset[str], at: datetime) -> User:
    email = name if "@" in name else f"{name}@rehearsal.invalid"
    teams = frozenset(role.removeprefix(_GROUP) for role in roles if role.startswith((_GROUP, _ON_CALL)))
    held = frozenset(role for role in roles if ":" not in role)
    return User(id=identify(name), name=name, email=email, roles=held, teams=teams, password_hash=None, created_at=at)
