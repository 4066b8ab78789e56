"""`soar secret`. A value comes from standard input or a prompt, never from an argument, which others can read."""

import sys
from typing import Annotated

import typer

from soar.cli.client import connect
from soar.cli.options import Json, group, guide
from soar.cli.output import describe_moment, show, show_answer, show_list
from soar.cli.prompts import ask_secret
from soar.model.values import JsonValue

commands = group(
    "Set credentials, and list them without their values.",
    "soar secret set virustotal_key --host www.virustotal.com",
    "pass soc/virustotal | soar secret set virustotal_key --host www.virustotal.com",
    "soar secret list",
)


@commands.command(
    "set",
    help=guide(
        "Set a credential; its value is asked for without echo, or read from standard input.",
        "soar secret set virustotal_key --host www.virustotal.com",
        "pass soc/virustotal | soar secret set virustotal_key --host www.virustotal.com",
    ),
)
def set_secret(
    name: Annotated[str, typer.Argument(help="As connections name it.")],
    hosts: Annotated[
        list[str] | None, typer.Option("--host", help="The only hosts it may be sent to; may be repeated.")
    ] = None,
    is_json: Json = False,
) -> None:
    """Store a value under a name."""
    client = connect()
    value = ask_secret(f"value of {name}", is_from_stdin=not sys.stdin.isatty(), otherwise="pipe the value in")
    allowed: list[JsonValue] = [*(hosts or ())]
    credential = client.put("credentials", name, body={"value": value, "hosts": allowed})
    show_answer(
        credential,
        f"✔ {credential.text('name')} is set, version {credential.text('version')}"
        f", for {', '.join(credential.texts('hosts')) or 'the hosts of its connections'}",
        is_json=is_json,
    )


@commands.command("list", help=guide("List credentials; values are never shown.", "soar secret list"))
def list_secrets(is_json: Json = False) -> None:
    """Show which credentials there are."""
    page = connect().get("credentials")
    rows = (
        (
            credential.text("name"),
            credential.text("version"),
            ", ".join(credential.texts("hosts")),
            describe_moment(credential.moment("created_at")),
        )
        for credential in page.parts("items")
    )
    if show_list(page, is_json, ("NAME", "VERSION", "HOSTS", "SET"), rows):
        show("No credentials yet. Connections prove themselves with them.", "next: soar secret set NAME --host HOST")
