"""`soar approval standing`: what two people approve beforehand."""

from typing import Annotated

import typer

from soar.app.clock import SystemClock
from soar.cli.answer import Answer
from soar.cli.client import connect
from soar.cli.delegation import read_end
from soar.cli.options import Json, Limit, group, guide
from soar.cli.output import describe_moment, show, show_answer, show_list
from soar.model.values import JsonValue, print_timestamp

commands = group(
    "Approve beforehand, as two people, what the policy lets be approved so.",
    "soar approval standing list",
    "soar approval standing sign sa_7k2m9q4wz1xt",
)

Standing = Annotated[str, typer.Argument(metavar="ID", help="Its id.")]
Reason = Annotated[str, typer.Option("--reason", "-m", help="Why; it stays in the record.")]


@commands.command(
    help=guide(
        "Propose that an action of a playbook needs no asking for a while. Somebody else has to sign it.",
        "soar approval standing add --action defender.isolate_machine --playbook isolate-ransomware-host "
        "--targets-matching 'lab-*' --until friday --reason 'the lab is being attacked on purpose'",
    )
)
def add(
    action: Annotated[str, typer.Option("--action", help="The action, as connector.action.")],
    playbook: Annotated[str, typer.Option("--playbook", help="The playbook; only the revision that serves now.")],
    targets: Annotated[str, typer.Option("--targets-matching", help="A pattern of the targets, such as 'lab-*'.")],
    until: Annotated[str, typer.Option("--until", help="The end of a weekday, a length such as 3d, or a moment.")],
    reason: Reason,
    is_json: Json = False,
) -> None:
    """Propose a standing approval."""
    body: JsonValue = {
        "action": action,
        "playbook": playbook,
        "targets": targets,
        "reason": reason,
        "until": print_timestamp(read_end(until, SystemClock().now())),
    }
    made = connect().post("standing-approvals", body=body)
    show_answer(
        made,
        f"… {made.text('id')} counts once somebody else signs it",
        f"next: soar approval standing sign {made.text('id')}",
        is_json=is_json,
    )


@commands.command(help=guide("Sign what somebody else has proposed.", "soar approval standing sign sa_7k2m9q4wz1xt"))
def sign(standing: Standing, is_json: Json = False) -> None:
    """Sign a standing approval."""
    signed = connect().post("standing-approvals", standing, "signature", body={})
    until = describe_moment(signed.moment("expires_at"))
    show_answer(
        signed,
        f"✔ {signed.text('action')} on {signed.text('targets')} goes without asking until {until}",
        f"to end it before: soar approval standing revoke {standing} --reason WHY",
        is_json=is_json,
    )


@commands.command(
    help=guide(
        "End one before its time. Whoever may freeze writes may do this.",
        "soar approval standing revoke sa_7k2m9q4wz1xt --reason 'the exercise is over'",
    )
)
def revoke(standing: Standing, reason: Reason, is_json: Json = False) -> None:
    """Revoke a standing approval."""
    revoked = connect().post("standing-approvals", standing, "revocation", body={"reason": reason})
    show_answer(revoked, f"✔ {standing} is over; people are asked again", is_json=is_json)


@commands.command("list", help=guide("List them, and how often each was used.", "soar approval standing list"))
def list_standing(limit: Limit = 50, is_json: Json = False) -> None:
    """Show the standing approvals, those that are over included."""
    page = connect().get("standing-approvals", query={"limit": str(limit)})
    rows = (
        (
            each.text("id"),
            _describe(each),
            each.text("action"),
            each.text("playbook"),
            each.text("targets"),
            str(each.number("uses")),
            " and ".join(name for name in (each.text("proposed_by"), each.text("signed_by")) if name),
            describe_moment(each.moment("expires_at")),
        )
        for each in page.parts("items")
    )
    if show_list(page, is_json, ("ID", "", "ACTION", "PLAYBOOK", "TARGETS", "USES", "BY", "ENDS"), rows):
        show("Nothing is approved beforehand.", "soar policy show says under `standing` what may be.")


def _describe(standing: Answer) -> str:
    if standing.flag("is_good"):
        return "good"
    return "over" if standing.text("signed_by") or standing.text("revoked_by") else "unsigned"
