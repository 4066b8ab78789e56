"""A row of one workspace does not exist for another, whichever repository is asked."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from soar.model.errors import ConflictError, NotFoundError
from soar.model.factor import CodePurpose
from soar.model.standing_approval import StandingApproval
from soar.store import Store, Unit
from tests.support import builders
from tests.support.clock import START

RUN = "run_000000000001"
BEFORE = START - timedelta(hours=1)

STANDING = StandingApproval(
    id="sa_1",
    action="crm.wipe",
    playbook="triage",
    revision="sha256:0",
    targets="lab-*",
    reason="a drill",
    proposed_by="u_carol",
    proposed_at=START,
    expires_at=START + timedelta(days=1),
    signed_by="u_dave",
    signed_at=START,
)


@dataclass(frozen=True)
class Probe:
    """Adds something, and looks for it: what `look` returns must be empty elsewhere, and is not at home."""

    name: str
    add: Callable[[Unit], object]
    look: Callable[[Unit], object]


PROBES = [
    Probe("alert", lambda u: u.alerts.add(builders.build_alert()), lambda u: u.alerts.get("al_000000000001")),
    Probe("alerts", lambda u: u.alerts.add(builders.build_alert()), lambda u: u.alerts.list(9).items),
    Probe("match", lambda u: u.alerts.add_match(builders.build_match()), lambda u: u.alerts.matches("al_000000000001")),
    Probe(
        "dedupe key",
        lambda u: u.alerts.remember_key("triage", "key", RUN, START),
        lambda u: u.alerts.find_key("triage", "key", START),
    ),
    Probe(
        "delivery by id",
        lambda u: u.deliveries.add(builders.build_delivery()),
        lambda u: u.deliveries.get("dl_000000000001"),
    ),
    Probe(
        "delivery by key",
        lambda u: u.deliveries.add(builders.build_delivery()),
        lambda u: u.deliveries.find("siem", "delivery-1"),
    ),
    Probe(
        "arrival",
        lambda u: u.deliveries.add(builders.build_delivery()),
        lambda u: u.arrivals.find_latest("siem", 0),
    ),
    Probe(
        "poller",
        lambda u: u.pollers.claim("siem", "node_a", now=START, until=START),
        lambda u: u.pollers.get("siem"),
    ),
    Probe("run", lambda u: u.runs.add(builders.build_run()), lambda u: u.runs.get(RUN)),
    Probe("runs", lambda u: u.runs.add(builders.build_run()), lambda u: u.runs.list(9, playbook="triage").items),
    Probe(
        "journal",
        lambda u: u.journal.append(RUN, [builders.build_journal_entry()]),
        lambda u: u.journal.load(RUN),
    ),
    Probe(
        "blob",
        lambda u: u.journal.append(RUN, [builders.build_journal_entry(event={"output": "x" * 40_000})]),
        lambda u: u.journal.load(RUN),
    ),
    Probe("inbox", lambda u: u.inbox.add(RUN, {}, START), lambda u: u.inbox.peek(RUN)),
    Probe(
        "approval", lambda u: u.approvals.add(builders.build_approval()), lambda u: u.approvals.get("ap_000000000001")
    ),
    Probe(
        "approval by code",
        lambda u: u.approvals.add(builders.build_approval()),
        lambda u: u.approvals.find_code("AB12"),
    ),
    Probe(
        "open code", lambda u: u.approvals.add(builders.build_approval()), lambda u: u.approvals.is_code_open("AB12")
    ),
    Probe("approvals", lambda u: u.approvals.add(builders.build_approval()), lambda u: u.approvals.list(9).items),
    Probe(
        "response", lambda u: u.responses.add(builders.build_response()), lambda u: u.responses.get("ar_000000000001")
    ),
    Probe("responses", lambda u: u.responses.add(builders.build_response()), lambda u: u.responses.list(9).items),
    Probe(
        "lifted response",
        lambda u: u.responses.add(builders.build_response(lift_run=RUN)),
        lambda u: u.responses.of_lift_run(RUN),
    ),
    Probe("case", lambda u: u.cases.add(builders.build_case()), lambda u: u.cases.get("c_000000000001")),
    Probe("open case", lambda u: u.cases.add(builders.build_case()), lambda u: u.cases.find_open("login/ada")),
    Probe("cases", lambda u: u.cases.add(builders.build_case()), lambda u: u.cases.list(9).items),
    Probe("user", lambda u: u.users.add(builders.build_user()), lambda u: u.users.get("u_000000000001")),
    Probe("user by name", lambda u: u.users.add(builders.build_user()), lambda u: u.users.find_name("ada")),
    Probe(
        "user by e-mail", lambda u: u.users.add(builders.build_user()), lambda u: u.users.find_email("ada@example.test")
    ),
    Probe("users", lambda u: u.users.add(builders.build_user()), lambda u: u.users.list(9).items),
    Probe("role", lambda u: u.users.add(builders.build_user()), lambda u: u.users.with_role("analyst")),
    Probe("anybody", lambda u: u.users.add(builders.build_user()), lambda u: not u.users.is_empty()),
    Probe("session", lambda u: u.sessions.add(builders.build_session()), lambda u: u.sessions.get(64 * "a")),
    Probe("token", lambda u: u.tokens.add(builders.build_token()), lambda u: u.tokens.get("tok1")),
    Probe("tokens", lambda u: u.tokens.add(builders.build_token()), lambda u: u.tokens.list_of("u_000000000001")),
    Probe(
        "sessions", lambda u: u.sessions.add(builders.build_session()), lambda u: u.sessions.list_of("u_000000000001")
    ),
    Probe("factor", lambda u: u.factors.add(builders.build_factor()), lambda u: u.factors.get("fa_000000000001")),
    Probe("factors", lambda u: u.factors.add(builders.build_factor()), lambda u: u.factors.of("u_000000000001")),
    Probe("holders", lambda u: u.factors.add(builders.build_factor()), lambda u: u.factors.holders()),
    Probe("code", lambda u: u.codes.add(builders.build_code(), START), lambda u: u.codes.find(64 * "c", START)),
    Probe(
        "codes",
        lambda u: u.codes.add(builders.build_code(), START),
        lambda u: u.codes.of("u_000000000001", CodePurpose.INVITATION),
    ),
    Probe("opening", lambda u: u.openings.add(builders.build_opening()), lambda u: u.openings.get("bg_000000000001")),
    Probe("openings", lambda u: u.openings.add(builders.build_opening()), lambda u: u.openings.list()),
    Probe("unreviewed", lambda u: u.openings.add(builders.build_opening()), lambda u: u.openings.unreviewed()),
    Probe("freeze", lambda u: u.freezes.add(builders.build_freeze()), lambda u: u.freezes.get("everything")),
    Probe("freezes", lambda u: u.freezes.add(builders.build_freeze()), lambda u: u.freezes.list()),
    Probe("stopped", lambda u: u.freezes.add(builders.build_freeze()), lambda u: u.freezes.find("crm.lock", "crm")),
    Probe("deed", lambda u: u.deeds.add(builders.build_deed()), lambda u: u.deeds.get(RUN, "steps/0")),
    Probe("deeds", lambda u: u.deeds.add(builders.build_deed()), lambda u: u.deeds.list(BEFORE, 9).items),
    Probe("counted", lambda u: u.deeds.add(builders.build_deed()), lambda u: u.deeds.count(BEFORE)),
    Probe(
        "credential",
        lambda u: u.credentials.add(builders.build_credential_version()),
        lambda u: u.credentials.latest("edr-token"),
    ),
    Probe(
        "credentials",
        lambda u: u.credentials.add(builders.build_credential_version()),
        lambda u: u.credentials.list(),
    ),
    Probe(
        "key",
        lambda u: u.credentials.add_key(builders.build_workspace_key()),
        lambda u: u.credentials.key("wk_000000000001"),
    ),
    Probe(
        "current key",
        lambda u: u.credentials.add_key(builders.build_workspace_key()),
        lambda u: u.credentials.current_key(),
    ),
    Probe(
        "encryption keys",
        lambda u: u.encryption_keys.add(builders.build_encryption_key()),
        lambda u: u.encryption_keys.list(),
    ),
    Probe(
        "the wrapping key",
        lambda u: u.encryption_keys.add(builders.build_encryption_key()),
        lambda u: u.encryption_keys.wrapping(),
    ),
    Probe(
        "sealed elsewhere",
        lambda u: u.credentials.add(builders.build_credential_version()),
        lambda u: u.credentials.list_sealed_elsewhere(b"\xff", after="", limit=9),
    ),
    Probe("count", lambda u: u.credentials.add(builders.build_credential_version()), lambda u: u.credentials.count()),
    Probe("keys", lambda u: u.credentials.add_key(builders.build_workspace_key()), lambda u: u.credentials.list_keys()),
    Probe(
        "revision",
        lambda u: u.revisions.put(builders.build_revision()),
        lambda u: u.revisions.get(builders.NO_DIGEST),
    ),
    Probe(
        "drafts",
        lambda u: u.drafts.add(builders.build_revision()),
        lambda u: (*u.drafts.find("triage", builders.NO_DIGEST), *u.drafts.page("triage", 9, None).items),
    ),
    Probe("newest draft", lambda u: u.drafts.add(builders.build_revision()), lambda u: u.drafts.newest("triage")),
    Probe(
        "publication",
        lambda u: u.publications.set(builders.build_publication()),
        lambda u: u.publications.get("triage"),
    ),
    Probe(
        "standing approval",
        lambda u: u.standing_approvals.add(STANDING),
        lambda u: u.standing_approvals.get("sa_1"),
    ),
    Probe(
        "good standing approvals",
        lambda u: u.standing_approvals.add(STANDING),
        lambda u: u.standing_approvals.find_good("crm.wipe", "triage", START),
    ),
    Probe(
        "standing approvals",
        lambda u: u.standing_approvals.add(STANDING),
        lambda u: u.standing_approvals.list(9).items,
    ),
    Probe(
        "open approvals of a step",
        lambda u: u.approvals.add(builders.build_approval()),
        lambda u: u.approvals.find_open(builders.build_approval().playbook, builders.build_approval().step, 9),
    ),
    Probe(
        "publishers",
        lambda u: u.publications.set(builders.build_publication()),
        lambda u: u.publications.publishers("triage", builders.build_publication().digest),
    ),
    Probe(
        "publications",
        lambda u: u.publications.set(builders.build_publication()),
        lambda u: u.publications.list(),
    ),
    Probe(
        "open burst",
        lambda u: u.bursts.open(builders.build_burst()),
        lambda u: u.bursts.find_open("siem", "login/ada", "", START - timedelta(hours=1)),
    ),
    Probe(
        "bursts",
        lambda u: u.bursts.open(builders.build_burst()),
        lambda u: u.bursts.find([builders.build_burst().alert]),
    ),
    Probe(
        "samples",
        lambda u: u.bursts.add_sample(builders.build_sample()),
        lambda u: u.bursts.samples(builders.build_sample().alert),
    ),
    Probe(
        "suppression",
        lambda u: u.suppressions.add(builders.build_suppression()),
        lambda u: u.suppressions.get("sup_000000000001"),
    ),
    Probe(
        "suppressions",
        lambda u: u.suppressions.add(builders.build_suppression()),
        lambda u: u.suppressions.list(START),
    ),
    Probe(
        "counts of suppressions",
        lambda u: u.alerts.add(builders.build_alert(suppressed_by="sup_000000000001")),
        lambda u: u.suppressions.counts(),
    ),
    Probe("list", lambda u: u.lists.add(builders.build_list()), lambda u: u.lists.get("vip")),
    Probe("lists", lambda u: u.lists.add(builders.build_list()), lambda u: u.lists.all()),
    Probe(
        "list entry",
        lambda u: u.lists.add_entry(builders.build_list_entry()),
        lambda u: u.lists.find("vip", ["192.0.2.0/24"], START),
    ),
    Probe(
        "list entries",
        lambda u: u.lists.add_entry(builders.build_list_entry()),
        lambda u: u.lists.page("vip", 9, None, START).items,
    ),
    Probe(
        "counts of lists",
        lambda u: u.lists.add_entry(builders.build_list_entry()),
        lambda u: u.lists.counts(START),
    ),
    Probe(
        "raised alert",
        lambda u: u.alerts.add(builders.build_alert(source="soar")),
        lambda u: u.alerts.find_raised("login.suspicious", "login/ada", START),
    ),
    Probe("messages", lambda u: u.messages.post(builders.build_message()), lambda u: u.messages.list("#soc", 9).items),
    Probe("channels", lambda u: u.messages.post(builders.build_message()), lambda u: u.messages.channels()),
]


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
async def test_what_is_added_here_is_not_there_elsewhere(store: Store, probe: Probe) -> None:
    await store.write("north", probe.add)
    assert await store.read("north", probe.look)
    assert not await store.read("south", probe.look)


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
async def test_the_same_ids_and_names_are_free_elsewhere(store: Store, probe: Probe) -> None:
    await store.write("north", probe.add)
    await store.write("south", probe.add)
    assert await store.read("south", probe.look)


CHANGES = {
    "run": (lambda u: u.runs.update(builders.build_run(reason="changed"), before=builders.build_run()), ConflictError),
    "approval": (lambda u: u.approvals.update(builders.build_approval(version=2), expected=1), ConflictError),
    "response": (lambda u: u.responses.update(builders.build_response(fault="changed")), NotFoundError),
    "user": (lambda u: u.users.update(builders.build_user(email="changed")), NotFoundError),
    "session": (lambda u: u.sessions.update(builders.build_session(csrf="changed")), NotFoundError),
    "factor": (lambda u: u.factors.update(builders.build_factor(name="changed")), NotFoundError),
    "opening": (lambda u: u.openings.update(builders.build_opening(review="changed")), NotFoundError),
    "freeze": (lambda u: u.freezes.update(builders.build_freeze(reason="changed")), NotFoundError),
    "token": (lambda u: u.tokens.update(builders.build_token(name="changed")), NotFoundError),
}


def add_one_of_each(unit: Unit) -> None:
    unit.runs.add(builders.build_run())
    unit.approvals.add(builders.build_approval())
    unit.responses.add(builders.build_response())
    unit.users.add(builders.build_user())
    unit.sessions.add(builders.build_session())
    unit.tokens.add(builders.build_token())
    unit.factors.add(builders.build_factor())
    unit.codes.add(builders.build_code(), START)
    unit.openings.add(builders.build_opening())
    unit.freezes.add(builders.build_freeze())
    unit.inbox.add(RUN, {"kind": "vote"}, START)
    unit.timers.set(builders.build_timer(due_at=START))
    unit.lists.add_entry(builders.build_list_entry())
    unit.bursts.open(builders.build_burst())
    unit.suppressions.add(builders.build_suppression())


@pytest.mark.parametrize("name", CHANGES)
async def test_a_row_is_not_changed_from_elsewhere(store: Store, name: str) -> None:
    change, refusal = CHANGES[name]
    await store.write("north", add_one_of_each)
    with pytest.raises(refusal):
        await store.write("south", change)
    await store.write("north", change)


async def test_nothing_is_removed_from_elsewhere(store: Store) -> None:
    await store.write("north", add_one_of_each)
    (event,) = await store.read("north", lambda unit: unit.inbox.peek(RUN))

    def remove(unit: Unit) -> None:
        unit.inbox.remove([event.id])
        unit.timers.cancel(builders.build_timer().id)
        unit.sessions.remove(64 * "a")
        unit.sessions.remove_of("u_000000000001")
        unit.tokens.revoke_of("u_000000000001", START)
        unit.factors.remove("fa_000000000001")
        unit.freezes.remove("everything")
        unit.codes.remove(64 * "c")
        unit.codes.remove_of("u_000000000001", CodePurpose.INVITATION)
        unit.codes.add(builders.build_code(key="x"), START + timedelta(days=9))
        unit.lists.remove_entry("vip", "192.0.2.0/24")
        unit.lists.prune("vip", START + timedelta(days=2))
        unit.suppressions.remove("sup_000000000001")
        unit.bursts.count("al_000000000001", START)

    await store.write("south", remove)
    assert await store.read("north", lambda unit: unit.inbox.peek(RUN)) == (event,)
    assert await store.read("north", lambda unit: unit.sessions.get(64 * "a")) is not None
    assert await store.read("north", lambda unit: unit.tokens.get("tok1").revoked_at) is None
    assert await store.read("north", lambda unit: unit.factors.get("fa_000000000001")) is not None
    assert await store.read("north", lambda unit: unit.freezes.get("everything")) is not None
    assert await store.read("north", lambda unit: unit.codes.find(64 * "c", START)) is not None
    assert await store.due_timers(START) == [("north", builders.build_timer(due_at=START))]
    assert await store.read("north", lambda unit: unit.lists.counts(START)) == {"vip": 1}
    assert await store.read("north", lambda unit: unit.suppressions.get("sup_000000000001")) is not None
    (burst,) = (await store.read("north", lambda unit: unit.bursts.find(["al_000000000001"]))).values()
    assert burst == builders.build_burst()


async def test_a_timer_of_another_workspace_is_not_replaced(store: Store) -> None:
    later = START + timedelta(hours=1)
    await store.write("north", lambda unit: unit.timers.set(builders.build_timer(due_at=START)))
    await store.write("south", lambda unit: unit.timers.set(builders.build_timer(due_at=later)))
    assert [workspace for workspace, _ in await store.due_timers(later)] == ["north", "south"]


@pytest.mark.parametrize("workspace", ["'; DROP TABLE users; --", "%", "_orth", "NORTH", "north\x00"])
async def test_a_workspace_is_named_exactly(store: Store, workspace: str) -> None:
    await store.write("north", lambda unit: unit.users.add(builders.build_user()))
    assert await store.read(workspace, lambda unit: unit.users.is_empty())
