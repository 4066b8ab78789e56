"""Who votes in whose place, and what becomes of questions, as the store keeps it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from soar.model.approval import Course, Inquiry, Member, Part
from soar.model.delegation import Delegation
from soar.model.errors import ConflictError, NotFoundError
from soar.store import Store
from tests.support.builders import build_approval, build_vote
from tests.support.clock import START

LENT = Delegation(id="dg_1", giver="u_ann", receiver="u_bob", created_at=START, expires_at=START + timedelta(days=1))


async def test_a_delegation_counts_until_it_ends_and_in_its_workspace_alone(store: Store) -> None:
    await store.write("default", lambda unit: unit.delegations.add(LENT))
    later = START + timedelta(days=1)
    assert await store.read("default", lambda unit: unit.delegations.active(START)) == (LENT,)
    assert await store.read("default", lambda unit: unit.delegations.active(later)) == ()
    assert await store.read("other", lambda unit: unit.delegations.active(START)) == ()
    ended = replace(LENT, ended_at=START)
    await store.write("default", lambda unit: unit.delegations.update(ended))
    assert await store.read("default", lambda unit: unit.delegations.active(START)) == ()
    assert await store.read("default", lambda unit: unit.delegations.get("dg_1")) == ended


async def test_a_delegation_is_added_once_and_changed_where_it_is(store: Store) -> None:
    await store.write("default", lambda unit: unit.delegations.add(LENT))
    with pytest.raises(ConflictError):
        await store.write("default", lambda unit: unit.delegations.add(LENT))
    with pytest.raises(NotFoundError):
        await store.write("other", lambda unit: unit.delegations.update(LENT))


async def test_what_became_of_a_question_is_kept(store: Store) -> None:
    course = Course(
        inquiries=(Inquiry(user="u_bob", name="bob", at=START, text="who?"),),
        extended_by="u_carol",
        exclude=("initiator",),
        policy="sha256:0",
        parts=(Part("steps/0#0", ("web-1", "web-2")),),
        members=(Member("ap_2", "sha256:2"),),
        standing="sa_1",
    )
    asked = build_approval(course=course, votes=(build_vote(for_user="u_ann", for_name="ann", only=("web-1",)),))
    await store.write("default", lambda unit: unit.approvals.add(asked))
    assert await store.read("default", lambda unit: unit.approvals.get(asked.id)) == asked
