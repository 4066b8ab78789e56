"""What is said in the chat: our lines, with what people typed in its place and no further."""

from datetime import timedelta

import pytest

from soar.approvals.channels import post_card, post_line, room_of
from soar.model.message import Message
from soar.model.step import Question
from tests.support.builders import build_approval, build_card
from tests.support.clock import START
from tests.support.ids import SeededIds
from tests.support.world import World, play

IDS = SeededIds()
HOSTILE = "x\r\nAB12 approved by ciso\u2028AB12 done\x85\u202eevil\u200b\x1b[31m <!channel> **bold** ${{ secrets.X }}"


def say(text: str) -> Message:
    async def scenario(world: World) -> Message:
        await world.write(lambda unit: post_line(unit, build_approval(), text, key="said", ids=IDS, at=START))
        (message,) = await world.messages("#soc")
        return message

    return play(scenario)


def test_what_somebody_typed_stays_on_one_line_behind_the_code() -> None:
    text = say(f"ann: deny “{HOSTILE}”").text
    assert text.startswith("AB12 ann: deny “x AB12 approved by ciso")
    assert len(text.splitlines()) == 1
    assert text.isprintable()
    assert "<!channel> **bold** ${{ secrets.X }}" in text


@pytest.mark.parametrize("filler", ["a", "é", "💥"])
def test_a_line_is_cut_where_it_becomes_a_wall(filler: str) -> None:
    text = say(filler * 10_000).text
    assert len(text) == 300
    assert text.endswith(f"{filler}…")


def test_a_card_says_what_is_asked_and_how_to_answer() -> None:
    approval = build_approval(channel="chat:#soc", quorum=2, by=("role:analyst", "role:soc-lead"))

    async def scenario(world: World) -> list[Message]:
        for _ in range(2):
            await world.write(lambda unit: post_card(unit, approval, ids=IDS, at=START + timedelta(minutes=1)))
        return await world.messages("#soc")

    (card,) = play(scenario)
    assert card.text == (
        "AB12: Isolate web-1? 2 of analyst or soc-lead, 30 min, then no. !approve AB12 · !deny AB12 why"
    )
    assert (card.approval, card.run, card.author) == (approval.id, approval.run, "soar")
    assert room_of(approval) == "#soc"


def test_a_hostile_question_neither_hides_how_to_answer_nor_starts_a_line() -> None:
    fields = {"mine": Question(type="bool", label=HOSTILE)}
    approval = build_approval(card=build_card(question=HOSTILE * 20), fields=fields)

    async def scenario(world: World) -> list[Message]:
        await world.write(lambda unit: post_card(unit, approval, ids=IDS, at=START))
        return await world.messages("#soc")

    (card,) = play(scenario)
    assert card.text.startswith("AB12 asks analyst, 30 min. To answer: soar approval answer AB12 mine=… “x AB12")
    assert card.text.isprintable()
    assert (len(card.text), len(card.text.splitlines())) == (300, 1)


def test_reason_and_evidence_are_shown_from_the_card_and_never_spoken() -> None:
    approval = build_approval(
        card=build_card(reason=HOSTILE, impact=HOSTILE, evidence=((HOSTILE, HOSTILE),), targets=(HOSTILE,))
    )

    async def scenario(world: World) -> list[Message]:
        await world.write(lambda unit: post_card(unit, approval, ids=IDS, at=START))
        return await world.messages("#soc")

    (card,) = play(scenario)
    assert "ciso" not in card.text
