"""The web pages: a few files in memory, and one document that is theirs all."""

import mimetypes
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from soar.api.authentication import encode_secret
from soar.api.call import Visit
from soar.model.errors import NotFoundError

_INDEX = "index.html"
_ASSETS = "assets/"
_NONCE = "__CSP_NONCE__"
_NONCE_BYTES = 16
_STATIC = Path(__file__).parent / "static"
_FOR_EVER = "public, max-age=31536000, immutable"
_POLICY = "; ".join(
    (
        "default-src 'none'",
        f"script-src 'nonce-{_NONCE}' 'strict-dynamic'",
        f"style-src 'self' 'nonce-{_NONCE}'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)


_TEXTS = frozenset({"application/javascript", "application/json", "application/manifest+json", "image/svg+xml"})


def find_pages() -> Path | None:
    """Return the folder of the pages that were built; None if they were not."""
    return _STATIC if (_STATIC / _INDEX).exists() else None


@dataclass(frozen=True, slots=True)
class File:
    """A file to serve."""

    content: bytes
    type: str


class Pages:
    """Serves the built pages.

    Args:
        folder: where they were built; None where they were not.
    """

    def __init__(self, folder: Path | None) -> None:
        files = _read_files(folder) if folder is not None and folder.is_dir() else {}
        index = files.pop(_INDEX, None)
        self._index = index.content.decode("utf-8") if index else None
        self._files = files

    async def show_page(self, visit: Visit) -> web.Response:
        """Show the pages, or a file beside them."""
        file = self._files.get(visit.request.match_info.get("page", ""))
        return self._show_index(visit) if file is None else _answer(file, "no-cache")

    async def show_asset(self, visit: Visit) -> web.Response:
        """Show a file that belongs to the pages."""
        file = self._files.get(_ASSETS + visit.part("file"))
        if file is None:
            raise NotFoundError("the pages have no such file", hint="load the page again")
        return _answer(file, _FOR_EVER)

    def _show_index(self, visit: Visit) -> web.Response:
        if self._index is None:
            raise NotFoundError(
                "the web pages were not built here", hint="build them with Node, or use the command line"
            )
        nonce = encode_secret(visit.services.randomness.bytes(_NONCE_BYTES))
        return web.Response(
            text=self._index.replace(_NONCE, nonce),
            content_type="text/html",
            headers={"Content-Security-Policy": _POLICY.replace(_NONCE, nonce)},
        )


def _read_files(folder: Path) -> dict[str, File]:
    return {
        path.relative_to(folder).as_posix(): File(path.read_bytes(), _guess_type(path))
        for path in folder.rglob("*")
        if path.is_file()
    }


def _guess_type(path: Path) -> str:
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def _answer(file: File, caching: str) -> web.Response:
    charset = "utf-8" if file.type.startswith("text/") or file.type in _TEXTS else None
    return web.Response(body=file.content, content_type=file.type, charset=charset, headers={"Cache-Control": caching})
