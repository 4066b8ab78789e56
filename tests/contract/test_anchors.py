"""How far the anchors of the audit record have come."""

from dataclasses import replace
from datetime import timedelta

import pytest

from soar.model.audit import AnchorState, Checkpoint
from soar.model.errors import NotFoundError
from soar.store import Store, Unit
from tests.contract.works import Works
from tests.support.clock import START

REACHED = AnchorState(name="git", size=2**40, range=("11" * 32, "22" * 32), reached_at=START)
FAILED = replace(REACHED, failed_at=START + timedelta(minutes=1), error="no route to host")


async def test_an_anchor_that_is_new_has_come_nowhere(read: Works) -> None:
    assert await read(lambda unit: unit.anchors.get("git")) == AnchorState(name="git")
    assert await read(lambda unit: unit.anchors.list()) == ()


async def test_how_far_it_has_come_is_kept_for_all_workspaces(store: Store, write: Works, read: Works) -> None:
    other = AnchorState(name="chat", size=1)

    def keep(unit: Unit) -> None:
        for state in (REACHED, other, FAILED):
            unit.anchors.set(state)

    await write(keep)
    assert await read(lambda unit: unit.anchors.get("git")) == FAILED
    assert await store.read("elsewhere", lambda unit: unit.anchors.list()) == (other, FAILED)


async def test_missed_checkpoints_are_read_in_their_order_and_cosigned(write: Works, read: Works) -> None:
    kept = [Checkpoint(size=size, root=f"{size}" * 64, at=START, note=f"note {size}\n") for size in (1, 3, 7)]

    def add(unit: Unit) -> None:
        for checkpoint in reversed(kept):
            unit.audit.add_checkpoint(checkpoint)

    await write(add)
    assert await read(lambda unit: unit.audit.next_checkpoints(1, 10)) == (*kept[1:],)
    assert await read(lambda unit: unit.audit.next_checkpoints(0, 2)) == (*kept[:2],)
    cosigned = replace(kept[1], note="note 3\nwitnessed\n")
    await write(lambda unit: unit.audit.cosign(cosigned))
    assert await read(lambda unit: unit.audit.checkpoints()) == (kept[0], cosigned, kept[2])
    with pytest.raises(NotFoundError):
        await write(lambda unit: unit.audit.cosign(replace(cosigned, size=4)))
