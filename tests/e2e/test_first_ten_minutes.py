"""Runs the script of that name, in a process of its own interpreter's kind."""

from pathlib import Path

from tests.e2e.first_ten_minutes import walk_through


def test_the_first_ten_minutes_lead_to_an_approved_undone_and_audited_action(tmp_path: Path) -> None:
    seen = walk_through(tmp_path)
    assert "1 chain" in seen["verified"]
