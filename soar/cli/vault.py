"""`soar vault`."""

from typing import Annotated

import typer

from soar.cli.client import connect
from soar.cli.options import Json, group, guide
from soar.cli.output import Line, describe_moment, show, show_answer, show_list
from soar.model.values import JsonValue

KeyId = Annotated[str, typer.Argument(metavar="ID", help="As `soar vault status` shows it.")]

commands = group(
    "See and change the keys over the credentials.",
    "soar vault status",
    "soar vault rotate",
    "soar vault retire file:1f3a5b7c9d0e2f4a",
)


@commands.command(help=guide("List the keys, and what is sealed under each.", "soar vault status"))
def status(is_json: Json = False) -> None:
    """Show the keys and how far a rotation has come."""
    vault = connect().get("vault")
    rows = (
        (
            key.text("id"),
            key.text("status") or "unused",
            "yes" if key.flag("is_here") else "no",
            key.text("credentials"),
            describe_moment(key.moment("changed_at")),
        )
        for key in vault.parts("keys")
    )
    is_empty = show_list(vault, is_json, ("KEY", "STATUS", "HERE", "CREDENTIALS", "SINCE"), rows)
    if is_json:
        return
    if is_empty:
        show("No keys: the first credential brings one.")
    show(f"{vault.text('current')} of {vault.text('credentials')} versions of credentials are under the current key")


@commands.command(
    help=guide(
        "Make a new key the current one; everything is sealed again under it meanwhile.",
        "soar vault rotate",
        "soar vault rotate --key file:1f3a5b7c9d0e2f4a",
    )
)
def rotate(
    key: Annotated[str | None, typer.Option("--key", help="A key that the provider has already.")] = None,
    is_json: Json = False,
) -> None:
    """Let another key take the current one's place."""
    body: dict[str, JsonValue] = {"key": key} if key else {}
    made = connect().post("vault", "keys", body=body)
    show_answer(made, f"✔ {made.text('id')} is current", "next: soar vault status", is_json=is_json)


@commands.command(help=guide("Seal credentials again under the current key, now.", "soar vault rewrap"))
def rewrap(is_json: Json = False) -> None:
    """Hasten what the service does by itself after a rotation."""
    done = connect().post("vault", "rewrap", body={})
    damaged = [Line(f"  does not open: {row}", "red") for row in done.texts("damaged")]
    show_answer(done, f"✔ {done.text('credentials')} versions were sealed again", *damaged, is_json=is_json)


@commands.command(help=guide("Let a superseded key open nothing any more.", "soar vault retire file:1f3a5b7c9d0e2f4a"))
def retire(key: KeyId, is_json: Json = False) -> None:
    """Retire a key that nothing is wrapped by."""
    changed = connect().post("vault", "keys", key, "retire", body={})
    show_answer(changed, f"✔ {key} is retired", f"next: soar vault destroy {key}", is_json=is_json)


@commands.command(
    help=guide(
        "Ask for a retired key's end, or confirm what somebody else has asked for. Older backups need it.",
        "soar vault destroy file:1f3a5b7c9d0e2f4a",
    )
)
def destroy(key: KeyId, is_json: Json = False) -> None:
    """End a key for good, as one of two people."""
    changed = connect().post("vault", "keys", key, "destroy", body={})
    is_gone = changed.text("status") == "destroyed"
    line = f"✔ {key} is destroyed" if is_gone else f"✔ {key} is condemned; somebody else has to confirm it"
    show_answer(changed, line, is_json=is_json)
