"""An anchor that is a git remote: whoever has pulled from it has the checkpoints."""

import asyncio
import os
from collections.abc import Sequence

from soar.app.anchors.anchor import Receipt, refuse
from soar.app.anchors.file import append_notes
from soar.app.anchors.settings import GitAnchorSettings
from soar.model.audit import AnchorState, Checkpoint

_PATIENCE = 60.0  # seconds that one command may take
_LONGEST_ANSWER = 500  # characters of what git says that are told
_IDENTITY = ("-c", "user.name=soar", "-c", "user.email=soar@localhost", "-c", "commit.gpgsign=false")
_KEPT = ("PATH", "HOME", "SSH_AUTH_SOCK", "GIT_SSH_COMMAND", "XDG_CONFIG_HOME")


class GitAnchor:
    """Appends each checkpoint to a file of a work tree, commits and pushes; git is called without a shell."""

    def __init__(self, settings: GitAnchorSettings) -> None:
        self._settings = settings

    @property
    def name(self) -> str:
        """Where it pushes to."""
        return f"git:{self._settings.folder}:{self._settings.remote}/{self._settings.branch}"

    @property
    def every(self) -> float:
        """Seconds between commits."""
        return self._settings.every

    async def take(self, missed: Sequence[Checkpoint], state: AnchorState) -> Receipt:  # noqa: ARG002 -- an `Anchor`
        """Append, commit and push; what an earlier push could not take goes with it.

        Raises:
            UnavailableError: git says no.
        """
        size, settings = missed[-1].size, self._settings
        file = settings.folder / settings.file
        try:
            await asyncio.to_thread(append_notes, file, [checkpoint.note for checkpoint in missed])
            await self._call("add", "--", settings.file)
            if await self._run("diff", "--cached", "--quiet", "--", settings.file) != (0, ""):
                await self._call(
                    *_IDENTITY, "commit", "--quiet", "--message", f"checkpoint {size}", "--", settings.file
                )
            await self._call("push", "--quiet", settings.remote, f"HEAD:refs/heads/{settings.branch}")
        except OSError as error:
            raise refuse(self.name, error.strerror or error) from error
        except TimeoutError as error:
            raise refuse(self.name, f"git took longer than {_PATIENCE:g} s") from error
        return Receipt(size)

    async def _call(self, *arguments: str) -> None:
        code, said = await self._run(*arguments)
        if code:
            raise refuse(self.name, f"git ended with {code}: {said[:_LONGEST_ANSWER]}")

    async def _run(self, *arguments: str) -> tuple[int, str]:
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        process = await asyncio.create_subprocess_exec(
            "git",
            "-C",
            str(self._settings.folder),
            "-c",
            "core.hooksPath=/dev/null",
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**environment, "GIT_TERMINAL_PROMPT": "0"},
        )
        try:
            async with asyncio.timeout(_PATIENCE):
                said, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return process.returncode or 0, said.decode("utf-8", "replace").strip()
