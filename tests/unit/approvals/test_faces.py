"""Every channel shows the same facts within its limits, whatever an attacker wrote into them.

Each platform's limits are checked as its documentation states them; what the renderers promise is not asked of them.
"""

import email
import email.policy
import html
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.mail.letter import Letter, write_letter
from connectors.matrix import connector as wire
from soar.approvals.card import ButtonKind, Result, ResultKind, ShownCard, Surroundings, list_lines, show_card
from soar.approvals.claim import WishKind
from soar.approvals.faces import discord, mail, matrix, mattermost, page, plain, slack, teams
from soar.model.approval import Approval, ApprovalStatus, EscalationLevel, Precedent, VoteChoice
from soar.model.step import Assurance
from tests.support.builders import build_approval, build_card, build_vote
from tests.support.clock import START
from tests.support.discord import check_message, check_modal
from tests.support.mattermost import check_dialog
from tests.support.slack import check_slack, walk
from tests.support.teams import check_card

EXAMPLES = int(os.environ.get("SOAR_CARD_EXAMPLES", "60"))
"""How many hostile cards: a sample, unless somebody asks for more."""
NONCE = "n" * 26
AROUND = Surroundings(
    url="https://soar.example", asker="ann", editor="mia", alert="al_1", precedent=Precedent(20, 19, 1)
)
TRICKS = (
    "<!channel>",
    "<!here|x>",
    "<@U123>",
    "@everyone",
    "@all",
    "<https://evil.example|Approve>",
    "[Approve](https://evil.example)",
    "![](https://evil.example/pixel.png)",
    "mmaction://x",
    "`code` ```fence```",
    "\n✅ APPROVED by ciso",
    "\u202etxt.exe",
    "\u200b@\u200bhere",
    "<at>ann</at>",
    "${$root.secret}",
    "{{x}}",
    "</code></p><script>alert(1)</script>",
    "&lt;!channel&gt;",
    ":rotating_light: **bold** _it_ ~s~ #tag ~channel",
    "\\`",
    '"],"actions":[]',
    "x" * 400,
    "*" * 400,
    "\U0001f4a5" * 400,
)
hostile = st.one_of(
    st.sampled_from(TRICKS), st.text(max_size=400), st.lists(st.sampled_from(TRICKS), max_size=4).map("".join)
)


@st.composite
def hostile_approvals(draw: st.DrawFn) -> Approval:
    """A question in which everything that somebody may write is hostile."""
    card = build_card(
        question=draw(hostile),
        reason=draw(hostile),
        impact=draw(hostile),
        undo=draw(hostile),
        targets=tuple(draw(st.lists(hostile, max_size=4))),
        target_count=draw(st.integers(0, 5000)),
        evidence=tuple(draw(st.lists(st.tuples(hostile, hostile), max_size=8))),
    )
    vote = build_vote(name=draw(hostile), comment=draw(hostile))
    votes = tuple(replace(vote, user=f"u_{number}") for number in range(draw(st.integers(0, 9))))
    level = EscalationLevel(START + timedelta(minutes=5), "user:x@y.example", is_reached=draw(st.booleans()))
    return build_approval(
        card=card,
        votes=votes,
        status=draw(st.sampled_from([ApprovalStatus.PENDING, ApprovalStatus.APPROVED, ApprovalStatus.CANCELLED])),
        reason=draw(hostile),
        confirm=draw(hostile) or "x",
        assurance=Assurance.CONFIRMED,
        decided_at=START,
        escalations=(level,),
    )


def surround(approval: Approval) -> Surroundings:
    """What is known around a question; what was approved has failed, for a reason that is hostile too."""
    if approval.status is not ApprovalStatus.APPROVED:
        return AROUND
    result = Result(ResultKind.FAILED, at=START, fault=approval.reason or "", is_undoable=True)
    return replace(AROUND, result=result)


def list_facts(card: ShownCard) -> list[str]:
    """Return every text that a channel has to show."""
    facts = [card.question, card.tally, card.outcome, card.runs]
    for fact in (*card.facts, *card.evidence):
        facts += [fact.label, fact.text]
    return [text for text in (*facts, card.asked, card.who, card.until, *card.events) if text]


def check_shown(card: ShownCard, shown: list[str]) -> None:
    """Check that every fact is shown, each in full."""
    everything = "\n".join(shown)
    for fact in list_facts(card):
        assert fact in everything


hostile_card = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


@hostile_card
@given(hostile_approvals())
def test_plain_text_begins_every_line_itself(approval: Approval) -> None:
    card = show_card(approval, surround(approval))
    lines = plain.render(card).split("\n")
    assert lines == list(plain.list_lines(card))
    assert all(len(line.splitlines()) == 1 and "@" not in line for line in lines)
    check_shown(card, lines)


