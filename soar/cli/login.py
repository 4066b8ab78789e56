"""`soar login`, `soar logout`, `soar whoami`."""

import contextlib
import platform
from http.cookies import SimpleCookie
from typing import Annotated

import typer

from soar.cli.answer import Answer
from soar.cli.client import Client, connect, find_url, locate
from soar.cli.logins import Login, find_token, forget_login, keep_login
from soar.cli.options import Json, guide
from soar.cli.output import show, show_answer
from soar.cli.prompts import ask, ask_secret
from soar.model.errors import DeniedError, NotFoundError
from soar.model.values import JsonValue

_DAYS = 30

commands = typer.Typer()


@commands.command(
    help=guide(
        f"Log in, and keep a token of {_DAYS} days for the commands that follow.",
        "soar login --name ann",
        "pass soar/ann | soar login --name ann --password-stdin",
        "SOAR_URL=https://soar.example soar login",
    )
)
def login(
    name: Annotated[str, typer.Option("--name", help="Who you are; asked for if missing.")] = "",
    is_from_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
) -> None:
    """Exchange a password for a token, and keep the token."""
    url = find_url()
    who = name or ask("name", otherwise="say who with --name")
    password = ask_secret("password", is_from_stdin=is_from_stdin, otherwise="use --password-stdin")
    session, made = _make_token(Client(url), who, password)
    keep_login(url, Login(made.text("token"), made.text("id")))
    show(f"✔ logged in to {url} as {session.part('user').text('name')}, for {_DAYS} days")


@commands.command(help=guide("Revoke the token that `soar login` keeps for this server, and forget it.", "soar logout"))
def logout() -> None:
    """Forget the token first, so that it is gone from here whatever the server says."""
    url = find_url()
    kept = forget_login(url)
    if kept is None:
        show(f"you are not logged in to {url}")
        return
    if kept.id:
        with contextlib.suppress(DeniedError, NotFoundError):  # it was no longer valid
            Client(url, kept.token).delete("tokens", kept.id)
    show(f"✔ logged out of {url}")


@commands.command(
    help=guide("Say who you are to the server, and what you may do.", "soar whoami", "soar whoami --json")
)
def whoami(is_json: Json = False) -> None:
    """Show the session that the token stands for."""
    client = connect()
    session = client.get("session")
    user = session.part("user")
    origin = "soar login" if find_token(client.url) == client.token else "SOAR_TOKEN"
    show_answer(
        session,
        f"{user.text('name')} <{user.text('email')}> at {client.url}, by {origin}",
        f"roles  {', '.join(user.texts('roles')) or 'none'}",
        f"may    {' '.join(session.texts('permissions')) or 'nothing'}",
        is_json=is_json,
    )


def _make_token(client: Client, name: str, password: str) -> tuple[Answer, Answer]:
    """Open a session, make a token that may do what its owner may, and end the session."""
    reply = client.send("POST", locate("session"), body={"name": name, "password": password})
    session = reply.answer
    cookies = SimpleCookie()
    for cookie in reply.cookies:
        cookies.load(cookie)
    headers = {
        "Cookie": "; ".join(f"{morsel.key}={morsel.coded_value}" for morsel in cookies.values()),
        "X-CSRF-Token": session.text("csrf"),
    }
    scopes: list[JsonValue] = [*session.texts("permissions")]
    wanted: JsonValue = {"name": f"soar login on {platform.node() or 'a terminal'}", "scopes": scopes, "days": _DAYS}
    try:
        made = client.send("POST", locate("tokens"), body=wanted, headers=headers).answer
    finally:
        client.send("DELETE", locate("session"), headers=headers)
    return session, made
