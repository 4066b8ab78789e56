"""Runs the script of that name, in a process of its own interpreter's kind."""

import shutil
from pathlib import Path

import pytest

from tests.e2e.first_ten_minutes import walk_through

pytestmark = pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("openssl")), reason="the printed line needs curl and openssl"
)


def test_the_first_ten_minutes_lead_to_an_approved_undone_and_audited_action(tmp_path: Path) -> None:
    seen = walk_through(tmp_path)
    assert "1 chain" in seen["verified"]
