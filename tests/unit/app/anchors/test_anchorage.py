from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from soar.api.hub import Hub
from soar.app.anchorage import Anchorage
from soar.app.anchors.anchor import Anchor, Receipt, refuse
from soar.app.anchors.factory import make_anchors
from soar.app.anchors.file import FileAnchor
from soar.app.settings import build_settings
from soar.audit.export import read_anchor
from soar.audit.note import SigningKey
from soar.model.audit import AnchorState, Checkpoint
from soar.model.errors import InputError
from soar.store import Store
from tests.support.anchors import WORKSPACE, Grow
from tests.support.clock import START, SteppedClock
from tests.support.network import VirtualEgress


class Far:
    """An anchor that can be cut off, and remembers what it was given."""

    def __init__(self, *, every: float = 0.0) -> None:
        self.every = every
        self.is_down = False
        self.given: list[list[int]] = []

    @property
    def name(self) -> str:
        return "far"

    async def take(self, missed: Sequence[Checkpoint], state: AnchorState) -> Receipt:
        assert state.size < missed[0].size
        if self.is_down:
            raise refuse(self.name, "no route to host")
        self.given.append([checkpoint.size for checkpoint in missed])
        return Receipt(missed[-1].size)


def build(store: Store, clock: SteppedClock, *anchors: Anchor) -> Anchorage:
    return Anchorage(anchors, store=store, clock=clock, workspace=WORKSPACE, patience=600)


async def test_what_was_missed_is_delivered_later_in_its_order_and_by_another_process_too(
    store: Store, clock: SteppedClock, grow: Grow, tmp_path: Path
) -> None:
    far, near = Far(), FileAnchor(tmp_path / "near.txt")
    await grow()
    await build(store, clock, far, near).deliver()
    far.is_down = True
    with structlog.testing.capture_logs() as logged:
        for _ in range(3):
            await grow()
            await build(store, clock, far, near).deliver()
    assert [entry["anchor"] for entry in logged] == ["far"]  # told once, not every second
    far.is_down = False
    await build(store, clock, far, near).deliver()
    await build(store, clock, far, near).deliver()
    assert far.given == [[1], [2, 3, 4]]
    assert len(read_anchor((tmp_path / "near.txt").read_text("utf-8"))) == 4


async def test_an_anchor_that_lags_too_long_raises_an_alarm_once(store: Store, clock: SteppedClock, grow: Grow) -> None:
    far = Far()
    anchorage = build(store, clock, far)
    far.is_down = True
    await grow(3)
    with structlog.testing.capture_logs() as logged:
        for _ in range(4):
            await anchorage.deliver()
            clock.advance(timedelta(seconds=301))
    assert [entry["action"] for entry in logged] == ["audit.anchor", "audit.anchor_late"]
    (standing,) = await anchorage.describe()
    assert (standing.behind, standing.is_late, standing.state.failed_at) == (3, True, START)
    assert standing.state.error == "the anchor far takes nothing: no route to host"
    far.is_down = False
    await anchorage.deliver()
    (standing,) = await anchorage.describe()
    assert (standing.behind, standing.is_late, standing.state.failed_at, standing.state.error) == (0, False, None, "")


async def test_an_anchor_is_left_alone_for_its_interval_but_not_at_the_end(
    store: Store, clock: SteppedClock, grow: Grow
) -> None:
    far = Far(every=60)
    anchorage = build(store, clock, far)
    for _ in range(3):
        await grow()
        await anchorage.deliver()
        clock.advance(timedelta(seconds=25))
    assert far.given == [[1]]
    await anchorage.deliver()
    assert far.given == [[1], [2, 3]]
    await grow()
    await anchorage.deliver(is_last=True)
    assert far.given == [[1], [2, 3], [4]]


async def test_an_anchor_that_is_down_is_asked_no_more_often_than_one_that_is_up(
    store: Store, clock: SteppedClock, grow: Grow
) -> None:
    class Counting(Far):
        asked = 0

        async def take(self, missed: Sequence[Checkpoint], state: AnchorState) -> Receipt:
            self.asked += 1
            return await super().take(missed, state)

    far = Counting(every=60)
    far.is_down = True
    anchorage = build(store, clock, far)
    await grow()
    for _ in range(13):
        await anchorage.deliver()
        clock.advance(timedelta(seconds=10))
    assert far.asked == 3


async def test_a_cosignature_is_kept_with_its_checkpoint(store: Store, clock: SteppedClock, grow: Grow) -> None:
    class Signer(Far):
        async def take(self, missed: Sequence[Checkpoint], state: AnchorState) -> Receipt:
            assert state == AnchorState(name="far")
            newest = missed[-1]
            line = "— witness.example AAAAAAAA\n"
            cosigned = Checkpoint(size=newest.size, root=newest.root, at=newest.at, note=newest.note + line)
            return Receipt(newest.size, ("11" * 32,), cosigned)

    await grow()
    await build(store, clock, Signer()).deliver()
    latest = await store.read(WORKSPACE, lambda unit: unit.audit.latest_checkpoint())
    assert latest is not None
    assert latest.note.endswith("— witness.example AAAAAAAA\n")
    assert (await store.read(WORKSPACE, lambda unit: unit.anchors.get("far"))).range == ("11" * 32,)


def test_each_kind_of_anchor_is_made_from_its_settings(
    store: Store, clock: SteppedClock, key: SigningKey, tmp_path: Path
) -> None:
    cosigner = SigningKey("witness.example", key.private, is_cosigner=True)
    settings = build_settings(
        {
            "audit": {
                "anchors": [
                    "/srv/anchor.txt",
                    {"kind": "git", "folder": "/srv/tree"},
                    {"kind": "s3", "bucket": "worm"},
                    {"kind": "syslog", "host": "siem.example"},
                    {"kind": "channel", "channel": "#audit"},
                    {"kind": "witness", "url": "https://witness.example", "key": str(cosigner.verifier)},
                    {"kind": "timestamp", "url": "https://tsa.example", "ca_file": "ca.pem", "folder": "stamps"},
                ]
            }
        }
    )
    anchors = make_anchors(
        settings.audit.anchors,
        store=store,
        workspace=WORKSPACE,
        key=key.verifier,
        egress=VirtualEgress(),
        clock=clock,
        announcer=Hub(),
    )
    assert [anchor.name for anchor in anchors] == [
        "/srv/anchor.txt",
        "git:/srv/tree:origin/main",
        "s3://worm/soar-checkpoints/",
        "syslog:siem.example:6514",
        "channel:#audit",
        "witness:witness.example",
        "timestamp:https://tsa.example",
    ]
    assert [anchor.every for anchor in anchors] == [0, 60, 60, 0, 3600, 10, 3600]


@pytest.mark.parametrize(
    "anchor",
    [
        {"kind": "carrier pigeon"},
        {"kind": "git", "folder": "x", "remote": "--upload-pack=evil"},
        {"kind": "witness", "url": "http://witness.example", "key": "x"},
        {"kind": "witness", "url": "https://", "key": "x"},
        {"kind": "s3", "bucket": "worm", "endpoint": "http://minio.example"},
        {"kind": "channel", "channel": "audit"},
    ],
)
def test_settings_that_do_not_fit_are_refused(anchor: dict[str, str]) -> None:
    with pytest.raises(InputError) as caught:
        build_settings({"audit": {"anchors": [anchor]}})
    assert caught.value.code == "settings.invalid"