@hostile_card
@given(hostile_approvals())
def test_slack_reads_no_markup_of_theirs(approval: Approval) -> None:
    card = show_card(replace_empty(approval), surround(approval))
    message = slack.render(card, NONCE)
    check_shown(card, check_slack(message))
    fallback = str(message["text"])
    assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)|@", fallback)
    assert html.unescape(fallback) == card.notice
    values = [node["value"] for node in walk(message) if "value" in node]
    kinds = {ApprovalStatus.PENDING: ["approve", "deny", "ask"], ApprovalStatus.APPROVED: ["undo"]}
    assert values == [f"{approval.id}|{kind}|{NONCE}" for kind in kinds.get(approval.status, [])]


@hostile_card
@given(hostile_approvals(), st.sampled_from(VoteChoice))
def test_slacks_dialog_keeps_its_limits(approval: Approval, choice: VoteChoice) -> None:
    modal = slack.render_dialog(replace_empty(approval), choice, NONCE)
    check_slack(modal)
    for name in ("title", "submit", "close"):
        label = modal[name]
        assert isinstance(label, dict)
        assert 1 <= len(str(label["text"])) <= 24
    assert modal["private_metadata"] == f"{approval.id}|{choice.value}|{NONCE}"
    fields = [node["block_id"] for node in walk(modal) if node.get("type") == "input"]
    assert fields == (["confirm", "comment"] if choice is VoteChoice.APPROVE else ["comment"])


@hostile_card
@given(hostile_approvals(), st.sampled_from(WishKind))
def test_slacks_other_dialogs_keep_their_limits(approval: Approval, kind: WishKind) -> None:
    modal = slack.render_wish_dialog(replace_empty(approval), kind, NONCE)
    check_slack(modal)
    for name in ("title", "submit", "close"):
        label = modal[name]
        assert isinstance(label, dict)
        assert 1 <= len(str(label["text"])) <= 24
    assert modal["private_metadata"] == f"{approval.id}|{kind.value}|{NONCE}"
    assert [node["block_id"] for node in walk(modal) if node.get("type") == "input"] == ["comment"]


def replace_empty(approval: Approval) -> Approval:
    """Give a question without a visible text one, as a playbook that is checked always has."""
    return replace(approval, card=replace(approval.card, question=f"{approval.card.question}?"))


MARKDOWN = re.compile(r"(?<!\\)(?:\\\\)*[*_`~\[\]<>#!|]")


@hostile_card
@given(hostile_approvals())
def test_mattermost_reads_no_markup_of_theirs(approval: Approval) -> None:
    card = show_card(approval, surround(approval))
    post: Any = mattermost.render(card, "https://soar.example/chat/mattermost", NONCE)
    attachment = post["attachment"]
    assert len(orjson.dumps(attachment)) < 400_000  # half of model.PostPropsMaxUserRunes
    texts = [attachment["title"], attachment["text"]]
    for field in attachment["fields"]:
        texts += [field["title"], field["value"]]
    for text in texts[:-1]:
        assert not MARKDOWN.search(text.removeprefix("> "))
        assert "@" not in text
    check_shown(card, [re.sub(r"\\(.)", r"\1", text) for text in texts])
    assert all(action["id"].isalnum() for action in attachment["actions"])


@hostile_card
@given(hostile_approvals(), st.sampled_from(VoteChoice))
def test_mattermosts_dialog_keeps_its_limits(approval: Approval, choice: VoteChoice) -> None:
    dialog = mattermost.render_dialog(approval, choice, "state")
    check_dialog(dialog)
    for text in str(dialog["introduction_text"]).split("\n\n"):
        assert not MARKDOWN.search(text)
        assert "@" not in text


@hostile_card
@given(hostile_approvals())
def test_teams_reads_no_markup_of_theirs(approval: Approval) -> None:
    card = show_card(approval, surround(approval))
    document: Any = teams.render(card, NONCE)
    check_card(document)
    check_shown(card, [run["text"] for block in document["body"] for run in block["inlines"]])


@hostile_card
@given(hostile_approvals(), st.sampled_from(VoteChoice))
def test_teams_second_card_keeps_its_limits(approval: Approval, choice: VoteChoice) -> None:
    check_card(teams.render_dialog(approval, choice, NONCE))


@hostile_card
@given(hostile_approvals())
def test_discord_reads_no_markup_of_theirs(approval: Approval) -> None:
    card = show_card(approval, surround(approval))
    message: Any = discord.render(card, NONCE)
    texts = check_message(message)
    assert all(re.fullmatch(r"`[^`\n]+`", text) for text in texts[1:] if text != "\u200b")
    looking_alike = replace_ticks(card)
    check_shown(looking_alike, [text.strip("`") for text in texts])


