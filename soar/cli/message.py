"""`soar message`."""

from typing import Annotated

import typer

from soar.cli.client import connect
from soar.cli.options import Json, Limit, group, guide
from soar.cli.output import Line, describe_moment, show, show_answer, show_list

commands = group(
    "Read the built-in chat, and write into it.",
    "soar message list",
    "soar message say '#soc-phishing' '!pending'",
    "soar message list '#soc-phishing'",
    "soar message list '#soc-phishing' --json",
)


@commands.command(
    "list",
    help=guide(
        "List a channel's messages, oldest first; without a channel, list the channels.",
        "soar message list",
        "soar message list '#soc-phishing'",
    ),
)
def list_messages(
    channel: Annotated[
        str | None, typer.Argument(help="Such as '#soc-phishing'; quote it, # begins a comment.")
    ] = None,
    limit: Limit = 50,
    is_json: Json = False,
) -> None:
    """Show what was said."""
    client = connect()
    if channel is None:
        channels = client.get("messages", "channels")
        if show_list(channels, is_json, ("CHANNEL",), ((name,) for name in channels.texts("items"))):
            show("Nothing was said yet. Gates of playbooks ask in channels.", "next: soar approval list")
        return
    page = client.get("messages", query={"channel": channel, "limit": str(limit)})
    lines = [
        Line(f"{describe_moment(message.moment('at')):>10}  {message.text('author')}: {message.text('text')}")
        for message in reversed(page.parts("items"))
    ]
    nothing = Line(f"Nothing was said in {channel}. See the channels: soar message list")
    show_answer(page, *(lines or [nothing]), is_json=is_json)


@commands.command(
    help=guide(
        "Say something in a channel. A message that is a command is carried out as you, and answered.",
        "soar message say '#soc-phishing' 'looking at it'",
        "soar message say '#soc-phishing' '!approve ab12 srv-files-01 seen it'",
    )
)
def say(
    channel: Annotated[str, typer.Argument(help="Such as '#soc-phishing'; quote it, # begins a comment.")],
    text: Annotated[str, typer.Argument(help="What to say; '!help' lists the commands.")],
    is_json: Json = False,
) -> None:
    """Say something."""
    said = connect().post("messages", body={"channel": channel, "text": text})
    answer = said.part("answer").text("text")
    show_answer(said, answer or f"✔ said in {channel}", is_json=is_json)
