"""`soar suppress`."""

from datetime import timedelta
from typing import Annotated

import typer

from soar.app.clock import SystemClock
from soar.cli.client import connect
from soar.cli.options import Json, group, guide
from soar.cli.output import count, describe_moment, show, show_answer, show_list
from soar.expr import parse_duration
from soar.model.errors import InputError
from soar.model.values import JsonValue, print_timestamp

commands = group(
    "Let alerts start nothing for a while; they are kept and marked.",
    "soar suppress list",
    "soar suppress add 'alert.source == \"scanner\"' --for 4h --reason 'The yearly test'",
    "soar suppress remove sup_7k2m9q4wz1xt",
)

_LONGEST = timedelta(days=90)


@commands.command(
    "list", help=guide("List the rules that hold, and how many alerts each has taken.", "soar suppress list")
)
def list_rules(is_json: Json = False) -> None:
    """Show which alerts start nothing."""
    page = connect().get("suppressions")
    rows = (
        (
            rule.text("id"),
            rule.text("match"),
            describe_moment(rule.moment("expires_at")),
            count(rule.number("alerts"), "alert"),
            rule.text("created_by"),
            rule.text("reason"),
        )
        for rule in page.parts("items")
    )
    if show_list(page, is_json, ("RULE", "TAKES", "ENDS", "TOOK", "BY", "REASON"), rows):
        show("No alert is suppressed.", "next: soar suppress add MATCH --for 4h --reason WHY")


@commands.command(
    help=guide(
        "Let the alerts that an expression takes start nothing, from now on and for so long.",
        "soar suppress add 'alert.source == \"scanner\"' --for 4h --reason 'The yearly test'",
        "soar suppress add '\"ws-0042\" in alert.entities.hosts' --for 2d --reason 'It is being set up anew'",
    )
)
def add(
    match: Annotated[str, typer.Argument(help="An expression over `alert` and `config`, as a playbook's `match`.")],
    length: Annotated[str, typer.Option("--for", help="How long, such as 4h or 30d; 90d at most.")],
    reason: Annotated[str, typer.Option("--reason", "-m", help="Why, for people.")],
    is_json: Json = False,
) -> None:
    """Set a rule."""
    until = print_timestamp(SystemClock().now() + _read_length(length))
    body: JsonValue = {"match": match, "reason": reason, "expires_at": until}
    added = connect().post("suppressions", body=body)
    ends = describe_moment(added.moment("expires_at"))
    show_answer(
        added,
        f"✔ {added.text('id')} holds; it ends {ends}",
        f"next: soar suppress remove {added.text('id')}",
        is_json=is_json,
    )


@commands.command(
    help=guide("Let alerts start playbooks again, before a rule ends.", "soar suppress remove sup_7k2m9q4wz1xt")
)
def remove(rule: Annotated[str, typer.Argument(metavar="RULE", help="Its id.")]) -> None:
    """Remove a rule."""
    connect().delete("suppressions", rule)
    show(f"✔ {rule} holds no more; what it took stays as it is")


def _read_length(text: str) -> timedelta:
    """Return how long a rule is to hold.

    Raises:
        InputError: it is no duration, or longer than a rule may hold.
    """
    length = parse_duration(text)
    if not timedelta() < length <= _LONGEST:
        raise InputError(f"{text} is not between a moment and ninety days", hint="write 4h or 30d")
    return length
