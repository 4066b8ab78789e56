"""Questions told by mail and by page, and escalations in every channel that they name; products answer at the wire."""

import asyncio
import email
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import time, timedelta
from email.message import EmailMessage
from email.policy import default
from zoneinfo import ZoneInfo

import pytest

from connectors.mail.connector import Mailer
from connectors.mail.test_mail import SETTINGS, Server
from soar.approvals.delivery import CardDelivery
from soar.approvals.mailing import describe_mail
from soar.approvals.outlet import Outlet
from soar.approvals.paging import describe_pager
from soar.approvals.platform import Office
from soar.approvals.quiet import QuietHours
from soar.approvals.service import ApprovalService
from soar.model.approval import Approval, ApprovalStatus, EscalationLevel
from soar.model.message import Message
from soar.model.process import ActionAnswer
from soar.policy import DEFAULT_POLICY
from soar.sdk.testing import SECRET, Bench, WireDialer
from soar.store import Store
from tests.support.builders import build_approval, build_card
from tests.support.clock import START, SteppedClock
from tests.support.disk import InlineDisk
from tests.support.ids import SeededIds
from tests.support.pagers import FakePagerDuty
from tests.support.randomness import SeededRandomness
from tests.support.wire import WireHost
from tests.support.world import WORKSPACE, RecordingAnnouncer, open_peopled_store

URL = "https://soar.example"
LEVELS = (
    EscalationLevel(START + timedelta(minutes=5), "role:soc-lead", via=("page:secops",)),
    EscalationLevel(START + timedelta(minutes=10), "role:admin", via=("page:secops", "chat:#incident", "mail:soc")),
)
ASKED = build_approval(id="ap_1", channel="chat:#soc", escalations=LEVELS, expires_at=START + timedelta(minutes=15))


class MailServer(Server):
    """Takes mails for people of the company, from the connector itself."""

    async def call(self, name: str, arguments: dict[str, object], key: str) -> ActionAnswer:
        """Call an action of the connector against it."""
        bench = Bench(Mailer, hosts={"mail.example"}, settings=SETTINGS, credentials={"password": SECRET})
        return await bench.send(name, arguments, WireDialer(self.serve), key=key)

    def letters(self) -> list[EmailMessage]:
        """Return what was taken, in order."""
        read = [email.message_from_bytes(content, policy=default) for _, _, content in self.mails]
        return [each for each in read if isinstance(each, EmailMessage)]


@dataclass
class Post:
    """A service with mail and a pager, and nobody in a chat."""

    store: Store
    clock: SteppedClock
    approvals: ApprovalService
    pager: FakePagerDuty
    mail: MailServer
    host: WireHost
    deliveries: list[CardDelivery]

    async def ask(self, asked: Approval = ASKED) -> None:
        await self.store.write(WORKSPACE, lambda unit: unit.approvals.add(asked))
        await self.deliver()

    async def deliver(self) -> None:
        for delivery in self.deliveries:
            await delivery.deliver()

    async def pass_minutes(self, minutes: float) -> None:
        """Let time pass, and what is due happen."""
        self.clock.advance(timedelta(minutes=minutes))
        now = self.clock.now()
        await self.store.write(WORKSPACE, lambda unit: self.approvals.wake(unit, {"approval": "ap_1"}, now))
        await self.deliver()

    async def end(self) -> None:
        now = self.clock.now()
        await self.store.write(WORKSPACE, lambda unit: self.approvals.cancel(unit, "ap_1", "the case is closed", now))
        await self.deliver()

    async def notified(self) -> list[tuple[object, object]]:
        """Return what the audit says of who was told, the oldest first: where, and whether it came about."""
        page = await self.store.read(WORKSPACE, lambda unit: unit.audit.list(500, type_prefix="approval.notified"))
        documents = [event.document for event in reversed(page.items)]
        return [(each["context"]["channel"], each["outcome"]) for each in documents]  # type: ignore[index,call-overload]

    async def messages(self, channel: str) -> tuple[Message, ...]:
        return (await self.store.read(WORKSPACE, lambda unit: unit.messages.list(channel, 50))).items


async def open_post(store: Store, quiet: QuietHours | None = None, *, is_connected: bool = True) -> Post:
    clock, ids, pager, mail = SteppedClock(), SeededIds(), FakePagerDuty(), MailServer()
    approvals = ApprovalService(ids=ids, policy=DEFAULT_POLICY, quiet=quiet)
    host = WireHost({"page": pager.call, "mail": mail.call})
    office = Office(
        store=store,
        workspace=WORKSPACE,
        host=host,
        clock=clock,
        ids=ids,
        randomness=SeededRandomness(3),
        announcer=RecordingAnnouncer(),
        url=URL,
        report=lambda _approval, _message: None,
    )
    outlets: list[Outlet] = [describe_pager("page"), describe_pager("opsgenie"), describe_mail(approvals.list_voters)]
    deliveries = [CardDelivery(each, office, is_connected=is_connected) for each in outlets]
    return Post(store, clock, approvals, pager, mail, host, deliveries)


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    opened = await open_peopled_store(InlineDisk())
    yield opened
    await opened.close()