@hostile_card
@given(hostile_approvals(), st.sampled_from(VoteChoice))
def test_discords_dialog_keeps_its_limits(approval: Approval, choice: VoteChoice) -> None:
    modal = discord.render_dialog(approval, choice, NONCE)
    check_modal(modal)
    for text in (str(node["content"]) for node in walk(modal) if "content" in node):
        assert re.fullmatch(r"(To approve, type )?`[^`\n]+`", text)


def replace_ticks(card: ShownCard) -> ShownCard:
    """Return the card with the character that Discord is sent in place of a backtick."""

    def swap(text: str) -> str:
        return text.replace("`", "\u02cb")

    return replace(
        card,
        question=swap(card.question),
        outcome=swap(card.outcome),
        facts=tuple(replace(fact, text=swap(fact.text)) for fact in card.facts),
        evidence=tuple(replace(fact, label=swap(fact.label), text=swap(fact.text)) for fact in card.evidence),
        events=tuple(map(swap, card.events)),
    )


class Reader(HTMLParser):
    """Reads HTML as a client does: its tags, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str | None] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value for _, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        self.text += "\n" * (tag in ("p", "li", "h4"))

    def handle_data(self, data: str) -> None:
        self.text += data


@hostile_card
@given(hostile_approvals())
def test_matrix_reads_no_markup_of_theirs_and_mentions_nobody(approval: Approval) -> None:
    card = show_card(approval, surround(approval))
    message: Any = {**matrix.render(card, NONCE), "channel": "#soc", "message": "$event"}
    edit: Any = wire.build_edit(wire.Edit.model_validate(message))
    first = edit["m.new_content"]
    assert first["m.mentions"] == edit["m.mentions"] == {}
    assert edit["m.relates_to"] == {"rel_type": "m.replace", "event_id": "$event"}
    del message["message"]
    assert first == wire.build_card(wire.Card.model_validate(message))
    assert len(orjson.dumps(edit)) < wire.LARGEST
    reader = Reader()
    reader.feed(first["formatted_body"])
    assert reader.tags <= {"h4", "p", "b", "code", "ul", "li", "a"}
    assert reader.links == [button.url for button in card.buttons if button.url]
    check_shown(card, [reader.text])
    check_shown(card, [first["body"]])


def read_mail(message: Mapping[str, Any]) -> EmailMessage:
    """Send a mail as the connector does, and read it as a client does."""
    content = write_letter(
        Letter(
            sender="soar@corp.example",
            recipients=("ann@corp.example",),
            subject=message["subject"],
            text=message["text"],
            key="k",
            at=START,
        )
    )
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 998  # RFC 5322, section 2.1.1
    assert b"\n" not in content.replace(b"\r\n", b"")
    read = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(read, EmailMessage)
    return read


@hostile_card
@given(hostile_approvals())
def test_a_mail_has_our_headers_alone_and_one_link(approval: Approval) -> None:
    around = surround(approval)
    card = show_card(approval, around)
    first = read_mail(mail.render(card, NONCE))
    follows = [read_mail(mail.render_line(card, line)) for line in list_lines(approval, around.result)[-1:]]
    check_shown(card, [str(first.get_content())])
    for sent in (first, *follows):
        assert set(sent.keys()) == {
            *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"),
            *("Content-Type", "Content-Transfer-Encoding", "MIME-Version"),
        }
        assert sent["To"] == "ann@corp.example"
        assert sent.get_content_type() == "text/plain"
        text = str(sent.get_content())
        assert re.findall(r"\S*://\S*", text) == [button.url for button in card.buttons if button.url]
        assert "@" not in text
    titles = ["".join(sent["Subject"].split()) for sent in (first, *follows)]  # folding may cost or add a space
    assert titles[1:] == [f"Re:{titles[0]}"] * len(follows)


@hostile_card
@given(hostile_approvals())
def test_a_page_is_a_line_and_a_link(approval: Approval) -> None:
    around = surround(approval)
    card = show_card(approval, around)
    lines = [page.render_line(card, line) for line in list_lines(approval, around.result)]
    for said in (page.render(card, NONCE), *lines):
        text = str(said["text"])
        assert len(text.splitlines()) == 1
        assert "@" not in text
        assert "://" not in text
        assert said["link"] == next(button.url for button in card.buttons if button.url)


@pytest.mark.parametrize("status", ApprovalStatus)
def test_only_an_open_card_has_buttons_that_decide(status: ApprovalStatus) -> None:
    card = show_card(build_approval(status=status, decided_at=START), AROUND)
    deciding = [button for button in card.buttons if button.kind is not ButtonKind.LINK]
    assert bool(deciding) is (status is ApprovalStatus.PENDING)
    assert len(card.buttons) <= 4
