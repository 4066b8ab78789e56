"""The service itself, as `soar serve` runs it, on a site made for the standard work.

`python -m bench.standard.service FOLDER STUBS KEY [DATABASE [RATE]]` prints the port it listens on and serves until
SIGTERM. With a database, by its URL, it drives no runs: workers do. The loud source may send so many alerts a second.
"""

import sys
from pathlib import Path

from bench.standard.site import LOUD_RATE, write_site
from soar.app.lifecycle import serve_site
from soar.app.log import configure_log
from soar.app.site import read_site
from soar.app.wiring import Service
from soar.model.audit import Actor
from soar.model.secret import Secret


def main(folder: Path, stubs: str, key: str, database: str = "", rate: str = "") -> int:
    """Serve, and return the exit code."""
    settings = write_site(folder, stubs, database or None, loud_rate=float(rate or LOUD_RATE))
    configure_log(settings.log.level)

    async def prepare(service: Service) -> None:
        actor, now = Actor(kind="system", id="bench", name="bench", via="engine"), service.clock.now()
        await service.vault.set_credential(service.workspace, "bench_hook", Secret(key), actor=actor, now=now)
        print(service.url.rpartition(":")[2], flush=True)

    return serve_site(read_site(settings), prepare, has_worker=not database)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
