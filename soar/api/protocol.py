"""What is answered where no request could be read, so that none of our handlers was asked."""

from aiohttp import web

from soar.api.errors import answer_unread
from soar.api.middleware import protect


class Protocol(web.RequestHandler):
    """Speaks HTTP on one connection; what is no HTTP is answered in our words, and repeats nothing of what came."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Log what is wrong, and return the answer, after which the connection ends; see `web.RequestHandler`."""
        super().handle_error(request, status, exc, message)
        answer = answer_unread(status)
        protect(answer)
        answer.force_close()
        return answer
