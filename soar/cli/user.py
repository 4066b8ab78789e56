"""`soar user`."""

from typing import Annotated

import typer

from soar.app.clock import SystemClock
from soar.cli.answer import Answer
from soar.cli.client import Client, connect
from soar.cli.options import Json, Limit, group, guide
from soar.cli.output import describe_moment, note, show, show_answer, show_list
from soar.cli.token import Networks, Within, show_tokens, write_wanted
from soar.expr import parse_duration
from soar.model.errors import InputError
from soar.model.values import JsonValue, parse_timestamp, print_timestamp

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name or id.")]
Roles = Annotated[list[str] | None, typer.Option("--role", help="A role to have; may be repeated.")]
Until = Annotated[
    str | None, typer.Option("--until", help="When it ends: a length such as 30d, or a moment in RFC 3339.")
]

commands = group(
    "Add people and programs, change their roles, switch them off.",
    "soar user list",
    "soar user add eva --email eva@corp.example --role analyst --until 90d",
    "soar user add siem-sync --email siem@corp.example --role viewer --owner ann",
    "soar user roles eva --role analyst --role author",
    "soar user disable eva --reason 'left the company'",
    "soar user reset eva --factors",
    "soar user token siem-sync --scope run:read --from 192.0.2.0/24",
)


@commands.command("list", help=guide("List people and programs.", "soar user list"))
def list_users(limit: Limit = 50, is_json: Json = False) -> None:
    """Show which accounts there are."""
    page = connect().get("users", query={"limit": str(limit)})
    rows = (
        (
            user.text("name"),
            user.text("kind"),
            user.text("email"),
            " ".join(user.texts("roles")) or "none",
            user.text("factors"),
            _say_state(user),
        )
        for user in page.parts("items")
    )
    show_list(page, is_json, ("NAME", "KIND", "E-MAIL", "ROLES", "FACTORS", ""), rows)


@commands.command("show", help=guide("Show a person or program.", "soar user show eva"))
def show_user(name: Name, is_json: Json = False) -> None:
    """Show one account."""
    user = connect().get("users", name)
    lines = [
        f"{user.text('name')} <{user.text('email')}>  {user.text('id')}  {user.text('kind')}",
        f"roles    {' '.join(user.texts('roles')) or 'none'}",
        f"factors  {user.text('factors')}",
        f"state    {_say_state(user)}",
    ]
    lines += [f"grant    {grant}" for grant in user.texts("grants")]
    lines += [f"teams    {' '.join(user.texts('teams'))}"] if user.texts("teams") else []
    lines += [f"owner    {user.text('owner')}"] if user.text("owner") else []
    show_answer(user, *lines, is_json=is_json)


@commands.command(
    help=guide(
        "Add a person, who sets their own password with the code that is printed; or, with --owner, a program.",
        "soar user add eva --email eva@corp.example --role analyst",
        "soar user add siem-sync --email siem@corp.example --role viewer --owner ann",
    )
)
def add(
    name: Annotated[str, typer.Argument(help="What they log in with: lower-case letters, digits, `.` and `-`.")],
    email: Annotated[str, typer.Option("--email", help="Their address; gates name people by it.")],
    roles: Roles = None,
    until: Until = None,
    owner: Annotated[
        str | None, typer.Option("--owner", help="It is a program, and this person answers for it.")
    ] = None,
    is_json: Json = False,
) -> None:
    """Make an account."""
    held: list[JsonValue] = [*(roles or ())]
    body: JsonValue = {
        "name": name,
        "email": email,
        "roles": held,
        "kind": "service" if owner else "person",
        "owner": owner,
        "until": _read_until(until),
    }
    made = connect().post("users", body=body)
    if owner:
        show_answer(made, f"✔ {name} is there", f"next: soar user token {name} --scope PERMISSION", is_json=is_json)
    else:
        _show_invited(made, is_json)


@commands.command(help=guide("Invite somebody who has no password yet once more.", "soar user invite eva"))
def invite(name: Name, is_json: Json = False) -> None:
    """Print a new code."""
    _show_invited(connect().post("users", name, "invitation", body={}), is_json)


@commands.command(
    help=guide(
        "Take a person's password away, end their logins and tokens, and invite them to set a new one.",
        "soar user reset eva",
        "soar user reset eva --factors",
    )
)
def reset(
    name: Name,
    has_lost_factors: Annotated[
        bool, typer.Option("--factors", help="They have lost their second factors: these go, too.")
    ] = False,
    is_json: Json = False,
) -> None:
    """Let somebody begin again."""
    body: JsonValue = {"factors": has_lost_factors}
    _show_invited(connect().post("users", name, "reset", body=body), is_json)


