"""Where questions are told, on every store."""

from dataclasses import replace

from soar.model.chat import PostedCard
from tests.contract.works import Works
from tests.support.builders import build_approval
from tests.support.clock import START

CARD = PostedCard(approval="ap_1", channel="slack:#soc", nonce="n", due_at=START)


async def test_a_question_has_a_card_in_each_of_its_channels(write: Works, read: Works) -> None:
    asked, page = build_approval(id="ap_1", channel="slack:#soc"), replace(CARD, channel="page:secops")
    await write(lambda unit: unit.approvals.add(asked))
    assert await write(lambda unit: unit.posted_cards.add(page))
    assert not await write(lambda unit: unit.posted_cards.add(page))
    assert await read(lambda unit: unit.posted_cards.unposted("slack:", 9)) == (asked,)
    assert await write(lambda unit: unit.posted_cards.add(CARD))
    assert await read(lambda unit: unit.posted_cards.unposted("slack:", 9)) == ()
    done = replace(page, message="1", told=("a", "b"), is_done=True)
    await write(lambda unit: unit.posted_cards.update(done))
    assert await read(lambda unit: unit.posted_cards.of("ap_1")) == (done, CARD)
    assert await read(lambda unit: unit.posted_cards.behind("page:", START, 9)) == ()
    assert await read(lambda unit: unit.posted_cards.behind("slack:", START, 9)) == (CARD,)
