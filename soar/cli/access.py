"""`soar access`."""

from collections.abc import Iterator
from typing import Annotated

import typer

from soar.cli.answer import Answer
from soar.cli.client import connect
from soar.cli.exits import ExitCode
from soar.cli.options import Json, group, guide
from soar.cli.output import mark, show_answer
from soar.model.values import JsonValue

commands = group(
    "Say who may do what and why, and give roles for a part of the world.",
    "soar access explain ann run:cancel run:run_7k2m9q4wz1xt",
    "soar access grant ann analyst@playbook=phishing-*,team=soc --team soc",
)

Permission = Annotated[str, typer.Argument(metavar="PERMISSION", help="Such as run:cancel.")]
Thing = Annotated[
    str | None, typer.Argument(metavar="[OBJECT]", help="kind:id, such as run:run_7k2m9q4wz1xt or playbook:phishing.")
]


@commands.command(
    help=guide(
        "Say whether somebody may do something, and everything that decides it; exit code 5 where they may not.",
        "soar access explain ann playbook:run playbook:phishing-triage",
        "soar access explain ann approval:vote --json",
    )
)
def explain(
    user: Annotated[str, typer.Argument(metavar="USER", help="Their name or id.")],
    permission: Permission,
    thing: Thing = None,
    is_json: Json = False,
) -> None:
    """Show a decision with its chain of reasons."""
    query = {"user": user, "permission": permission, "thing": thing}
    show_decision(connect().get("access", "explain", query=query), is_json=is_json)


@commands.command(
    help=guide(
        "Set which roles somebody holds for a part of the world; what is not named is taken away.",
        "soar access grant ann analyst@playbook=phishing-* viewer@source=mail-* --team soc",
        "soar access grant ann",
    )
)
def grant(
    user: Annotated[str, typer.Argument(metavar="USER", help="Their name or id.")],
    grants: Annotated[
        list[str] | None, typer.Argument(metavar="[GRANT]...", help="role@attribute=name|name,attribute=name")
    ] = None,
    teams: Annotated[list[str] | None, typer.Option("--team", help="A team they belong to; may be repeated.")] = None,
    is_json: Json = False,
) -> None:
    """Set somebody's grants and teams."""
    wanted: JsonValue = {"grants": [*(grants or ())], "teams": [*(teams or ())]}
    held = connect().put("users", user, "grants", body=wanted)
    show_answer(
        held,
        f"{held.text('name')} everywhere: {', '.join(held.texts('roles')) or 'nothing'}",
        *(f"  {text}" for text in held.texts("grants")),
        f"  teams: {', '.join(held.texts('teams')) or 'none'}",
        is_json=is_json,
    )


def show_decision(decision: Answer, *, is_json: bool) -> None:
    """Show a decision with its reasons; leave with the exit code of a denial if it is one.

    Raises:
        typer.Exit: it is no.
    """
    is_allowed = decision.flag("is_allowed")
    show_answer(decision, *_tell(decision, is_allowed=is_allowed), is_json=is_json)
    if not is_allowed:
        raise typer.Exit(ExitCode.DENIED)


def _tell(decision: Answer, *, is_allowed: bool) -> Iterator[str]:
    where = f" on {decision.text('thing')}" if decision.text("thing") else ""
    verb = "may" if is_allowed else "may not"
    yield f"{_sign(is_allowed)} {decision.text('user')} {verb} {decision.text('permission')}{where}"
    for reason in decision.parts("reasons"):
        yield f"  {_sign(reason.flag('is_met'))} {reason.text('text')}"
    if not is_allowed:
        yield f"  {decision.text('reason')}"


def _sign(is_good: bool) -> str:
    return mark("approved" if is_good else "denied")
