"""Linked accounts, posted cards, and how questions like one ended."""

from dataclasses import replace
from datetime import timedelta

from soar.model.approval import ApprovalStatus, Precedent
from soar.model.chat import ChatAccount, ChatLink, HeardEvent, PostedCard
from soar.model.response import ResponseStatus
from soar.store import Store, Unit
from tests.support.builders import build_approval, build_response
from tests.support.clock import START

ACCOUNT = ChatAccount(platform="slack", team="T1", account="U1", user="u_ann", linked_at=START)
LINK = ChatLink(key="k", platform="slack", team="T1", account="U1", expires_at=START + timedelta(minutes=10))
CARD = PostedCard(approval="ap_1", channel="slack:#soc", nonce="n", due_at=START)


async def test_an_account_belongs_to_one_person_in_one_workspace(store: Store) -> None:
    def link(unit: Unit) -> None:
        unit.chat_accounts.link(ACCOUNT)
        unit.chat_accounts.link(replace(ACCOUNT, team="T2"))
        unit.chat_accounts.link(replace(ACCOUNT, user="u_bob", linked_at=START + timedelta(hours=1)))

    await store.write("default", link)
    assert await store.read("other", lambda unit: unit.chat_accounts.find("slack", "T1", "U1")) is None
    found = await store.read("default", lambda unit: unit.chat_accounts.find("slack", "T1", "U1"))
    assert found == replace(ACCOUNT, user="u_bob", linked_at=START + timedelta(hours=1))
    assert await store.read("default", lambda unit: unit.chat_accounts.of("u_ann")) == (replace(ACCOUNT, team="T2"),)
    await store.write("default", lambda unit: unit.chat_accounts.unlink(ACCOUNT))
    assert await store.read("default", lambda unit: unit.chat_accounts.of("u_bob")) == ()


async def test_a_wish_to_be_linked_counts_once_and_in_time(store: Store) -> None:
    await store.write("default", lambda unit: unit.chat_accounts.offer(LINK, START))
    assert await store.write("default", lambda unit: unit.chat_accounts.take("other", START)) is None
    assert await store.write("default", lambda unit: unit.chat_accounts.take("k", START)) == LINK
    assert await store.write("default", lambda unit: unit.chat_accounts.take("k", START)) is None
    await store.write("default", lambda unit: unit.chat_accounts.offer(LINK, START))
    assert await store.write("default", lambda unit: unit.chat_accounts.take("k", LINK.expires_at)) is None


async def test_a_question_is_posted_once_and_followed_until_it_is_done(store: Store) -> None:
    asked = build_approval(id="ap_1", channel="slack:#soc")
    later = START + timedelta(minutes=1)

    def prepare(unit: Unit) -> None:
        unit.approvals.add(asked)
        unit.approvals.add(build_approval(id="ap_2", code="CD34"))
        unit.approvals.add(build_approval(id="ap_3", channel="slack:#soc", status=ApprovalStatus.DENIED))

    await store.write("default", prepare)
    assert await store.read("default", lambda unit: unit.posted_cards.unposted("slack:", 9)) == (asked,)
    assert await store.write("default", lambda unit: unit.posted_cards.add(CARD))
    assert not await store.write("default", lambda unit: unit.posted_cards.add(CARD))
    assert await store.read("default", lambda unit: unit.posted_cards.unposted("slack:", 9)) == ()
    assert await store.read("default", lambda unit: unit.posted_cards.behind("slack:", START, 9)) == (CARD,)
    shown = replace(CARD, place="C1", message="1.2", version=1, told=("a",), due_at=later)
    await store.write("default", lambda unit: unit.posted_cards.update(shown))
    assert await store.read("default", lambda unit: unit.posted_cards.of("ap_1")) == (shown,)
    assert await store.read("default", lambda unit: unit.posted_cards.behind("slack:", later, 9)) == ()
    voted = replace(asked, version=2)
    await store.write("default", lambda unit: unit.approvals.update(voted, expected=1))
    assert await store.read("default", lambda unit: unit.posted_cards.behind("slack:", START, 9)) == ()
    assert await store.read("default", lambda unit: unit.posted_cards.behind("slack:", later, 9)) == (shown,)
    await store.write("default", lambda unit: unit.posted_cards.update(replace(shown, is_done=True)))
    assert await store.read("default", lambda unit: unit.posted_cards.behind("slack:", later, 9)) == ()


async def test_a_question_has_a_card_in_each_channel(store: Store) -> None:
    asked, page = build_approval(id="ap_1", channel="slack:#soc"), replace(CARD, channel="page:secops")
    await store.write("default", lambda unit: (unit.approvals.add(asked), unit.posted_cards.add(page)))
    assert await store.read("default", lambda unit: unit.posted_cards.unposted("slack:", 9)) == (asked,)
    assert await store.write("default", lambda unit: unit.posted_cards.add(CARD))
    moved = replace(page, message="1", is_done=True)
    await store.write("default", lambda unit: unit.posted_cards.update(moved))
    assert await store.read("default", lambda unit: unit.posted_cards.of("ap_1")) == (moved, CARD)
    assert await store.read("default", lambda unit: unit.posted_cards.behind("slack:", START, 9)) == (CARD,)
    assert await store.read("elsewhere", lambda unit: unit.posted_cards.of("ap_1")) == ()


