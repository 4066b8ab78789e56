"""Migrations in a process of their own: what they are made with is large, needed once, and gone with that process."""

import os
import sys

from soar.app.disk import ThreadDisk
from soar.app.loop import run
from soar.app.process import EXIT_DISK, OwnProcess
from soar.store import find_file, open_store

_DONE, _FAILED = 0, 1


def migrate_apart(url: str) -> None:
    """Bring the schema of a SQLite file up to date; of any other database nothing is done.

    To be called before there is a second thread, an event loop or an open database: the process is forked. Whatever
    keeps it from migrating is not told here. Its transaction is undone then, and whoever opens the database, migrates
    it as always and is told the same.

    Args:
        url: of the database.

    Raises:
        SystemExit: the disk has failed, as was said already; nothing that it holds may be believed before a new start.
    """
    if find_file(url) is None:
        return
    child = os.fork()
    if child == 0:
        _migrate_and_end(url)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == EXIT_DISK:
        sys.exit(EXIT_DISK)


def _migrate_and_end(url: str) -> None:
    code = _FAILED
    try:
        run(_migrate(url))
        code = _DONE
    finally:
        os._exit(code)  # without what would end the process that was forked: its buffers, its callers' errands


async def _migrate(url: str) -> None:
    """Migrate, and close nothing: that would move the whole log into the file, for which there may be no room."""
    disk = ThreadDisk("soar-writer")
    store = open_store(url, disk=disk, process=OwnProcess(), readers=lambda: ThreadDisk("soar-reader"))
    await store.migrate()
