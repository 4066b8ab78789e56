"""Hearing of what other processes that share the database do."""

from soar.model.disk import Disk
from soar.store.database import Database, Heard, Listener
from soar.store.faults import explain


class Hearing:
    """Listens on a disk and a connection of its own; made by `Store.listen_around`.

    What is said while nobody listens, or while the connection is lost, is not heard: whoever relies on it looks for
    themselves now and then.
    """

    def __init__(self, database: Database, disk: Disk) -> None:
        self._database = database
        self._disk = disk
        self._listener: Listener | None = None

    async def hear(self, seconds: float) -> Heard:
        """Wait until something is heard, or so many seconds; return it.

        Raises:
            InputError: the database is one that only one process can use (`store.alone`).
            UnavailableError: the server is not reached (`store.unreachable`).
        """
        try:
            return await self._disk.run(lambda: self._wait(seconds))
        except Exception as error:
            told = explain(error)
            if told is error:
                raise
            raise told from error

    def _wait(self, seconds: float) -> Heard:
        if self._listener is None:
            self._listener = self._database.listen()
        try:
            return self._listener.wait(seconds)
        except ConnectionError:
            self._drop()
            raise

    def _drop(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    async def close(self) -> None:
        """Close the connection and the disk."""
        await self._disk.run(self._drop)
        self._disk.close()
