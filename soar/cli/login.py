"""`soar login`, `soar logout`, `soar whoami`, `soar step-up`, `soar join`, `soar password`."""

import contextlib
import platform
from http.cookies import SimpleCookie
from typing import Annotated

import typer

from soar.cli.access import show_decision
from soar.cli.answer import Answer
from soar.cli.client import Client, connect, find_url, locate
from soar.cli.logins import Login, find_token, forget_login, keep_login
from soar.cli.options import Json, guide
from soar.cli.output import show, show_answer
from soar.cli.prompts import ask, ask_secret
from soar.cli.step_up import send_with_code, step_up
from soar.model.errors import DeniedError, InputError, NotFoundError
from soar.model.values import JsonValue

_DAYS = 30

commands = typer.Typer()


@commands.command(
    help=guide(
        f"Log in, and keep a token of {_DAYS} days for the commands that follow.",
        "soar login --name ann",
        "pass soar/ann | soar login --name ann --password-stdin",
        "soar login --name ann --code 123456",
        "SOAR_URL=https://soar.example soar login",
    )
)
def login(
    name: Annotated[str, typer.Option("--name", help="Who you are; asked for if missing.")] = "",
    is_from_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    code: Annotated[
        str, typer.Option("--code", help="Of your authenticator, or a recovery code; asked for if it is needed.")
    ] = "",
) -> None:
    """Exchange a password for a token, and keep the token."""
    url = find_url()
    who = name or ask("name", otherwise="say who with --name")
    password = ask_secret("password", is_from_stdin=is_from_stdin, otherwise="use --password-stdin")
    session, made = _make_token(Client(url), {"name": who, "password": password, **({"code": code} if code else {})})
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
    help=guide(
        "Say who you are to the server, and what you may do.",
        "soar whoami",
        "soar whoami --can run:cancel run:run_7k2m9q4wz1xt",
    )
)
def whoami(
    thing: Annotated[str | None, typer.Argument(metavar="[OBJECT]", help="With --can: on what, as kind:id.")] = None,
    permission: Annotated[
        str | None, typer.Option("--can", metavar="PERMISSION", help="Say whether you may do this, and why.")
    ] = None,
    is_json: Json = False,
) -> None:
    """Show the session that the token stands for, or one decision about it.

    Raises:
        typer.BadParameter: there is an object without a permission.
    """
    client = connect()
    if permission is not None:
        query = {"permission": permission, "thing": thing}
        show_decision(client.get("session", "access", query=query), is_json=is_json)
        return
    if thing is not None:
        raise typer.BadParameter("say what you would do to it: --can PERMISSION OBJECT")
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


@commands.command(
    "step-up",
    help=guide(
        "Prove again who you are. Keys, roles, second factors and tokens want it, and some approvals; it is good for "
        "five minutes.",
        "soar step-up",
    ),
)
def prove_again() -> None:
    """Send password and code once more."""
    session = step_up(connect())
    strong = ", with a second factor" if session.text("mfa_at") else ""
    show(f"✔ you have proved that you are {session.part('user').text('name')}{strong}")


@commands.command(
    help=guide(
        "Set your password with the code of an invitation, which an administrator has given you.",
        "soar join 7k2m-9q4w-z1xt-03ab",
        "pass soar/ann | soar join 7k2m-9q4w-z1xt-03ab --password-stdin",
    )
)
def join(
    code: Annotated[str, typer.Argument(metavar="CODE", help="It counts once.")],
    is_from_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
) -> None:
    """Choose a password."""
    password = _ask_new_password(is_from_stdin=is_from_stdin)
    taken = Client(find_url()).post("invitations", body={"code": code, "password": password})
    show(f"✔ your password is set, {taken.text('name')}", f"next: soar login --name {taken.text('name')}")


@commands.command(
    help=guide(
        "Change your own password; your logins in browsers end, your tokens stay.",
        "soar password",
        "pass soar/ann soar/new | soar password --password-stdin",
    )
)
def password(
    is_from_stdin: Annotated[
        bool,
        typer.Option("--password-stdin", help="Read two lines from standard input: the present password, the new one."),
    ] = False,
) -> None:
    """Choose another password."""
    present = ask_secret("the present password", is_from_stdin=is_from_stdin, otherwise="use --password-stdin")
    if is_from_stdin:
        present, _, chosen = present.partition("\n")
    else:
        chosen = _ask_new_password(is_from_stdin=False)
    connect().send("POST", locate("session", "password"), body={"present": present, "password": chosen})
    show("✔ your password is changed", "next: soar session revoke --all   if somebody else knew the old one")


def _ask_new_password(*, is_from_stdin: bool) -> str:
    chosen = ask_secret("a new password", is_from_stdin=is_from_stdin, otherwise="use --password-stdin")
    if not is_from_stdin and chosen != ask_secret("once more", is_from_stdin=False, otherwise="use --password-stdin"):
        raise InputError("these are two passwords", hint="try again")
    return chosen


def _make_token(client: Client, proof: dict[str, JsonValue]) -> tuple[Answer, Answer]:
    """Open a session, make a token that may do what its owner may, and end the session."""
    reply = send_with_code(lambda more: client.send("POST", locate("session"), body={**proof, **more}))
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
