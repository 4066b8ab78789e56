"""`soar approval`."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

from soar.cli import delegation, standing
from soar.cli.answer import Answer
from soar.cli.card import tell_card
from soar.cli.client import Client, connect
from soar.cli.exits import ExitCode
from soar.cli.facts import read_answers
from soar.cli.fatigue import tell_fatigue
from soar.cli.options import Json, Limit, group, guide
from soar.cli.output import Line, describe_moment, mark, note, show, show_answer, show_list
from soar.cli.prompts import ask
from soar.expr import ExpressionError, parse_duration
from soar.model.errors import ConflictError, DeniedError, InputError
from soar.model.ids import normalize_code
from soar.model.values import JsonValue

commands = group(
    "See what waits for people, and decide it.",
    "soar approval list",
    "soar approval show AB12",
    'soar approval approve AB12 --confirm srv-files-01 -m "seen it"',
    "soar approval answer AB12 mine=no",
)

commands.add_typer(delegation.commands)
commands.add_typer(standing.commands, name="standing")

Code = Annotated[str, typer.Argument(metavar="CODE", help="Its short code, in any case, or its id.")]
Comment = Annotated[str | None, typer.Option("--message", "-m", help="Your comment; it goes into the record.")]


class Progress(StrEnum):
    """Whether a question still waits."""

    PENDING = "pending"
    DECIDED = "decided"


@commands.command(
    "list", help=guide("List the questions to people.", "soar approval list", "soar approval list --status decided")
)
def list_approvals(
    status: Annotated[Progress, typer.Option(help="Which ones.")] = Progress.PENDING,
    limit: Limit = 50,
    is_json: Json = False,
) -> None:
    """Show what waits, or what was decided."""
    page = connect().get("approvals", query={"status": status.value, "limit": str(limit)})
    rows = (
        (
            approval.text("code"),
            approval.part("card").text("question"),
            f"{mark(approval.text('status'))} {approval.text('status')}",
            "" if approval.parts("fields") else f"{approval.number('yes')} of {approval.number('quorum')}",
            ", ".join(approval.texts("by")),
            "you" if approval.flag("may_vote") else "",
            describe_moment(approval.moment("decided_at") or approval.moment("expires_at")),
            approval.text("run"),
        )
        for approval in page.parts("items")
    )
    when = "ENDS" if status is Progress.PENDING else "DECIDED"
    if show_list(page, is_json, ("CODE", "QUESTION", "STATUS", "YES", "WHO MAY", "", when, "RUN"), rows):
        is_pending = status is Progress.PENDING
        show("Nobody is being waited for. Gates of playbooks ask here." if is_pending else "Nothing was decided yet.")
        show("next: soar approval list --status decided" if is_pending else "next: soar approval list")


@commands.command(
    "show", help=guide("Show what is asked.", "soar approval show AB12", "soar approval show ab12 --json")
)
def show_approval(code: Code, is_json: Json = False) -> None:
    """Show one question."""
    approval = _fetch(connect(), code)
    lines = tell_card(approval)
    if approval.flag("may_vote"):
        lines.append(Line(f"next: {_say_next(approval)}"))
    show_answer(approval, *lines, is_json=is_json)


@commands.command(
    help=guide(
        "Say yes to exactly what is shown. On a terminal you are asked for what must be typed.",
        "soar approval approve AB12",
        'soar approval approve AB12 --confirm srv-files-01 -m "seen it"',
        "soar approval approve AB12 --only srv-files-01,srv-files-02 --confirm 2",
    )
)
def approve(
    code: Code,
    confirm: Annotated[
        str | None, typer.Option("--confirm", help="What must be typed: the target's name, or how many there are.")
    ] = None,
    comment: Comment = None,
    only: Annotated[
        str | None, typer.Option("--only", help="Allow these targets alone, with commas between them.")
    ] = None,
    is_json: Json = False,
) -> None:
    """Vote yes, bound to the digest of what was fetched and shown."""
    client = connect()
    approval = _open_gate(client, code)
    typed, chosen = confirm, [target.strip() for target in (only or "").split(",") if target.strip()]
    if typed is None and approval.text("confirm"):
        hint = "what you allow: its name, or how many" if chosen else approval.text("confirm_hint") or "what it acts on"
        typed = ask(f"to approve, type {hint}", otherwise=f"use --confirm with {hint}")
    if comment is None and approval.text("comment") == "required":
        comment = _ask_comment()
    _vote(client, approval, "approve", confirm=typed, comment=comment, only=chosen, is_json=is_json)


@commands.command(help=guide("Say no.", 'soar approval deny AB12 -m "wrong host"'))
def deny(code: Code, comment: Comment = None, is_json: Json = False) -> None:
    """Vote no."""
    client = connect()
    approval = _open_gate(client, code)
    if comment is None and approval.text("comment") in {"required", "required_on_deny"}:
        comment = _ask_comment()
    _vote(client, approval, "deny", confirm=None, comment=comment, is_json=is_json)


@commands.command(
    help=guide(
        "Answer a question with the facts that it asks for. On a terminal you are asked for what is missing.",
        "soar approval answer AB12 mine=no",
        'soar approval answer AB12 verdict=false_alarm note="a drill"',
    )
)
def answer(
    code: Code,
    given: Annotated[
        list[str] | None, typer.Argument(metavar="[FIELD=VALUE]...", help="A field of the question and its answer.")
    ] = None,
    is_json: Json = False,
) -> None:
    """Answer a question for facts."""
    client = connect()
    question = _open(client, code)
    if not question.parts("fields"):
        raise InputError(f"{question.text('code')} asks for a yes or a no", hint=_say_next(question))
    answers = read_answers(question.parts("fields"), given or [])
    answered = client.post("approvals", question.text("id"), "answers", body={"answers": answers})
    show_answer(
        answered,
        f"✔ {answered.text('code')} answered",
        f"next: soar run show {answered.text('run')} --watch",
        is_json=is_json,
    )


@commands.command("take-back", help=guide("Take your own vote back while it is open.", "soar approval take-back AB12"))
def take_back(code: Code, is_json: Json = False) -> None:
    """Take one's own vote back."""
    client = connect()
    approval = _fetch(client, code)
    client.delete("approvals", approval.text("id"), "votes")
    after = _fetch(client, approval.text("id"))
    votes = f"{after.number('yes')} of {after.number('quorum')} yes"
    show_answer(after, f"✔ your vote on {after.text('code')} is taken back ({votes})", is_json=is_json)


