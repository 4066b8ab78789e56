"""`soar witness`."""

from pathlib import Path
from typing import Annotated

import typer

from soar.cli.options import guide
from soar.model.errors import InputError

commands = typer.Typer()

_PORTS = 65_536


@commands.command(
    help=guide(
        "Vouch for the audit records of others: sign a checkpoint only if the record has grown since the last one.",
        "soar witness --name witness.example --key witness.key --log soar.pub --state witness.json",
        "soar witness --name witness.example --key witness.key --log soar.pub --state w.json --listen 127.0.0.1:8701",
    )
)
def witness(
    name: Annotated[str, typer.Option("--name", help="The name it signs under, such as witness.example.")],
    key: Annotated[Path, typer.Option("--key", help="Its own key file, on a machine of its own.")],
    logs: Annotated[
        list[str], typer.Option("--log", help="A public key of a record, or a file of them; may be repeated.")
    ],
    state: Annotated[Path, typer.Option("--state", help="The file that it remembers in what it has signed.")],
    listen: Annotated[str, typer.Option("--listen", help="host:port; put TLS in front of it.")] = "127.0.0.1:8700",
) -> None:
    """Run a witness until it is stopped."""
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal() or int(port) >= _PORTS:
        raise InputError(f"{listen} is no host:port", hint="write such as 127.0.0.1:8700")
    from soar.app.witness import serve_witness  # noqa: PLC0415 -- loads the server; `--help` need not
    from soar.audit.verifier import read_keys  # noqa: PLC0415 -- as above

    raise typer.Exit(
        serve_witness(key=key, name=name, known=read_keys(logs), state=state, host=host.strip("[]"), port=int(port))
    )