@commands.command(
    help=guide("Give an account exactly these roles.", "soar user roles eva --role analyst --role author")
)
def roles(name: Name, roles: Roles = None, is_json: Json = False) -> None:
    """Change what somebody may do."""
    held: list[JsonValue] = [*(roles or ())]
    user = connect().post("users", name, "roles", body={"roles": held})
    show_answer(user, f"✔ {user.text('name')} is {', '.join(user.texts('roles')) or 'nothing'} now", is_json=is_json)


@commands.command(
    help=guide(
        "Switch an account off: logins and tokens are gone at once.",
        "soar user disable eva --reason 'left the company'",
    )
)
def disable(
    name: Name,
    reason: Annotated[str | None, typer.Option("--reason", "-m", help="Why, for the record.")] = None,
    is_json: Json = False,
) -> None:
    """Keep somebody from acting."""
    user = connect().post("users", name, "disable", body={"reason": reason})
    show_answer(user, f"✔ {user.text('name')} is switched off", is_json=is_json)


@commands.command(help=guide("Switch an account on.", "soar user enable eva", "soar user enable eva --until 30d"))
def enable(name: Name, until: Until = None, is_json: Json = False) -> None:
    """Let somebody act again."""
    body: JsonValue = {"until": _read_until(until)}
    user = connect().post("users", name, "enable", body=body)
    show_answer(user, f"✔ {user.text('name')} is switched on", is_json=is_json)


@commands.command(
    help=guide(
        "Make a token for a program. It is printed once, alone on standard output.",
        "soar user token siem-sync --scope run:read --days 30 --from 192.0.2.0/24",
    )
)
def token(
    name: Name,
    scopes: Annotated[list[str], typer.Option("--scope", help="A permission it carries; may be repeated.")],
    days: Annotated[int, typer.Option(min=1, max=90, help="How long it is valid.")] = 30,
    networks: Networks = None,
    within: Within = None,
    is_json: Json = False,
) -> None:
    """Make a token and show it once."""
    body = write_wanted(name, scopes, days, networks, within)
    made = connect().post("users", name, "tokens", body=body)
    note(f"token {made.text('id')} of {name}, valid for {days} days; it is shown only this once:")
    show_answer(made, made.text("token"), is_json=is_json)


@commands.command(help=guide("List the tokens of a program, without their texts.", "soar user tokens siem-sync"))
def tokens(name: Name, is_json: Json = False) -> None:
    """Show which tokens a program has."""
    if show_tokens(connect().get("users", name, "tokens"), is_json):
        show(f"{name} has no tokens.", f"next: soar user token {name} --scope PERMISSION")


@commands.command(help=guide("Revoke a token of a program, at once.", "soar user revoke siem-sync t_7k2m9q4wz1xt"))
def revoke(
    name: Name, token_id: Annotated[str, typer.Argument(metavar="ID", help="As `soar user tokens` shows it.")]
) -> None:
    """Make a token of a program worthless."""
    client: Client = connect()
    client.delete("users", name, "tokens", token_id)
    show(f"✔ {token_id} is revoked")


def _show_invited(invited: Answer, is_json: bool) -> None:
    name = invited.part("user").text("name")
    note(f"{name} sets a password with this code, {describe_moment(invited.moment('expires_at'))} at the latest:")
    show_answer(invited, f"soar join {invited.text('code')}", is_json=is_json)


def _say_state(user: Answer) -> str:
    ends = user.moment("expires_at")
    if user.text("disabled_at"):
        return "switched off"
    if ends is not None:
        return f"{'ended' if ends <= SystemClock().now() else 'ends'} {describe_moment(ends)}"
    if user.flag("is_invited"):
        return "invited"
    return "" if user.flag("may_log_in") or user.text("kind") != "person" else "cannot log in"


def _read_until(text: str | None) -> str | None:
    """Return the end of an account as the API takes it.

    Raises:
        InputError: it is neither a length nor a moment.
    """
    if text is None:
        return None
    try:
        return print_timestamp(parse_timestamp(text))
    except ValueError:
        pass
    try:
        return print_timestamp(SystemClock().now() + parse_duration(text))
    except (InputError, OverflowError) as error:
        raise InputError(
            f"{text} is neither a length nor a moment", hint="write 30d, or 2027-01-31T00:00:00Z"
        ) from error
