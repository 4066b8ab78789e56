"""Events of rooms, well-formed and not."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soar.approvals.matrix_event import EDITED, Origin, Reacted, Redacted, Said, Sealed, read_event
from soar.model.approval import VoteChoice

ORIGIN = Origin("!r:s", "$e", "@a:s", datetime(2026, 3, 1, tzinfo=UTC))
EVENT = {"event_id": "$e", "room_id": "!r:s", "sender": "@a:s", "origin_server_ts": 1_772_323_200_000}
HELLO = {"msgtype": "m.text", "body": "hello"}


def read(kind: object, content: object, **more: object) -> object:
    document: Any = {**EVENT, "type": kind, "content": content, **more}
    return read_event(document)


def test_what_somebody_types_is_read_with_its_thread() -> None:
    assert read("m.room.message", HELLO) == Said(ORIGIN, "hello", "", "$e")
    thread = {"rel_type": "m.thread", "event_id": "$root"}
    assert read("m.room.message", {**HELLO, "m.relates_to": thread}) == Said(ORIGIN, "hello", "", "$root")
    reply = {"m.in_reply_to": {"event_id": "$other"}}
    assert read("m.room.message", {**HELLO, "m.relates_to": reply}) == Said(ORIGIN, "hello", "", "$e")


def test_an_edit_says_what_it_would_say_and_that_it_is_one() -> None:
    new = {"msgtype": "m.text", "body": "!approve ab12"}
    edit = {**HELLO, "m.new_content": new, "m.relates_to": {"rel_type": "m.replace", "event_id": "$other"}}
    assert read("m.room.message", edit) == Said(ORIGIN, "!approve ab12", EDITED, "$e")


@pytest.mark.parametrize(
    ("key", "choice"),
    [("\u2705", VoteChoice.APPROVE), ("\u2705\ufe0f", VoteChoice.APPROVE), ("\u26d4", VoteChoice.DENY)],
)
def test_two_signs_are_votes(key: str, choice: VoteChoice) -> None:
    relation = {"rel_type": "m.annotation", "event_id": "$card", "key": key}
    assert read("m.reaction", {"m.relates_to": relation}) == Reacted(ORIGIN, "$card", choice)


@pytest.mark.parametrize("key", ["\U0001f44d", "\u2714", "", "\u2705\u2705", "yes"])
def test_no_other_sign_is_a_vote(key: str) -> None:
    assert read("m.reaction", {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$c", "key": key}}) is None


def test_a_redaction_names_its_target_here_or_there() -> None:
    assert read("m.room.redaction", {"redacts": "$x"}) == Redacted(ORIGIN, "$x")
    assert read("m.room.redaction", {}, redacts="$x") == Redacted(ORIGIN, "$x")
    assert read("m.room.redaction", {"redacts": "$x"}, redacts="$y") == Redacted(ORIGIN, "$x")
    assert read("m.room.redaction", {}) is None


def test_what_is_encrypted_is_sealed() -> None:
    assert read("m.room.encrypted", {"ciphertext": "x"}) == Sealed(ORIGIN)


@pytest.mark.parametrize(
    "change",
    [
        {"sender": "alice"},
        {"sender": "@a\u200b:s"},
        {"sender": "@" + "a" * 300 + ":s"},
        {"event_id": "e"},
        {"room_id": "#r:s"},
        {"origin_server_ts": -1},
        {"origin_server_ts": 10**18},
        {"origin_server_ts": "now"},
        {"state_key": ""},
        {"content": []},
        {"type": "m.room.topic"},
    ],
)
def test_what_is_no_sound_event_says_nothing(change: dict[str, object]) -> None:
    document: Any = {**EVENT, "type": "m.room.message", "content": HELLO, **change}
    assert read_event(document) is None


def test_half_a_character_and_more_than_anybody_types_are_taken_out() -> None:
    said = read("m.room.message", {**HELLO, "body": "\ud800" + "x" * 9_999})
    assert isinstance(said, Said)
    assert said.text == "?" + "x" * 3_999


NAMES = ["rel_type", "event_id", "key", "body", "msgtype", "m.relates_to", "m.new_content", "redacts"]
values: Any = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=9), st.sampled_from(["m.replace", "$x"])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner, max_size=5)),
    max_leaves=9,
)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(["m.room.message", "m.reaction", "m.room.redaction"]), values)
def test_nothing_that_json_can_say_breaks_the_reader(kind: str, content: object) -> None:
    found = read(kind, content)
    assert found is None or isinstance(found, Said | Reacted | Redacted)
