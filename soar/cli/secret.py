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
        "soar secret set virustotal_key --from file:/run/secrets/virustotal",
    ),
)
def set_secret(
    name: Annotated[str, typer.Argument(help="As connections name it.")],
    hosts: Annotated[
        list[str] | None, typer.Option("--host", help="The only hosts it may be sent to; may be repeated.")
    ] = None,
    reference: Annotated[
        str | None,
        typer.Option("--from", metavar="REFERENCE", help="Where the value is kept, such as env:NAME or file:/path."),
    ] = None,
    is_json: Json = False,
) -> None:
    """Store a value under a name, or where the value is kept."""
    client = connect()
    body: dict[str, JsonValue] = {"hosts": [*(hosts or ())]}
    if reference is None:
        is_piped = not sys.stdin.isatty()
        body["value"] = ask_secret(f"value of {name}", is_from_stdin=is_piped, otherwise="pipe the value in")
    else:
        body["reference"] = reference
    credential = client.put("credentials", name, body=body)
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
