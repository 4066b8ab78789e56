from pathlib import Path

import pytest

from soar.app.anchors.file import FileAnchor, append_notes
from soar.audit.export import read_anchor
from soar.model.audit import AnchorState
from soar.model.errors import UnavailableError
from tests.support.anchors import Grow


async def test_every_missed_checkpoint_is_appended_once(grow: Grow, tmp_path: Path) -> None:
    anchor = FileAnchor(tmp_path / "anchor.txt")
    first, second, third = [await grow() for _ in range(3)]
    assert (await anchor.take([first, second], AnchorState(name=anchor.name))).size == 2
    await anchor.take([second, third], AnchorState(name=anchor.name))  # the second was not known to have arrived
    kept = (tmp_path / "anchor.txt").read_text("utf-8")
    assert read_anchor(kept) == (first.note, second.note, third.note)


async def test_what_a_crash_cut_short_spoils_nothing_that_follows(grow: Grow, tmp_path: Path) -> None:
    file = tmp_path / "anchor.txt"
    note = (await grow()).note
    for length in range(1, len(note)):
        file.write_text(note[:length], "utf-8")
        append_notes(file, [note])
        assert note in read_anchor(file.read_text("utf-8")), length


async def test_a_file_that_cannot_be_written_is_told_of(grow: Grow, tmp_path: Path) -> None:
    anchor = FileAnchor(tmp_path / "gone" / "anchor.txt")
    with pytest.raises(UnavailableError, match="No such file or directory") as caught:
        await anchor.take([await grow()], AnchorState(name=anchor.name))
    assert caught.value.code == "anchor_unreached"
