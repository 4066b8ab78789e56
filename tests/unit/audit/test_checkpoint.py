import base64
from collections.abc import Callable
from datetime import timedelta

import pytest

from soar.audit.checkpoint import compute_head_root, open_checkpoint, sign_checkpoint
from soar.audit.keeper import checkpoint_head
from soar.audit.note import SigningKey, sign_note
from soar.audit.tree import EMPTY_ROOT
from soar.model.audit import AuditHead, AuditRecord, Checkpoint
from soar.model.errors import BugError, InputError
from soar.store import Store, Unit
from tests.support.clock import START

ORIGIN = "soar.example/audit"
HEAD = AuditHead(1, "11" * 32, ("11" * 32,))
Write = Callable[..., AuditRecord]


def test_a_checkpoint_reads_as_specified(key: SigningKey) -> None:
    lines = sign_checkpoint(HEAD, key, ORIGIN).split("\n")
    assert lines[:4] == [ORIGIN, "1", base64.b64encode(b"\x11" * 32).decode(), ""]
    assert lines[4].startswith(f"— {ORIGIN} ")
    assert lines[5:] == [""]


def test_a_checkpoint_is_opened_with_the_public_key(key: SigningKey) -> None:
    statement = open_checkpoint(sign_checkpoint(HEAD, key, ORIGIN), [key.verifier])
    assert (statement.origin, statement.size, statement.root) == (ORIGIN, 1, b"\x11" * 32)


def test_an_empty_record_has_a_checkpoint_too(key: SigningKey) -> None:
    statement = open_checkpoint(sign_checkpoint(AuditHead(0, "0" * 64, ()), key, ORIGIN), [key.verifier])
    assert (statement.size, statement.root) == (0, EMPTY_ROOT)


@pytest.mark.parametrize("origin", ["", "two\nlines"])
def test_an_origin_is_one_line(origin: str, key: SigningKey) -> None:
    with pytest.raises(InputError, match="one line"):
        sign_checkpoint(HEAD, key, origin)


@pytest.mark.parametrize(
    "body",
    [
        "hello\n",
        f"{ORIGIN}\n01\n{'A' * 43}=\n",
        f"{ORIGIN}\n-1\n{'A' * 43}=\n",
        f"{ORIGIN}\n1\n{'A' * 42}=\n",
        f"{ORIGIN}\n1\n{'A' * 43}=\nextension\n",
        f"\n1\n{'A' * 43}=\n",
    ],
)
def test_a_signed_text_that_is_no_checkpoint_is_refused(body: str, key: SigningKey) -> None:
    with pytest.raises(InputError, match="no checkpoint"):
        open_checkpoint(sign_note(body, key), [key.verifier])


async def test_the_head_is_signed_once_for_each_size(store: Store, write_event: Write, key: SigningKey) -> None:
    def sign(unit: Unit) -> Checkpoint | None:
        return checkpoint_head(unit, key=key, origin=ORIGIN, at=START + timedelta(seconds=1))

    assert await store.write("w", sign) is None
    await store.write("w", write_event)
    first = await store.write("w", sign)
    assert first is not None
    assert await store.write("w", sign) is None
    await store.write("w", write_event)
    second = await store.write("w", sign)
    assert await store.read("w", lambda unit: unit.audit.checkpoints()) == (first, second)
    head = await store.read("w", lambda unit: unit.audit.head())
    assert second is not None
    assert (second.size, second.root) == (2, compute_head_root(head).hex())
    assert open_checkpoint(second.note, [key.verifier]).root.hex() == second.root


async def test_a_record_that_contradicts_its_checkpoint_is_not_signed(
    store: Store, write_event: Write, key: SigningKey
) -> None:
    def sign(unit: Unit) -> Checkpoint | None:
        return checkpoint_head(unit, key=key, origin=ORIGIN, at=START)

    def add_larger(unit: Unit) -> None:
        unit.audit.add_checkpoint(Checkpoint(size=2, root="22" * 32, at=START, note=""))

    await store.write("w", write_event)
    await store.write("w", add_larger)
    with pytest.raises(BugError, match="contradicts its checkpoint of 2") as caught:
        await store.write("w", sign)
    assert caught.value.code == "audit_contradicted"
    await store.write("w", write_event)
    with pytest.raises(BugError, match="contradicts"):
        await store.write("w", sign)
