import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from soar.app.anchors.settings import WitnessAnchorSettings
from soar.app.anchors.witness import WitnessAnchor
from soar.app.witness import WitnessServer
from soar.audit.checkpoint import check_checkpoint
from soar.audit.note import SigningKey
from soar.audit.witness import Witness, load_notes
from soar.model.audit import AnchorState, Checkpoint
from soar.model.errors import UnavailableError
from soar.sdk.egress import HttpEgress
from tests.support.anchors import ORIGIN, Fetch, Grow
from tests.support.clock import SteppedClock

COSIGNER = SigningKey("witness.example", Ed25519PrivateKey.from_private_bytes(bytes(32)), is_cosigner=True)
NEW = AnchorState(name="witness")


@dataclass
class Neighbour:
    """A witness on the loopback address, and our anchor at it."""

    server: TestServer
    state: Path
    anchor: WitnessAnchor

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    async def post(self, body: bytes) -> tuple[int, bytes, str]:
        async with ClientSession() as session, session.post(f"{self.url}/add-checkpoint", data=body) as answer:
            return answer.status, await answer.read(), answer.headers["Content-Type"]


@pytest.fixture
async def neighbour(tmp_path: Path, key: SigningKey, clock: SteppedClock, read: Fetch) -> AsyncIterator[Neighbour]:
    state = tmp_path / "witness.json"
    witness = WitnessServer(Witness(COSIGNER, [key.verifier], {}), state, clock)
    server = TestServer(witness.make_application(), host="127.0.0.1")
    await server.start_server()
    egress = HttpEgress()
    settings = WitnessAnchorSettings(kind="witness", url=f"http://127.0.0.1:{server.port}", key=str(COSIGNER.verifier))
    yield Neighbour(server, state, WitnessAnchor(settings, egress, read))
    await egress.close()
    await server.close()


async def test_growth_is_cosigned_from_step_to_step(neighbour: Neighbour, grow: Grow, key: SigningKey) -> None:
    state = NEW
    for count in (1, 2, 5):
        checkpoint = await grow(count)
        receipt = await neighbour.anchor.take([checkpoint], state)
        state = AnchorState(name="witness", size=receipt.size, range=receipt.range)
        assert receipt.cosigned is not None
        opened = check_checkpoint(receipt.cosigned.note, [key.verifier, COSIGNER.verifier])
        assert [one.key.name for one in opened.witnesses] == ["witness.example"]
    assert state.size == 8
    assert load_notes(neighbour.state)[ORIGIN] == receipt.cosigned.note


async def test_a_lost_place_is_found_again(neighbour: Neighbour, grow: Grow) -> None:
    await neighbour.anchor.take([await grow(3)], NEW)
    receipt = await neighbour.anchor.take([await grow(4)], NEW)
    assert receipt.size == 7
    assert receipt.cosigned is not None


async def test_a_record_that_was_rolled_back_is_told_of(neighbour: Neighbour, grow: Grow) -> None:
    first = await grow(3)
    await neighbour.anchor.take([await grow(4)], NEW)
    with pytest.raises(UnavailableError, match="it has seen 7 events and the record has 3") as caught:
        await neighbour.anchor.take([first], NEW)
    assert caught.value.code == "audit_rolled_back"


async def test_a_second_history_is_refused(neighbour: Neighbour, grow: Grow, read: Fetch) -> None:
    await neighbour.anchor.take([await grow(3)], NEW)

    async def forge(start: int, stop: int) -> list[bytes]:
        return [bytes(32) if place == 1 else leaf for place, leaf in enumerate(await read(start, stop), start=start)]

    settings = WitnessAnchorSettings(kind="witness", url=neighbour.url, key=str(COSIGNER.verifier))
    egress = HttpEgress()
    with pytest.raises(UnavailableError, match="answers 422: the checkpoint of 7 events did not grow out of that of 3"):
        await WitnessAnchor(settings, egress, forge).take([await grow(4)], NEW)
    await egress.close()


async def test_a_witness_with_another_key_is_not_the_one_that_was_named(
    neighbour: Neighbour, grow: Grow, read: Fetch, key: SigningKey
) -> None:
    other = SigningKey("witness.example", Ed25519PrivateKey.from_private_bytes(b"o" * 32), is_cosigner=True)
    settings = WitnessAnchorSettings(kind="witness", url=neighbour.url, key=str(other.verifier))
    egress = HttpEgress()
    with pytest.raises(UnavailableError, match="signed with another key"):
        await WitnessAnchor(settings, egress, read).take([await grow()], NEW)
    await egress.close()


async def test_the_witness_answers_as_specified(neighbour: Neighbour, grow: Grow, key: SigningKey) -> None:
    first: Checkpoint = await grow(2)
    assert (await neighbour.post(b"old 0\n\n" + first.note.encode()))[0] == 200
    stale = await neighbour.post(b"old 0\n\n" + first.note.encode())
    assert stale == (409, b"2\n", "text/x.tlog.size")
    assert (await neighbour.post(b"nonsense"))[0] == 400
    assert (await neighbour.post(b"\xff"))[0] == 400
    assert (await neighbour.post(b"old 3\n\n" + first.note.encode()))[0] == 400
    assert (await neighbour.post(b"old 2\n\n" + first.note.replace("\n2\n", "\n3\n").encode()))[0] == 403
    assert (await neighbour.post(b"old 0\n\n" + first.note.replace(ORIGIN, "other.example").encode()))[0] == 404
    seen = f"{neighbour.url}/{hashlib.sha256(ORIGIN.encode()).hexdigest()}/checkpoint"
    async with ClientSession() as session:
        async with session.get(seen) as answer:
            assert (await answer.text()).startswith(first.note)
        async with session.get(f"{neighbour.url}/{'0' * 64}/checkpoint") as answer:
            assert answer.status == 404


async def test_nothing_is_signed_that_cannot_be_remembered(neighbour: Neighbour, grow: Grow) -> None:
    first = await grow(2)
    neighbour.state.mkdir()
    assert (await neighbour.post(b"old 0\n\n" + first.note.encode()))[0] == 503
    neighbour.state.rmdir()
    assert (await neighbour.post(b"old 0\n\n" + first.note.encode()))[0] == 200
