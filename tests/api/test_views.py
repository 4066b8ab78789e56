"""What people are told of a question besides its card."""

import pytest

from soar.api.schemas.playbooks import UpcomingView, view_playbook
from soar.api.views import hint_confirmation, shorten_digest
from soar.ingest.schedule import Upcoming
from soar.playbook import parse_playbook
from tests.support.builders import build_card, build_catalog
from tests.support.clock import START


@pytest.mark.parametrize(
    ("confirm", "targets", "hint"),
    [
        ("", ("web-1",), ""),
        ("web-1", ("web-1",), "the name of the target"),
        ("3", ("a", "b", "c"), "the number of host"),
        ("I am sure", ("a", "b"), "what the playbook asks for"),
    ],
)
def test_what_must_be_typed_is_said_in_words(confirm: str, targets: tuple[str, ...], hint: str) -> None:
    card = build_card(targets=targets, target_count=len(targets))
    assert hint_confirmation(confirm, card, build_catalog()) == hint


def test_ten_characters_stand_for_a_digest_and_differ_with_it() -> None:
    one, other = (shorten_digest(f"sha256:{digit * 64}") for digit in "12")
    assert (len(one), one == other, one.isupper() or one.isdigit() or one.isalnum()) == (10, False, True)


def test_a_playbook_shows_when_it_starts_next_and_what_came_of_the_last_time() -> None:
    playbook, _ = parse_playbook("name: A\non: {manual: {}}\nsteps:\n  - stop: {}\n", playbook_id="a", file="a.yaml")
    assert playbook is not None
    upcoming = Upcoming(moment=START, last_moment=START, last_run=None, last_reason="inputs.host")
    assert view_playbook(playbook, upcoming).upcoming == UpcomingView(
        moment=START, last_moment=START, last_run=None, last_reason="inputs.host"
    )