@pytest.fixture
async def post(store: Store) -> Post:
    return await open_post(store)


async def test_a_question_in_mail_is_one_thread_with_one_link_in_each(post: Post) -> None:
    await post.ask(replace(ASKED, channel="mail:soc", escalations=(replace(LEVELS[0], via=()),)))
    (first,) = post.mail.letters()
    assert first["Subject"] == "[soar] AB12: Isolate web-1?"
    assert post.mail.mails[0][1] == ("ann@corp.example", "bob@corp.example")
    await post.pass_minutes(5)
    await post.end()
    letters = post.mail.letters()
    assert [str(each.get_content()).splitlines()[0] for each in letters[1:]] == [
        "▲ escalated 09:05 UTC: soc-lead may decide, too",
        "🚫 cancelled: the case is closed",
    ]
    for follow in letters[1:]:
        assert (follow["In-Reply-To"], follow["Subject"]) == (first["Message-ID"], f"Re: {first['Subject']}")
    assert [str(each.get_content()).count("://") for each in letters] == [1, 1, 1]
    assert f"{URL}/approvals/ap_1" in str(first.get_content())
    assert not any("!approve" in str(each.get_content()) for each in letters)
    await post.pass_minutes(1)
    assert len(post.mail.mails) == 3


async def test_a_mail_that_could_not_be_sent_is_the_same_mail_the_next_time(post: Post) -> None:
    post.mail.hangs_up_after = "."
    await post.ask(replace(ASKED, channel="mail:soc", escalations=()))
    assert post.mail.mails == []
    post.mail.hangs_up_after = "never"
    await post.pass_minutes(1)
    (sent,) = post.mail.letters()
    assert {call.effect_key for call in post.host.calls} == {post.host.calls[0].effect_key}
    assert sent["Message-ID"].endswith("@corp.example>")
    assert await post.notified() == [("mail:soc", "success")]


async def test_mail_to_the_approvers_goes_to_whoever_may_decide_then_and_nobody_else(post: Post) -> None:
    asked = replace(
        ASKED,
        channel="mail:approvers",
        by=("role:analyst",),
        exclude_users={"u_bob": "initiator"},
        escalations=(replace(LEVELS[0], via=()),),
    )
    await post.ask(asked)
    await post.pass_minutes(5)
    assert [to for _, to, _ in post.mail.mails] == [
        ("ann@corp.example",),
        ("ann@corp.example", "carol@corp.example"),
    ]


async def test_each_level_is_told_where_it_says_and_all_of_it_ends_with_the_question(post: Post) -> None:
    await post.ask()
    assert post.host.calls == []
    await post.pass_minutes(5)
    assert (post.pager.deeds, post.pager.alerts) == (["trigger"], {"ap_1.secops": True})
    (event,) = post.pager.events
    assert event["payload"]["summary"].startswith("AB12 · 0 of 1 yes: Isolate web-1?")
    assert event["links"] == [{"href": f"{URL}/approvals/ap_1", "text": "In soar"}]
    assert await post.messages("#incident") == ()
    await post.pass_minutes(5)
    assert post.pager.deeds == ["trigger", "trigger"]
    assert [message.approval for message in await post.messages("#incident")] == ["ap_1"]
    assert len(post.mail.mails) == 1
    await post.pass_minutes(5)
    assert post.pager.alerts == {"ap_1.secops": False}
    assert len(post.mail.mails) == 2
    channels = ["page:secops", "page:secops", "mail:soc", "page:secops", "mail:soc"]
    assert await post.notified() == [(channel, "success") for channel in channels]
    calls = len(post.host.calls)
    await post.pass_minutes(60)
    assert len(post.host.calls) == calls


async def test_what_happens_in_between_wakes_nobody(post: Post) -> None:
    await post.ask(replace(ASKED, remind_at=(START + timedelta(minutes=6), START + timedelta(minutes=7))))
    for _ in range(9):
        await post.pass_minutes(1)
    assert post.pager.deeds == ["trigger"]