@commands.command(
    "ask",
    help=guide(
        "Ask the initiator and those who may decide something first. The time runs on.",
        'soar approval ask AB12 "who owns it?"',
    ),
)
def inquire(
    code: Code, text: Annotated[str, typer.Argument(help="What you want to know.")], is_json: Json = False
) -> None:
    """Ask something before deciding."""
    client = connect()
    asked = client.post("approvals", _fetch(client, code).text("id"), "inquiries", body={"text": text})
    when = describe_moment(asked.moment("expires_at"))
    show_answer(asked, f"✔ asked; {asked.text('code')} still ends {when}", is_json=is_json)


@commands.command(
    help=guide("Give a question more time, once, and no more than it had.", "soar approval extend AB12 15m")
)
def extend(
    code: Code, more: Annotated[str, typer.Argument(help="How much more, such as 15m.")] = "15m", is_json: Json = False
) -> None:
    """Give a question more time."""
    client = connect()
    try:
        seconds = int(parse_duration(more).total_seconds())
    except ExpressionError as error:
        raise InputError(f"{more} is no length of time", hint="write 15m, or 1h") from error
    body: JsonValue = {"seconds": seconds}
    extended = client.post("approvals", _fetch(client, code).text("id"), "extensions", body=body)
    when = describe_moment(extended.moment("expires_at"))
    show_answer(extended, f"✔ {extended.text('code')} ends {when} now", is_json=is_json)


def _say_next(approval: Answer) -> str:
    code = approval.text("code")
    names = " ".join(f"{field.text('name')}=…" for field in approval.parts("fields"))
    if names:
        return f"soar approval answer {code} {names}"
    return f"soar approval approve {code}   or   soar approval deny {code} -m WHY"


def _fetch(client: Client, code: str) -> Answer:
    return client.get("approvals", code if "_" in code else normalize_code(code))


def _open(client: Client, code: str) -> Answer:
    """Fetch a question and show it on standard error, before anything is asked or decided.

    Raises:
        ConflictError: it is decided already.
        DeniedError: the caller may not vote.
    """
    approval = _fetch(client, code)
    note(*tell_card(approval))
    if approval.text("status") != "pending":
        raise ConflictError(
            f"{approval.text('code')} is {approval.text('status')} already", hint="soar approval list shows what waits"
        )
    if not approval.flag("may_vote"):
        raise DeniedError(
            approval.text("why_not") or f"you may not answer {approval.text('code')}", code="may_not_vote"
        )
    return approval


def _open_gate(client: Client, code: str) -> Answer:
    """Fetch and show a question that is voted on.

    Raises:
        InputError: it asks for facts.
    """
    approval = _open(client, code)
    if approval.parts("fields"):
        raise InputError(f"{approval.text('code')} asks for facts and takes no vote", hint=_say_next(approval))
    return approval


def _ask_comment() -> str:
    return ask("comment", otherwise="a comment is required: use -m")


def _vote(
    client: Client,
    shown: Answer,
    vote: str,
    *,
    confirm: str | None,
    comment: str | None,
    only: Sequence[str] = (),
    is_json: bool,
) -> None:
    body: dict[str, JsonValue] = {
        "vote": vote,
        "comment": comment,
        "confirm": confirm,
        "digest": shown.text("digest"),
        **({"only": [*only]} if only else {}),
    }
    decided = client.post("approvals", shown.text("id"), "votes", body=body)
    status, code = decided.text("status"), decided.text("code")
    votes = f"{decided.number('yes')} of {decided.number('quorum')} yes"
    if status == "pending":
        show_answer(
            decided,
            f"✔ your vote on {code} counts; it waits for more ({votes})",
            f"next: soar approval show {code}",
            is_json=is_json,
        )
        raise typer.Exit(ExitCode.WAITING)
    show_answer(
        decided,
        f"{mark(status)} {code} {status} ({votes})",
        f"next: soar run show {decided.text('run')} --watch",
        is_json=is_json,
    )


@commands.command(
    help=guide(
        "Show how fast people decide, how much each, and which gates never hear a no. Nothing follows by itself.",
        "soar approval stats",
        "soar approval stats --days 7",
    )
)
def stats(
    days: Annotated[int, typer.Option("--days", min=1, max=90, help="How far back.")] = 30, is_json: Json = False
) -> None:
    """Say what decided questions tell of those who decide."""
    told = connect().get("metrics", "approvals", query={"days": str(days)})
    show_answer(told, *tell_fatigue(told), is_json=is_json)
