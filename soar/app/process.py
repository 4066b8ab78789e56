"""The service's own process."""

import os
import sys

EXIT_DISK = 74
"""EX_IOERR of sysexits.h: the disk failed; start again and recover from what it holds."""


class OwnProcess:
    """Ends this process; see `soar.model.process.Process`."""

    def die(self, reason: str) -> None:
        """End at once, without tidying up: after a failed fsync nothing in memory may be believed."""
        sys.stderr.write(f"soar: {reason}; ending at once, start again to recover\n")
        sys.stderr.flush()
        os._exit(EXIT_DISK)
