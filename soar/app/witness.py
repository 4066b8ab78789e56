"""A process that vouches for the audit records of others, over HTTP (https://c2sp.org/tlog-witness)."""

import asyncio
import hashlib
import signal
from pathlib import Path

import structlog
from aiohttp import web

from soar.api.server import serve
from soar.app.clock import SystemClock
from soar.app.log import configure_log
from soar.audit.note import VerifierKey
from soar.audit.signer import load_signing_key
from soar.audit.witness import StaleError, Witness, load_notes, parse_request, save_notes
from soar.model.clock import Clock
from soar.model.errors import DeniedError, InputError, NotFoundError, SoarError

_LONGEST_REQUEST = 131_072  # bytes
_DRAIN = 5.0  # seconds
_SIZE_TYPE = "text/x.tlog.size"


class WitnessServer:
    """Answers records; one request at a time, and none before its answer is on the disk.

    Args:
        witness: decides and signs.
        state: the file that its memory is kept in.
        clock: for the moment of a signature.
    """

    def __init__(self, witness: Witness, state: Path, clock: Clock) -> None:
        self._witness = witness
        self._state = state
        self._clock = clock
        self._lock = asyncio.Lock()

    def make_application(self) -> web.Application:
        """Return what serves."""
        application = web.Application(client_max_size=_LONGEST_REQUEST)
        application.router.add_post("/add-checkpoint", self.add_checkpoint)
        application.router.add_get("/{origin:[0-9a-f]{64}}/checkpoint", self.show_checkpoint)
        return application

    async def add_checkpoint(self, request: web.Request) -> web.Response:
        """Sign a checkpoint, or say why not."""
        try:
            asked = parse_request((await request.read()).decode("utf-8"))
            async with self._lock:
                line, notes = self._witness.sign(asked, int(self._clock.now().timestamp()))
                await asyncio.to_thread(save_notes, self._state, notes)
                self._witness.remember(notes)
        except UnicodeDecodeError:
            return web.Response(status=400, text="the request is no UTF-8\n")
        except StaleError as error:
            return web.Response(status=409, body=f"{error.size}\n".encode(), headers={"Content-Type": _SIZE_TYPE})
        except OSError as error:
            structlog.get_logger().error("memory not kept", action="witness.failed", error=str(error))
            return web.Response(status=503, text="what was signed cannot be kept\n")
        except SoarError as error:
            structlog.get_logger().warning("not signed", action="witness.refused", error=error.message, code=error.code)
            return web.Response(status=_choose_status(error), text=f"{error.message}\n")
        return web.Response(text=line)

    async def show_checkpoint(self, request: web.Request) -> web.Response:
        """Show the newest checkpoint of a record, by the SHA-256 of its origin."""
        wanted = request.match_info["origin"]
        for origin, note in self._witness.notes.items():
            if hashlib.sha256(origin.encode()).hexdigest() == wanted:
                return web.Response(text=note)
        return web.Response(status=404, text="nothing of this record was signed\n")


def serve_witness(*, key: Path, name: str, known: list[VerifierKey], state: Path, host: str, port: int) -> int:
    """Serve until SIGTERM or SIGINT; return the exit code.

    Args:
        key: the key file (`soar.audit.keyfile`), the witness's own.
        name: that it signs under.
        known: public keys of the records that it vouches for.
        state: the file that its memory is kept in.
        host: address to listen on.
        port: 0 takes a free one.

    Raises:
        InputError: the key or the state does not fit; nothing was started.
    """
    signing = load_signing_key(key, name, is_cosigner=True)
    server = WitnessServer(Witness(signing, known, load_notes(state)), state, SystemClock())
    configure_log("info")
    asyncio.run(_serve(server.make_application(), host, port, str(signing.verifier)))
    return 0


async def _serve(application: web.Application, host: str, port: int, key: str) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    running = await serve(application, host, port, drain=_DRAIN)
    try:
        structlog.get_logger().info("serving", action="witness.started", url=running.url, key=key)
        await stop.wait()
    finally:
        await running.close()


def _choose_status(error: SoarError) -> int:
    match error:
        case NotFoundError():
            return 404
        case DeniedError():
            return 403
        case InputError(code="witness_contradicted"):
            return 422
        case _:
            return 400