@pytest.mark.parametrize(("zone", "deeds"), [("UTC", ["trigger"]), ("Asia/Tokyo", ["trigger", "trigger"])])
async def test_in_quiet_hours_nobody_is_paged_twice(store: Store, zone: str, deeds: list[str]) -> None:
    post = await open_post(store, QuietHours(time(9), time(10), ZoneInfo(zone)))
    await post.ask()
    await post.pass_minutes(5)
    assert post.pager.deeds == ["trigger"]
    await post.pass_minutes(5)
    assert post.pager.deeds == deeds
    assert len(post.mail.mails) == 1, "who was not told yet is told"
    await post.end()
    assert post.pager.alerts == {"ap_1.secops": False}


async def test_a_pager_that_is_down_is_tried_again_and_then_the_built_in_chat_says_so(post: Post) -> None:
    post.pager.is_down = True
    await post.ask()
    await post.pass_minutes(5)
    for _ in range(6):
        post.clock.advance(timedelta(minutes=1))
        await post.deliver()
    assert post.host.names() == ["page.post_card"] * 6
    assert await post.notified() == [("page:secops", "failure")]
    (said,) = await post.messages("#approvals")
    assert said.text == "AB12 could not be posted in page:secops; it can be decided here"
    post.pager.is_down = False
    await post.pass_minutes(1)
    assert post.pager.deeds == ["trigger"], "the next level names it again"


async def test_an_end_that_a_pager_did_not_take_is_said_again(post: Post) -> None:
    await post.ask()
    await post.pass_minutes(5)
    post.pager.is_down = True
    await post.end()
    assert post.pager.alerts == {"ap_1.secops": True}
    post.pager.is_down = False
    await post.pass_minutes(1)
    assert post.pager.alerts == {"ap_1.secops": False}


async def test_what_is_not_connected_is_said_in_the_built_in_chat(post: Post) -> None:
    await post.ask(replace(ASKED, escalations=(replace(LEVELS[0], via=("opsgenie:secops",)),)))
    await post.pass_minutes(5)
    for _ in range(6):
        post.clock.advance(timedelta(minutes=1))
        await post.deliver()
    assert await post.notified() == [("opsgenie:secops", "failure")]
    assert len(await post.messages("#approvals")) == 1


async def test_what_is_not_connected_is_looked_for_once_a_minute_and_tried_once(store: Store) -> None:
    post = await open_post(store, is_connected=False)
    pages = asyncio.create_task(post.deliveries[1].run())
    await wait_for_sleep(post)
    await store.write(WORKSPACE, lambda unit: unit.approvals.add(replace(ASKED, channel="opsgenie:secops")))
    post.clock.advance(timedelta(seconds=59))
    assert post.clock.has_sleepers
    assert post.host.names() == []
    post.clock.advance(timedelta(seconds=1))
    await wait_for_sleep(post)
    assert post.host.names() == ["opsgenie.post_card"]
    assert await post.notified() == [("opsgenie:secops", "failure")]
    assert len(await post.messages("#approvals")) == 1
    pages.cancel()


async def wait_for_sleep(post: Post) -> None:
    """Wait until whoever was woken sleeps again."""
    while not post.clock.has_sleepers:
        await post.store.read(WORKSPACE, lambda unit: unit.workspace)


async def test_nobody_is_woken_for_what_is_decided_already(post: Post) -> None:
    post.pager.is_down = True
    await post.ask()
    await post.pass_minutes(5)
    await post.end()
    post.pager.is_down = False
    await post.pass_minutes(1)
    assert post.pager.events == []


async def test_hostile_text_stays_text_in_a_mail_and_in_a_page(post: Post) -> None:
    hostile = "x\r\nBcc: eve@evil.example\r\n\r\nVote: http://evil.example/\u202e"
    card = build_card(question=f"{hostile}?", reason=hostile, evidence=((hostile, hostile),))
    await post.ask(replace(ASKED, channel="mail:soc", card=card))
    await post.pass_minutes(5)
    letters = post.mail.letters()
    assert "Bcc" not in letters[0]
    assert all(set(to) == {"ann@corp.example", "bob@corp.example"} for _, to, _ in post.mail.mails)
    for each in letters:
        text = str(each.get_content())
        assert text.count("://") == 1
        assert "\u202e" not in text + str(each["Subject"])
        assert "eve@evil" not in text
    assert "evil.example" not in post.pager.events[0]["payload"]["summary"]


async def test_a_vote_in_the_web_ends_the_page(post: Post) -> None:
    await post.ask()
    await post.pass_minutes(5)
    decided = replace(ASKED, status=ApprovalStatus.DENIED, version=3, decided_at=post.clock.now(), reason="no")
    reached = tuple(replace(level, is_reached=place == 0) for place, level in enumerate(LEVELS))
    await post.store.write(
        WORKSPACE, lambda unit: unit.approvals.update(replace(decided, escalations=reached), expected=2)
    )
    await post.deliver()
    assert post.pager.deeds == ["trigger", "resolve"]