async def test_a_card_from_before_stays_and_others_stand_beside_it(store: Store) -> None:
    await store.migrate()
    writer = store._database.writer
    writer.exec_driver_sql("DROP TABLE posted_cards")
    writer.exec_driver_sql(
        "CREATE TABLE posted_cards (workspace VARCHAR NOT NULL, approval VARCHAR NOT NULL, channel VARCHAR NOT NULL, "
        "place VARCHAR NOT NULL, message VARCHAR NOT NULL, nonce VARCHAR NOT NULL, version INTEGER NOT NULL, "
        "told VARCHAR NOT NULL, due_at DATETIME NOT NULL, tries INTEGER NOT NULL, is_done BOOLEAN NOT NULL, "
        "CONSTRAINT pk_posted_cards PRIMARY KEY (workspace, approval))"
    )
    writer.exec_driver_sql(
        "CREATE INDEX ix_posted_cards_workspace_is_done_due_at ON posted_cards (workspace, is_done, due_at)"
    )
    await store.write("default", lambda unit: unit.posted_cards.add(CARD))
    writer.exec_driver_sql("UPDATE alembic_version SET version_num = '0029_pre_assurance'")
    await store.migrate()
    beside = replace(CARD, channel="page:secops")
    assert await store.write("default", lambda unit: unit.posted_cards.add(beside))
    assert await store.read("default", lambda unit: unit.posted_cards.of("ap_1")) == (beside, CARD)


async def test_a_card_is_found_by_the_message_that_shows_it(store: Store) -> None:
    shown = replace(CARD, place="C1", message="1.2")
    await store.write("default", lambda unit: unit.posted_cards.add(shown))
    assert await store.read("default", lambda unit: unit.posted_cards.find_message("C1", "1.2")) == shown
    for place, message in (("C2", "1.2"), ("C1", "1.3")):
        assert (
            await store.read("default", lambda unit, at=(place, message): unit.posted_cards.find_message(*at)) is None
        )
    assert await store.read("elsewhere", lambda unit: unit.posted_cards.find_message("C1", "1.2")) is None


async def test_what_was_heard_is_heard_once_until_it_is_forgotten(store: Store) -> None:
    heard = HeardEvent(platform="matrix", id="$1", account="@ann:corp.example", at=START)
    vote = replace(heard, approval="ap_1")
    assert await store.write("default", lambda unit: unit.heard_events.add(heard))
    assert not await store.write("default", lambda unit: unit.heard_events.add(heard))
    assert await store.write("elsewhere", lambda unit: unit.heard_events.add(heard))
    assert await store.write("default", lambda unit: unit.heard_events.add(replace(heard, platform="slack")))
    await store.write("default", lambda unit: unit.heard_events.update(vote))
    assert await store.read("default", lambda unit: unit.heard_events.get("matrix", "$1")) == vote
    await store.write("default", lambda unit: unit.heard_events.forget(START - timedelta(seconds=1)))
    assert await store.read("default", lambda unit: unit.heard_events.get("matrix", "$1")) == vote
    await store.write("default", lambda unit: unit.heard_events.forget(START))
    assert await store.read("default", lambda unit: unit.heard_events.get("matrix", "$1")) is None
    assert await store.read("elsewhere", lambda unit: unit.heard_events.get("matrix", "$1")) == heard


async def test_the_last_twenty_like_it_say_how_it_went(store: Store) -> None:
    asked = build_approval(id="ap_now", run="run_now")

    def add(unit: Unit) -> None:
        for number in range(25):
            status = ApprovalStatus.DENIED if number in (0, 24) else ApprovalStatus.APPROVED
            unit.approvals.add(build_approval(id=f"ap_{number}", run=f"run_{number}", status=status))
        unit.approvals.add(build_approval(id="ap_x", step="steps/9", status=ApprovalStatus.APPROVED))
        unit.approvals.add(build_approval(id="ap_y", status=ApprovalStatus.CANCELLED))
        unit.approvals.add(asked)
        lifted = {"status": ResponseStatus.LIFTED, "lifted_at": START}
        for number, expires_at in ((23, None), (22, START), (2, None)):
            held = build_response(id=f"ar_{number}", run=f"run_{number}", expires_at=expires_at)
            unit.responses.add(replace(held, **lifted))

    assert await store.read("default", lambda unit: unit.approvals.find_precedent(asked)) == Precedent(0, 0, 0)
    await store.write("default", add)
    assert await store.read("default", lambda unit: unit.approvals.find_precedent(asked)) == Precedent(20, 19, 1)
    assert await store.read("other", lambda unit: unit.approvals.find_precedent(asked)) == Precedent(0, 0, 0)
