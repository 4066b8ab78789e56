import shutil
import subprocess
from pathlib import Path

import pytest

from soar.app.anchors.git import GitAnchor
from soar.app.anchors.settings import GitAnchorSettings
from soar.audit.export import read_anchor
from soar.model.audit import AnchorState
from soar.model.errors import UnavailableError
from tests.support.anchors import Grow

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
STATE = AnchorState(name="git")


def git(folder: Path, *arguments: str) -> str:
    ended = subprocess.run(["git", "-C", folder, *arguments], check=True, capture_output=True, text=True)  # noqa: S607 -- the one on the path
    return ended.stdout


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    folder = tmp_path / "remote.git"
    folder.mkdir()
    git(folder, "init", "--quiet", "--bare", "--initial-branch", "main")
    return folder


@pytest.fixture
def anchor(tmp_path: Path, remote: Path) -> GitAnchor:
    tree = tmp_path / "tree"
    tree.mkdir()
    git(tree, "init", "--quiet", "--initial-branch", "main")
    git(tree, "remote", "add", "origin", str(remote))
    hook = tree / ".git" / "hooks" / "pre-commit"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    return GitAnchor(GitAnchorSettings(kind="git", folder=tree))


async def test_checkpoints_are_committed_and_pushed(anchor: GitAnchor, grow: Grow, remote: Path) -> None:
    first, second = await grow(), await grow()
    assert (await anchor.take([first], STATE)).size == 1
    await anchor.take([first], STATE)
    assert (await anchor.take([second], STATE)).size == 2
    assert read_anchor(git(remote, "show", "main:checkpoints.txt")) == (first.note, second.note)
    assert git(remote, "log", "--format=%s", "main").splitlines() == ["checkpoint 2", "checkpoint 1"]


async def test_what_could_not_be_pushed_goes_with_the_next(anchor: GitAnchor, grow: Grow, remote: Path) -> None:
    first = await grow()
    away = remote.with_name("away.git")
    shutil.move(remote, away)
    with pytest.raises(UnavailableError, match="git ended with"):
        await anchor.take([first], STATE)
    shutil.move(away, remote)
    await anchor.take([first], STATE)
    assert read_anchor(git(remote, "show", "main:checkpoints.txt")) == (first.note,)


async def test_a_rewritten_remote_is_told_of(anchor: GitAnchor, grow: Grow, remote: Path, tmp_path: Path) -> None:
    await anchor.take([await grow()], STATE)
    git(tmp_path, "clone", "--quiet", str(remote), "other")
    identity = ("-c", "user.name=x", "-c", "user.email=x@x")
    git(tmp_path / "other", *identity, "commit", "--quiet", "--amend", "--message", "rewritten")
    git(tmp_path / "other", "push", "--quiet", "--force")
    with pytest.raises(UnavailableError, match="rejected"):
        await anchor.take([await grow()], STATE)


async def test_a_folder_that_is_no_work_tree_is_told_of(tmp_path: Path, grow: Grow) -> None:
    anchor = GitAnchor(GitAnchorSettings(kind="git", folder=tmp_path / "gone"))
    with pytest.raises(UnavailableError, match="No such file"):
        await anchor.take([await grow()], STATE)
