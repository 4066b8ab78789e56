"""`soar approval delegate` and its like: who votes in whose place."""

from datetime import datetime, timedelta
from typing import Annotated

import typer

from soar.app.clock import SystemClock
from soar.cli.client import connect
from soar.cli.options import Json, guide
from soar.cli.output import describe_moment, show, show_answer, show_list
from soar.expr import ExpressionError, parse_duration
from soar.model.errors import InputError
from soar.model.values import JsonValue, parse_timestamp, print_timestamp

commands = typer.Typer(rich_markup_mode=None)
"""They stand among those of `soar approval`."""

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@commands.command(
    help=guide(
        "Let somebody vote in your place for a while. They vote as themselves, and the record names you both.",
        "soar approval delegate --to bob --until friday",
        "soar approval delegate --to bob@corp.example --until 3d",
    )
)
def delegate(
    to: Annotated[str, typer.Option("--to", help="Their name or mail address.")],
    until: Annotated[str, typer.Option("--until", help="The end of a weekday, a length such as 3d, or a moment.")],
    is_json: Json = False,
) -> None:
    """Lend one's say."""
    body: JsonValue = {"to": to, "until": print_timestamp(read_end(until, SystemClock().now()))}
    made = connect().post("delegations", body=body)
    show_answer(
        made,
        f"✔ {made.text('receiver_name')} may vote for you until {describe_moment(made.moment('expires_at'))}",
        f"next: soar approval undelegate {made.text('id')}",
        is_json=is_json,
    )


@commands.command(help=guide("List who votes for you, and whom you vote for.", "soar approval delegations"))
def delegations(is_json: Json = False) -> None:
    """Show one's delegations."""
    page = connect().get("delegations")
    rows = (
        (
            each.text("id"),
            each.text("receiver_name"),
            each.text("giver_name"),
            describe_moment(each.moment("expires_at")),
        )
        for each in page.parts("items")
    )
    if show_list(page, is_json, ("ID", "WHO", "FOR", "ENDS"), rows):
        show("Nobody votes in your place, and you in nobody's.", "next: soar approval delegate --to bob --until friday")


@commands.command(
    help=guide("End a delegation that you gave or were given.", "soar approval undelegate dg_7k2m9q4wz1xt")
)
def undelegate(delegation: Annotated[str, typer.Argument(help="Its id.")]) -> None:
    """End a delegation."""
    connect().delete("delegations", delegation)
    show(f"✔ {delegation} is over")


def read_end(text: str, now: datetime) -> datetime:
    """Return the moment that somebody means: the end of the next such weekday in UTC, a length from now, a moment.

    Args:
        text: such as `friday`, `3d` or `2027-01-31T00:00:00Z`.
        now: the moment.

    Raises:
        InputError: it is none of these.
    """
    word = text.strip().lower()
    if word in _DAYS:
        days = (_DAYS.index(word) - now.weekday()) % len(_DAYS)
        return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=days + 1)
    try:
        return parse_timestamp(text)
    except ValueError:
        pass
    try:
        return now + parse_duration(text)
    except (ExpressionError, OverflowError) as error:
        raise InputError(
            f"{text} is neither a weekday nor a length nor a moment", hint="write friday, 3d, or 2027-01-31T00:00:00Z"
        ) from error
