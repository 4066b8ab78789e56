"""Each view finds exactly the right ones in a population that holds what it is for, and what only looks like it."""

from collections.abc import AsyncIterator

import pytest

from soar.audit.keeper import index_events
from soar.audit.record import record
from soar.audit.views import VIEWS, find_page, read_question
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.model.errors import NotFoundError
from soar.model.values import JsonValue
from soar.store import Store, Unit, open_store
from tests.support.clock import START
from tests.support.disk import InlineDisk
from tests.support.ids import SeededIds
from tests.support.process import RecordingProcess

CAROL, DAVE = Actor(kind="user", id="u_carol", name="carol"), Actor(kind="user", id="u_dave", name="dave")
PLAYBOOK, ENGINE = Actor(kind="playbook", id="isolate-host"), Actor(kind="system", id="engine")
OK, FAILURE, DENIED, UNKNOWN = Outcome


def vote(actor: Actor, run: str, outcome: Outcome = OK) -> AuditEvent:
    return event("approval.voted", actor, {"kind": "approval", "id": f"ap_{run}"}, outcome, {"run": run})


def request(actor: Actor, run: str, **context: JsonValue) -> AuditEvent:
    return event("run.requested", actor, {"kind": "run", "id": run}, OK, context)


def begin(effect: str, approval: str | None, outcome: Outcome = OK) -> AuditEvent:
    target: dict[str, JsonValue] = {"kind": "action", "id": "edr.isolate"}
    return event("action.started", PLAYBOOK, target, outcome, {"effect": effect, "approval": approval, "run": "r_1"})


def event(
    type_: str,
    actor: Actor = CAROL,
    target: dict[str, JsonValue] | None = None,
    outcome: Outcome = OK,
    context: dict[str, JsonValue] | None = None,
) -> AuditEvent:
    about = target or {"kind": "thing", "id": "x"}
    return AuditEvent(type=type_, outcome=outcome, actor=actor, target=about, context=context or {})


POPULATION: dict[str, AuditEvent] = {
    "dave asks for r_1": request(DAVE, "r_1"),
    "carol approves r_1": vote(CAROL, "r_1"),
    "dave is refused on r_1": vote(DAVE, "r_1", DENIED),
    "carol asks for r_2": request(CAROL, "r_2"),
    "carol approves r_2": vote(CAROL, "r_2"),
    "r_2 calls r_3": request(PLAYBOOK, "r_3", parent="r_2"),
    "carol approves r_3": vote(CAROL, "r_3"),
    "dave approves r_3": vote(DAVE, "r_3"),
    "dave retries r_2 as r_4": event("run.retried", DAVE, {"kind": "run", "id": "r_4"}, OK, {"retry_of": "r_2"}),
    "r_4 is asked for": request(DAVE, "r_4", retry_of="r_2"),
    "carol approves r_4": vote(CAROL, "r_4"),
    "dave approves r_4": vote(DAVE, "r_4"),
    "carol approves r_loop": vote(CAROL, "r_loop"),
    "r_loop calls itself": request(PLAYBOOK, "r_loop", parent="r_loop"),
    "carol answers": event("approval.answered", CAROL),
    "it is asked": event("approval.requested", ENGINE),
    "reads alone": begin("read", None),
    "writes alone": begin("write", None),
    "destroys alone": begin("destructive", None),
    "writes approved": begin("write", "ap_1"),
    "is stopped": begin("write", None, DENIED),
    "lifted": event("response.lifted", ENGINE),
    "not lifted": event("response.lifted", ENGINE, outcome=FAILURE),
    "broken glass": event("access.break_glass_opened"),
    "frozen": event("freeze.set"),
    "published": event("playbook.published"),
    "called": event("playbook.called", PLAYBOOK),
    "roles": event("user.roles_changed"),
    "group": event("group.created"),
    "token": event("token.created"),
    "no entry": event("access.denied", outcome=DENIED),
    "wrong password": event("session.started", outcome=DENIED),
    "logged in": event("session.started"),
    "searched": event("audit.searched"),
    "verified badly": event("audit.verified", outcome=FAILURE),
    "rotated": event("credential.set"),
    "rewrapped": event("vault_key.rewrapped"),
}
APPROVED = {
    *("carol approves r_1", "carol approves r_2", "carol approves r_3", "dave approves r_3"),
    *("carol approves r_4", "dave approves r_4", "carol approves r_loop"),
}
EXPECTED = {
    "who-approved-what": APPROVED | {"carol answers"},
    "actions-without-a-human": {"writes alone", "destroys alone"},
    "own-requests-approved": {
        *("carol approves r_2", "carol approves r_3", "carol approves r_4", "dave approves r_4"),
    },
    "overdue-responses": {"not lifted"},
    "break-glass-and-policy": {"broken glass", "frozen"},
    "playbook-changes": {"published"},
    "role-and-link-changes": {"roles", "group", "token"},
    "failed-logins-and-refused-votes": {"dave is refused on r_1", "no entry", "wrong password"},
    "audit-access": {"searched", "verified badly"},
    "secrets-rotated": {"rotated", "rewrapped"},
}


@pytest.fixture
async def store(disk: InlineDisk, process: RecordingProcess, ids: SeededIds) -> AsyncIterator[Store]:
    store = open_store("sqlite://", disk=disk, process=process, readers=InlineDisk)
    await store.migrate()

    def write(unit: Unit) -> None:
        for one in POPULATION.values():
            record(unit, one, at=START, id=ids.new("ev"))

    await store.write("default", write)
    await index_events(store, "default")
    yield store
    await store.close()


def test_every_view_has_its_expectation() -> None:
    assert set(EXPECTED) == set(VIEWS)


@pytest.mark.parametrize("view", EXPECTED)
@pytest.mark.parametrize("limit", [1, 3, 200])
async def test_a_view_finds_exactly_what_it_is_for(store: Store, view: str, limit: int) -> None:
    question, names = read_question("", view), [*POPULATION]
    found: list[str] = []
    cursor = None
    while True:
        page = await store.read("default", lambda unit, after=cursor: find_page(unit, question, limit, after))
        assert len(page.items) <= limit
        found += [names[one.sequence] for one in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert len(found) == len(set(found))
    assert set(found) == EXPECTED[view]


async def test_a_view_is_narrowed_by_a_query(store: Store) -> None:
    question = read_question("actor:dave", "own-requests-approved")
    page = await store.read("default", lambda unit: find_page(unit, question, 9))
    assert [[*POPULATION][one.sequence] for one in page.items] == ["dave approves r_4"]


def test_a_view_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFoundError):
        read_question("", "no-such-view")
