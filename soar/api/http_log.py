"""What the server itself says of connections, in lines that whoever sends cannot shape."""

import logging
from typing import Any

from aiohttp.http_exceptions import HttpProcessingError

LOG = logging.getLogger("soar.http")


class HttpLog(logging.LoggerAdapter[logging.Logger]):
    """Says in one short line that what came was no HTTP, without a traceback and without a byte of the request.

    Anybody who reaches the port can send such bytes, as often as they like. Everything else is logged as it comes.
    """

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:  # noqa: ANN401 -- whatever `logging` takes
        """Log a message; see `logging.Logger.log`."""
        error = kwargs.get("exc_info")
        if isinstance(error, HttpProcessingError):
            self.logger.log(min(level, logging.INFO), "a request was no HTTP: %s", type(error).__name__)
        else:
            super().log(level, msg, *args, **kwargs)
