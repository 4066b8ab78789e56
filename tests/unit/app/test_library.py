import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from soar.app.library import Checker, Library, to_revision
from soar.model.errors import NotFoundError
from soar.playbook import Loaded
from soar.policy import DEFAULT_POLICY
from tests.support.builders import build_catalog
from tests.support.clock import START
from tests.support.playbooks import refresh

GOOD = "name: Tried\non: {manual: {}}\nsteps:\n  - set: {answer: 42}\n"
BETTER = GOOD.replace("42", "4242")
BAD = GOOD.replace("set", "sett")


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path, Checker(catalog=build_catalog(), policy=DEFAULT_POLICY, sources=()))


def names(changed: Sequence[Loaded]) -> list[str]:
    return [loaded.file.name for loaded in changed]


def test_a_good_file_serves(library: Library, tmp_path: Path) -> None:
    (tmp_path / "tried.yaml").write_text(GOOD, "utf-8")
    assert library.current() == {}
    assert names(refresh(library)) == ["tried.yaml"]
    assert library.current()["tried"].name == "Tried"
    assert library.text("tried") == GOOD


def test_only_what_changed_is_read_again(library: Library, tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(GOOD, "utf-8")
    (tmp_path / "two.yaml").write_text(GOOD, "utf-8")
    refresh(library)
    assert refresh(library) == []
    (tmp_path / "two.yaml").write_text(BETTER, "utf-8")
    assert names(refresh(library)) == ["two.yaml"]
    assert library.text("two") == BETTER


def test_a_file_put_in_the_place_of_another_is_read_even_with_its_time_and_size(
    library: Library, tmp_path: Path
) -> None:
    file, other = tmp_path / "tried.yaml", tmp_path / "other"
    file.write_text(GOOD, "utf-8")
    refresh(library)
    status = file.stat()
    other.write_text(GOOD.replace("42", "43"), "utf-8")
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(file)
    assert names(refresh(library)) == ["tried.yaml"]
    assert "43" in library.text("tried")


def test_a_file_that_turns_bad_leaves_the_last_good_revision_serving(library: Library, tmp_path: Path) -> None:
    file = tmp_path / "tried.yaml"
    file.write_text(GOOD, "utf-8")
    refresh(library)
    before = library.current()["tried"]
    file.write_text(BAD, "utf-8")
    (refused,) = refresh(library)
    assert refused.playbook is None
    assert refused.findings
    assert library.current() == {"tried": before}
    assert library.text("tried") == GOOD
    file.write_text(BETTER, "utf-8")
    refresh(library)
    assert library.current()["tried"].revision != before.revision


def test_a_file_that_cannot_be_read_is_a_bad_one_and_keeps_no_other_from_serving(
    library: Library, tmp_path: Path
) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(GOOD, "utf-8")
    refresh(library)
    file.unlink()
    file.symlink_to("/proc/self/mem")  # is a file, and nobody can read its first byte
    (tmp_path / "b.yaml").write_text(GOOD, "utf-8")
    refused, good = refresh(library)
    assert "the file cannot be read: " in refused.findings[0].message
    assert good.playbook is not None
    assert set(library.current()) == {"a", "b"}
    assert refresh(library) == []


def test_a_file_that_is_gone_serves_no_more(library: Library, tmp_path: Path) -> None:
    file = tmp_path / "tried.yaml"
    file.write_text(GOOD, "utf-8")
    refresh(library)
    file.unlink()
    assert refresh(library) == []
    assert library.current() == {}
    with pytest.raises(NotFoundError, match="no playbook tried") as caught:
        library.text("tried")
    assert caught.value.hint
    file.write_text(GOOD, "utf-8")
    assert names(refresh(library)) == ["tried.yaml"]


def test_what_was_read_serves_only_once_it_is_told_to(library: Library, tmp_path: Path) -> None:
    (tmp_path / "tried.yaml").write_text(GOOD, "utf-8")
    assert names(library.read_changed()) == ["tried.yaml"]
    assert library.current() == {}
    again = library.read_changed()
    assert names(again) == ["tried.yaml"]
    library.serve(again)
    assert set(library.current()) == {"tried"}
    assert library.read_changed() == []


def test_tests_of_playbooks_are_no_playbooks(library: Library, tmp_path: Path) -> None:
    (tmp_path / "tried.test.yaml").write_text("playbook: tried\n", "utf-8")
    assert refresh(library) == []


def test_a_document_is_checked_as_if_it_were_the_playbook(library: Library) -> None:
    assert not [finding for finding in library.check("tried", GOOD)[1] if finding.severity.value == "error"]
    (found,) = [finding for finding in library.check("tried", BAD)[1] if finding.severity.value == "error"][:1]
    assert found.file == "tried.yaml"


def test_a_good_file_becomes_the_revision_that_runs_are_pinned_to(library: Library, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(BAD, "utf-8")
    (tmp_path / "good.yaml").write_text(GOOD, "utf-8")
    bad, good = refresh(library)
    assert to_revision(bad, START) is None
    revision = to_revision(good, START)
    assert revision is not None
    assert (revision.playbook, revision.text, revision.created_at) == ("good", GOOD, START)
    assert revision.digest == library.current()["good"].revision
