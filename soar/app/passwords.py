"""Passwords: argon2id, in a bounded pool so that a flood of logins cannot take the service's memory."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_WORKERS = 2
_MEMORY, _PASSES, _LANES = 64 * 1024, 3, 4  # KiB, times, threads: RFC 9106, second recommended option
_NOBODY = f"$argon2id$v=19$m={_MEMORY},t={_PASSES},p={_LANES}${'A' * 22}${'A' * 43}"  # of no password that is known


class Passwords:
    """Hashes and verifies. Each call takes some 100 ms and 64 MiB, so at most two run at once."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=_PASSES, memory_cost=_MEMORY, parallelism=_LANES)
        self._pool = ThreadPoolExecutor(max_workers=_WORKERS, thread_name_prefix="passwords")

    async def hash(self, password: str) -> str:
        """Return the password's hash in PHC form."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._hasher.hash, password)

    async def verify(self, password: str, stored: str | None) -> bool:
        """Say whether the password is right; without a stored hash it takes as long and says no."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._verify, password, stored)

    def _verify(self, password: str, stored: str | None) -> bool:
        try:
            self._hasher.verify(stored or _NOBODY, password)
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None

    def close(self) -> None:
        """Let the work under way finish."""
        self._pool.shutdown(wait=True)
