"""From a question to a card in Matrix, to a vote there, and back; against a homeserver as strict as it is specified."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from soar.approvals.delivery import CardDelivery
from soar.approvals.linking import take_link
from soar.approvals.matrix_desk import MatrixDesk, MatrixRules, describe_matrix
from soar.approvals.platform import Office
from soar.approvals.service import ApprovalService
from soar.model.approval import Approval, ApprovalStatus
from soar.model.catalog import Effect
from soar.model.chat import ChatAccount
from soar.model.errors import ConflictError
from soar.model.poll import Item
from soar.model.step import Assurance
from soar.model.values import JsonValue
from soar.policy import DEFAULT_POLICY
from soar.store import Store, Unit
from tests.support.builders import build_approval, build_card, build_principal
from tests.support.chat import make_chat_desk
from tests.support.clock import SteppedClock
from tests.support.disk import InlineDisk
from tests.support.ids import SeededIds
from tests.support.matrix import ALICE, BOB, BOT, OTHER, ROOM, SERVER, FakeMatrix
from tests.support.mortal_store import MortalStore
from tests.support.randomness import SeededRandomness
from tests.support.world import WORKSPACE, RecordingAnnouncer, open_peopled_store

ASKED = build_approval(
    id="ap_1", channel="matrix:#soc", assurance=Assurance.LINKED, confirm="", card=build_card(effect=Effect.WRITE)
)
YES, NO = "\u2705", "\u26d4"


def keep_nothing(_unit: Unit) -> None:
    """Put down nothing: the test keeps the cursor."""


@dataclass
class Room:
    """A service with Matrix connected, and people in both."""

    store: Store
    clock: SteppedClock
    matrix: FakeMatrix
    delivery: CardDelivery
    desk: MatrixDesk
    cursor: JsonValue = None

    async def ask(self, approval: Approval = ASKED) -> None:
        await self.hear()
        await self.store.write(WORKSPACE, lambda unit: unit.approvals.add(approval))
        await self.delivery.deliver()

    async def link(self, account: str = ALICE, user: str = "u_ann") -> None:
        linked = ChatAccount(platform="matrix", team=SERVER, account=account, user=user, linked_at=self.clock.now())
        await self.store.write(WORKSPACE, lambda unit: unit.chat_accounts.link(linked))
        self.clock.advance(timedelta(seconds=1))

    async def hear(self) -> None:
        """Listen, and let everything that follows from it happen."""
        for batch in await self.matrix.listen(self.cursor):
            await self.desk.receive("chat:matrix", batch.items, keep_nothing)
            self.cursor = batch.cursor
        await self.delivery.deliver()

    async def approval(self) -> Approval:
        found = await self.store.read(WORKSPACE, lambda unit: unit.approvals.get("ap_1"))
        assert found is not None
        return found

    async def refusals(self) -> list[tuple[str, str]]:
        """Return of each vote that did not count whose it was, and why not."""
        page = await self.store.read(WORKSPACE, lambda unit: unit.audit.list(2_000, type_prefix="approval.voted"))
        documents: list[Any] = [event.document for event in reversed(page.items)]
        return [(each["actor"]["id"], each["reason"]) for each in documents if each["outcome"] == "denied"]


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    opened = await open_peopled_store(InlineDisk())
    yield opened
    await opened.close()


def open_room(store: Store, *, has_reactions: bool = False) -> Room:
    clock = SteppedClock()
    matrix = FakeMatrix(clock)
    office = Office(
        store=store,
        workspace=WORKSPACE,
        host=matrix,
        clock=clock,
        ids=SeededIds(),
        randomness=SeededRandomness(3),
        announcer=RecordingAnnouncer(),
        url="https://soar.example",
        report=lambda _approval, _message: None,
    )
    approvals = ApprovalService(ids=SeededIds(), policy=DEFAULT_POLICY)
    platform = describe_matrix(BOT)
    rules = MatrixRules(user=BOT, has_reactions=has_reactions)
    desk = MatrixDesk(rules, office, make_chat_desk(platform, office, approvals))
    return Room(store, clock, matrix, CardDelivery(platform, office), desk)


@pytest.fixture
def room(store: Store) -> Room:
    return open_room(store)


@pytest.fixture
def lively(store: Store) -> Room:
    """A room in which reactions are votes."""
    return open_room(store, has_reactions=True)


async def test_a_question_becomes_a_card_and_a_command_decides_it(room: Room) -> None:
    await room.ask()
    assert "AB12 · 0 of 1 yes: Isolate web-1?" in room.matrix.shown()
    await room.link()
    said = room.matrix.say(ALICE, "!approve ab12 seen it")
    await room.hear()
    (vote,) = (await room.approval()).votes
    assert (vote.user, vote.via, vote.assurance, vote.comment) == ("u_ann", "matrix", Assurance.LINKED, "seen it")
    assert (await room.approval()).status is ApprovalStatus.APPROVED
    assert "✅ approved by ann" in room.matrix.shown()
    assert room.matrix.answers(said) == ["AB12: approved by ann."]
    assert len(room.matrix.answers(room.matrix.card())) == 2, "the card's thread says who voted and how it ended"


async def test_a_command_takes_three_transactions(store: Store) -> None:
    counting = MortalStore(store, 0, is_written=True)
    room = open_room(counting)  # type: ignore[arg-type]  # it hands everything on
    await room.hear()
    await room.link()
    before, said = counting.writes, room.matrix.say(ALICE, "!help")
    await room.desk.receive("chat:matrix", [Item(key=said, document=room.matrix.find(said))], keep_nothing)
    assert room.matrix.answers(said)
    assert counting.writes == before + 3, "it is remembered, held against its age and place, and answered"


async def test_a_command_within_a_thread_is_answered_there(room: Room) -> None:
    await room.ask()
    await room.link()
    room.matrix.say(ALICE, "!show ab12", thread=room.matrix.card())
    await room.hear()
    (shown,) = room.matrix.answers(room.matrix.card())
    assert shown.startswith("AB12: Isolate web-1?")


async def test_what_people_say_to_each_other_is_left_alone(room: Room) -> None:
    await room.ask()
    for text in ("good morning", "! approve ab12", "> !approve ab12", "approve ab12"):
        room.matrix.say(ALICE, text)
    before = len(room.matrix.posts())
    await room.hear()
    assert len(room.matrix.posts()) == before
    assert await room.refusals() == []


async def test_the_first_time_nothing_old_is_a_command(room: Room) -> None:
    await room.link()
    await room.store.write(WORKSPACE, lambda unit: unit.approvals.add(ASKED))
    room.matrix.say(ALICE, "!approve ab12")
    await room.hear()
    await room.hear()
    assert (await room.approval()).votes == ()


async def test_an_account_is_linked_by_a_code_that_its_owner_alone_sees(room: Room) -> None:
    await room.ask()
    said = room.matrix.say(ALICE, "!link")
    await room.hear()
    (whispered,) = room.matrix.whispers(ALICE)
    code = whispered.split()[-1]
    assert room.matrix.answers(said) == ["I have written to you in a room of our own."]
    assert code not in str(room.matrix.posts())
    ann = build_principal(id="u_ann", name="ann")
    await room.store.write(WORKSPACE, lambda unit: take_link(unit, code, ann, ids=SeededIds(), at=room.clock.now()))
    room.clock.advance(timedelta(seconds=1))
    room.matrix.say(ALICE, "!approve ab12")
    await room.hear()
    assert (await room.approval()).status is ApprovalStatus.APPROVED


async def test_who_is_not_linked_decides_nothing_and_is_told_how(room: Room) -> None:
    await room.ask()
    said = room.matrix.say(ALICE, "!approve ab12")
    await room.hear()
    assert (await room.approval()).votes == ()
    assert room.matrix.answers(said) == ["Your Matrix account is not linked: !link"]
    assert await room.refusals() == [
        (f"matrix:{SERVER}:{ALICE}", "nobody is known behind this account"),
    ]


@pytest.mark.parametrize(
    "account",
    [
        "@alice:evil.example",
        f"@alice:{SERVER}.evil.example",
        f"@alice:evil.example:{SERVER}",
        f"@\u0430lice:{SERVER}",  # its first letter is Cyrillic
        f"@ALICE:{SERVER}",
        f"@alice\u200b:{SERVER}",
    ],
)
async def test_who_looks_like_somebody_is_not_them(room: Room, account: str) -> None:
    await room.ask()
    await room.link()
    room.matrix.members[ROOM].add(account)
    room.matrix.say(account, "!approve ab12")
    room.matrix.react(account, room.matrix.card(), YES)
    await room.hear()
    assert (await room.approval()).votes == ()
    if account.isprintable():
        assert [actor.endswith(account) for actor, _ in await room.refusals()] == [True]


async def test_a_strangers_sign_on_the_card_is_no_vote_and_is_put_down(lively: Room) -> None:
    await lively.ask()
    lively.matrix.react("@alice:evil.example", lively.matrix.card(), YES)
    lively.matrix.react(ALICE, lively.matrix.card(), NO)
    await lively.hear()
    assert (await lively.approval()).votes == ()
    page = await lively.store.read(WORKSPACE, lambda unit: unit.audit.list(9, type_prefix="approval.voted"))
    documents: list[Any] = [event.document for event in page.items]
    assert {each["target"]["id"] for each in documents} == {"ap_1"}
    assert [each["outcome"] for each in documents] == ["denied", "denied"]
    assert lively.matrix.whispers(ALICE) == ["Your Matrix account is not linked: !link"]


async def test_whoever_has_left_the_room_decides_nothing(room: Room) -> None:
    await room.ask()
    await room.link()
    room.matrix.say(ALICE, "!approve ab12")
    room.matrix.members[ROOM].remove(ALICE)
    await room.hear()
    assert (await room.approval()).votes == ()
    assert len(await room.refusals()) == 1


async def test_where_guests_may_join_nobody_decides(room: Room) -> None:
    await room.ask()
    await room.link()
    room.matrix.access[ROOM] = "can_join"
    room.matrix.say(ALICE, "!approve ab12")
    await room.hear()
    assert (await room.approval()).votes == ()
    room.matrix.access[ROOM] = "forbidden"
    room.matrix.say(ALICE, "!approve ab12")
    await room.hear()
    assert (await room.approval()).status is ApprovalStatus.APPROVED


async def test_another_room_decides_nothing(room: Room) -> None:
    await room.ask()
    await room.link()
    room.matrix.say(ALICE, "!approve ab12", room=OTHER)
    await room.hear()
    assert (await room.approval()).votes == ()


EDIT = {
    "m.new_content": {"msgtype": "m.text", "body": "!approve ab12"},
    "m.relates_to": {"rel_type": "m.replace", "event_id": "$1"},
}


@pytest.mark.parametrize(
    ("text", "kind", "more"),
    [
        ("* !approve ab12", "m.text", EDIT),
        ("!approve ab12", "m.text", {"m.new_content": "x"}),
        ("!approve ab12", "m.notice", {}),
        ("!approve ab12", "m.emote", {}),
        ("!approve ab12", "m.image", {}),
    ],
)
async def test_what_nobody_has_typed_is_no_command(room: Room, text: str, kind: str, more: dict[str, object]) -> None:
    await room.ask()
    await room.link()
    said = room.matrix.say(ALICE, text, kind=kind, **more)
    await room.hear()
    assert (await room.approval()).votes == ()
    assert len(await room.refusals()) == 1
    is_told = kind == "m.text"
    told = ["That does not count: an edit is no command. Write it anew."]
    assert room.matrix.answers(said) == (told if is_told else [])


async def test_what_the_homeserver_sends_again_counts_once(room: Room) -> None:
    await room.ask(replace(ASKED, quorum=2))
    await room.link()
    said = room.matrix.say(ALICE, "!approve ab12")
    await room.hear()
    room.matrix.say(ALICE, "!takeback ab12")
    await room.hear()
    assert (await room.approval()).votes == ()
    for _ in range(200):
        room.matrix.send_again(said)
    await room.hear()
    assert (await room.approval()).votes == ()
    assert [reason for _, reason in await room.refusals()] == ["it was heard before"] * 200


@pytest.mark.parametrize(("seconds", "is_counted"), [(300, True), (301, False), (-300, True), (-301, False)])
async def test_what_is_older_than_five_minutes_does_not_count(room: Room, seconds: int, *, is_counted: bool) -> None:
    room.clock.advance(timedelta(hours=-1))
    await room.link()
    room.clock.advance(timedelta(hours=1))
    await room.ask()
    said = room.matrix.say(ALICE, "!approve ab12")
    room.clock.advance(timedelta(seconds=seconds))
    await room.hear()
    assert len((await room.approval()).votes) == int(is_counted)
    if not is_counted:
        assert "more than five minutes old" in room.matrix.answers(said)[0]


async def test_what_was_written_before_the_link_does_not_count(room: Room) -> None:
    await room.ask()
    room.matrix.say(ALICE, "!approve ab12")
    room.clock.advance(timedelta(seconds=1))
    await room.link()
    await room.hear()
    assert (await room.approval()).votes == ()
    assert [reason for _, reason in await room.refusals()] == ["it is older than the link of this account"]


async def test_our_own_words_are_no_command(room: Room) -> None:
    await room.ask()
    await room.link(BOT)
    room.matrix.say(BOT, "!approve ab12")
    await room.hear()
    assert ((await room.approval()).votes, await room.refusals()) == ((), [])


async def test_that_we_cannot_read_what_is_encrypted_is_said_once(room: Room) -> None:
    await room.ask()
    for _ in range(3):
        room.matrix.add(ALICE, "m.room.encrypted", {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "…"})
        await room.hear()
    assert [one["content"]["body"][:19] for one in room.matrix.posts()[1:]] == ["I cannot read encry"]


async def test_what_needs_its_targets_name_needs_it_here_too(room: Room) -> None:
    await room.ask(replace(ASKED, assurance=Assurance.CONFIRMED, confirm="web-1"))
    await room.link()
    said = room.matrix.say(ALICE, "!approve ab12")
    await room.hear()
    assert room.matrix.answers(said) == ["AB12 needs the name: !approve AB12 web-1 your comment"]
    room.matrix.say(ALICE, "!approve ab12 web-1 seen")
    await room.hear()
    assert (await room.approval()).status is ApprovalStatus.APPROVED


async def test_a_sign_on_the_card_is_a_vote_where_the_setting_says_so(lively: Room) -> None:
    await lively.ask()
    await lively.link()
    lively.matrix.react(ALICE, lively.matrix.card(), f"{YES}\ufe0f")
    await lively.hear()
    assert (await lively.approval()).status is ApprovalStatus.APPROVED


async def test_a_no_by_a_sign_is_a_no(lively: Room) -> None:
    await lively.ask()
    await lively.link()
    lively.matrix.react(ALICE, lively.matrix.card(), NO)
    await lively.hear()
    assert (await lively.approval()).status is ApprovalStatus.DENIED


async def test_without_the_setting_a_sign_is_a_sign(room: Room) -> None:
    await room.ask()
    await room.link()
    room.matrix.react(ALICE, room.matrix.card(), YES)
    await room.hear()
    assert ((await room.approval()).votes, await room.refusals()) == ((), [])


@pytest.mark.parametrize(
    "asked",
    [
        replace(ASKED, assurance=Assurance.CONFIRMED, confirm="web-1"),
        replace(ASKED, assurance=Assurance.MFA),
        replace(ASKED, card=build_card(effect=Effect.DESTRUCTIVE)),
        replace(ASKED, card=build_card(effect=Effect.READ)),
    ],
)
async def test_a_sign_is_not_enough_for_what_is_more_than_a_plain_write(lively: Room, asked: Approval) -> None:
    await lively.ask(asked)
    await lively.link()
    lively.matrix.react(ALICE, lively.matrix.card(), YES)
    await lively.hear()
    assert (await lively.approval()).votes == ()
    assert len(await lively.refusals()) == 1
    assert lively.matrix.whispers(ALICE) == ["A reaction is not enough for AB12: !approve AB12"]


@pytest.mark.parametrize("is_old", [True, False])
async def test_taking_the_sign_away_takes_the_vote_back(lively: Room, *, is_old: bool) -> None:
    await lively.ask(replace(ASKED, quorum=2))
    await lively.link()
    reaction = lively.matrix.react(ALICE, lively.matrix.card(), YES)
    await lively.hear()
    assert len((await lively.approval()).votes) == 1
    lively.matrix.redact(ALICE, reaction, is_old=is_old)
    await lively.hear()
    assert (await lively.approval()).votes == ()
    assert lively.matrix.answers(lively.matrix.card())[-1] == "AB12: your vote is taken back; 0 of 2 yes."


async def test_a_sign_that_was_taken_away_while_nobody_listened_is_no_vote_any_more(lively: Room) -> None:
    await lively.ask(replace(ASKED, quorum=2))
    await lively.link()
    reaction = lively.matrix.react(ALICE, lively.matrix.card(), YES)
    await lively.hear()
    lively.matrix.redact(ALICE, reaction)
    lively.clock.advance(timedelta(minutes=10))
    await lively.hear()
    assert (await lively.approval()).votes == ()


async def test_a_sign_that_was_taken_away_before_anybody_listened_is_no_vote(lively: Room) -> None:
    await lively.ask()
    await lively.link()
    lively.matrix.redact(ALICE, lively.matrix.react(ALICE, lively.matrix.card(), YES))
    await lively.hear()
    assert (await lively.approval()).votes == ()
    await lively.link(BOB, "u_bob")
    reaction = lively.matrix.react(ALICE, lively.matrix.card(), YES)
    lively.matrix.redact(BOB, reaction)
    await lively.hear()
    assert (await lively.approval()).status is ApprovalStatus.APPROVED, "others take no vote away"


async def test_whoever_takes_anothers_sign_away_takes_no_vote_back(lively: Room) -> None:
    await lively.ask(replace(ASKED, quorum=2))
    await lively.link()
    await lively.link(BOB, "u_bob")
    reaction = lively.matrix.react(ALICE, lively.matrix.card(), YES)
    await lively.hear()
    lively.matrix.redact(BOB, reaction)
    await lively.hear()
    assert len((await lively.approval()).votes) == 1


async def test_a_sign_that_was_no_vote_takes_none_back(lively: Room) -> None:
    await lively.ask(replace(ASKED, quorum=2))
    await lively.link()
    lively.matrix.say(ALICE, "!approve ab12")
    second = lively.matrix.react(ALICE, lively.matrix.card(), YES)
    await lively.hear()
    lively.matrix.redact(ALICE, second)
    await lively.hear()
    assert len((await lively.approval()).votes) == 1


async def test_a_sign_on_another_message_decides_nothing(lively: Room) -> None:
    await lively.ask()
    await lively.link()
    mine = lively.matrix.say(ALICE, "look at AB12")
    lively.matrix.react(ALICE, mine, YES)
    lively.matrix.react(ALICE, lively.matrix.card(), "\U0001f44d")
    lively.matrix.react(ALICE, lively.matrix.card(), YES, OTHER)
    await lively.hear()
    assert ((await lively.approval()).votes, await lively.refusals()) == ((), [])


@pytest.mark.parametrize("broken", [{"content": None}, {"sender": "alice"}, {"origin_server_ts": "now"}, {"type": 7}])
async def test_what_is_no_event_stops_nothing(room: Room, broken: dict[str, object]) -> None:
    await room.ask()
    await room.link()
    said = room.matrix.say(ALICE, "!approve ab12 \ud800 half a character")
    room.matrix.events.insert(-1, {**room.matrix.find(said), "event_id": "$broken", **broken})
    await room.hear()
    assert (await room.approval()).status is ApprovalStatus.APPROVED


async def test_whoever_does_not_listen_any_more_does_nothing(room: Room) -> None:
    await room.ask()
    await room.link()
    said = room.matrix.say(ALICE, "!approve ab12")

    def lose(_unit: Unit) -> None:
        raise ConflictError("another process polls chat:matrix", code="poller.lost")

    item = Item(key=said, document=room.matrix.find(said))
    with pytest.raises(ConflictError):
        await room.desk.receive("chat:matrix", [item], lose)
    assert (await room.approval()).votes == ()
    await room.hear()
    assert (await room.approval()).status is ApprovalStatus.APPROVED


async def test_a_card_whose_answer_was_lost_is_posted_once(room: Room) -> None:
    room.matrix.lost = 1
    await room.ask()
    room.clock.advance(timedelta(minutes=1))
    await room.delivery.deliver()
    assert room.matrix.card()
    await room.link()
    room.matrix.say(ALICE, "!deny ab12 wrong host")
    await room.hear()
    assert "⛔ denied by ann: wrong host" in room.matrix.shown()


async def test_a_room_that_is_not_there_is_asked_in_our_own_chat(room: Room) -> None:
    await room.ask(replace(ASKED, channel="matrix:#gone"))
    for _ in range(6):
        room.clock.advance(timedelta(minutes=1))
        await room.delivery.deliver()
    page = await room.store.read(WORKSPACE, lambda unit: unit.messages.list("#approvals", 9))
    assert [message.approval for message in page.items] == ["ap_1"]
