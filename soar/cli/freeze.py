"""`soar freeze`, `soar unfreeze`, `soar status`."""

from typing import Annotated

import typer

from soar.cli.answer import Answer
from soar.cli.client import connect
from soar.cli.options import Json, guide
from soar.cli.output import Line, count, describe_moment, show_answer
from soar.model.freeze import FreezeKind, name_freeze
from soar.model.values import JsonValue

Reason = Annotated[str, typer.Option("--reason", "-m", help="Why; it stays in the record.")]
Action = Annotated[str | None, typer.Option("--action", help="Only writes of this action.")]
Connector = Annotated[str | None, typer.Option("--connector", help="Only writes of this connector.")]
Connection = Annotated[str | None, typer.Option("--connection", help="Only writes over this connection.")]

commands = typer.Typer()


@commands.command(
    help=guide(
        "Stop every write at once, or those of an action, a connector or a connection. Reads go on, and so does what "
        "is under way.",
        "soar freeze --reason 'the playbooks run wild'",
        "soar freeze --action defender.isolate_machine --reason 'it isolates the wrong hosts'",
    )
)
def freeze(
    reason: Reason,
    action: Action = None,
    connector: Connector = None,
    connection: Connection = None,
    is_json: Json = False,
) -> None:
    """Freeze one thing."""
    kind, name = _choose(action, connector, connection)
    body: dict[str, JsonValue] = {"kind": kind.value, "reason": reason, **({"name": name} if name else {})}
    frozen = connect().post("freeze", body=body)
    show_answer(frozen, f"✔ {_name(frozen)} is frozen", "two people lift it: soar unfreeze", is_json=is_json)


@commands.command(
    help=guide(
        "Ask for writes to go on, or confirm what somebody else has asked for.",
        "soar unfreeze --reason 'the rule is corrected'",
        "soar unfreeze --action defender.isolate_machine --reason 'the rule is corrected'",
    )
)
def unfreeze(
    reason: Reason,
    action: Action = None,
    connector: Connector = None,
    connection: Connection = None,
    is_json: Json = False,
) -> None:
    """Lift a freeze, as one of two people."""
    freeze_id = name_freeze(*_choose(action, connector, connection))
    answer = connect().post("freeze", freeze_id, "lift", body={"reason": reason})
    name = _name(answer.part("freeze"))
    if answer.flag("is_lifted"):
        show_answer(answer, f"✔ {name} goes on", is_json=is_json)
    else:
        show_answer(answer, f"… {name} stays frozen until somebody else asks, too", is_json=is_json)


@commands.command(help=guide("Say what is frozen, and what is under way.", "soar status"))
def status(is_json: Json = False) -> None:
    """Show the state of the whole in a few lines."""
    now = connect().get("now")
    frozen = now.parts("freezes")
    counts = now.part("counts")
    lines = [Line(_describe(freeze), "red") for freeze in frozen] or [Line("nothing is frozen")]
    told = (
        count(counts.number("runs"), "open run"),
        count(counts.number("waiting"), "open question"),
        f"{count(counts.number('alerts'), 'alert')} in 24 h",
    )
    show_answer(now, *lines, " · ".join(told), is_json=is_json)


def _choose(action: str | None, connector: str | None, connection: str | None) -> tuple[FreezeKind, str]:
    """Return what is meant.

    Raises:
        typer.BadParameter: more than one thing is named.
    """
    given = {FreezeKind.ACTION: action, FreezeKind.CONNECTOR: connector, FreezeKind.CONNECTION: connection}
    named = [(kind, name) for kind, name in given.items() if name is not None]
    if len(named) > 1:
        raise typer.BadParameter("name one of --action, --connector and --connection")
    return named[0] if named else (FreezeKind.EVERYTHING, "")


def _name(freeze: Answer) -> str:
    kind, name = freeze.text("kind"), freeze.text("name")
    return f"{kind} {name}" if name else kind


def _describe(freeze: Answer) -> str:
    line = (
        f"✖ {_name(freeze)} is frozen since {describe_moment(freeze.moment('frozen_at'))} "
        f"by {freeze.text('frozen_by_name')}: {freeze.text('reason')}"
    )
    asked = freeze.text("lift_asked_by_name")
    return f"{line} ({asked} has asked to lift it; somebody else has to, too)" if asked else line
