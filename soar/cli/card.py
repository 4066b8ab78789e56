"""The card of an approval in plain lines, in the order that every channel keeps."""

from collections.abc import Iterator

from soar.cli.answer import Answer
from soar.cli.output import Line, cut, describe_moment, mark, style_of

_MOST_TARGETS = 10
_LONGEST_TEXT = 300


def tell_card(approval: Answer) -> list[Line]:
    """Return the lines that show a question; what an alert says in it stays within its own line."""
    return [*_tell_decision(approval), *_tell_reasons(approval.part("card")), *_tell_people(approval)]


def _tell_decision(approval: Answer) -> Iterator[Line]:
    card, status = approval.part("card"), approval.text("status")
    votes = f"{approval.number('yes')} of {approval.number('quorum')} yes"
    way_back = "reversible" if card.flag("is_reversible") else "IRREVERSIBLE"
    targets = card.texts("targets")
    more = card.number("target_count") - len(targets[:_MOST_TARGETS])
    named = ", ".join(targets[:_MOST_TARGETS]) + (f" and {more} more" if more > 0 else "")
    yield Line(f"{mark(status)} {approval.text('code')} {status} · {votes}", style_of(status))
    yield Line(card.text("question"), "bold")
    yield Line(f"  runs      {card.text('action')} over {card.text('connection')}, {card.text('effect')}, {way_back}")
    yield Line(f"  targets   {card.number('target_count') or len(targets)}: {named}")
    yield Line(f"  undo      {card.text('undo') or 'there is no way back'}")


def _tell_reasons(card: Answer) -> Iterator[Line]:
    for label, name in (("why", "reason"), ("impact", "impact")):
        if card.text(name):
            yield Line(f"  {label:<8}  {cut(card.text(name), _LONGEST_TEXT)}")
    evidence = card.parts("evidence")
    if evidence:
        yield Line("  evidence")
    for piece in evidence:
        yield Line(f"    · {cut(piece.text('label'))}: “{cut(piece.text('text'), _LONGEST_TEXT)}”")


def _tell_people(approval: Answer) -> Iterator[Line]:
    revision = approval.text("revision").removeprefix("sha256:")[:7]
    alert = f" for alert {approval.text('alert')}" if approval.text("alert") else ""
    yield Line(f"  asked by  playbook {approval.text('playbook')}@{revision}{alert}, run {approval.text('run')}")
    yield Line(f"  who may   {', '.join(approval.texts('by'))}, with assurance {approval.text('assurance')}")
    for vote in approval.parts("votes"):
        said = f" “{cut(vote.text('comment'), _LONGEST_TEXT)}”" if vote.text("comment") else ""
        choice = "yes" if vote.text("choice") == "approve" else "no"
        yield Line(f"  {choice:<8}  {vote.text('name')} {describe_moment(vote.moment('at'))}{said}")
    if approval.text("status") == "pending":
        yield Line(f"  ends      {describe_moment(approval.moment('expires_at'))}; silence is a no")
        if not approval.flag("may_vote") and approval.text("why_not"):
            yield Line(f"  you       {approval.text('why_not')}")
    elif approval.text("reason"):
        yield Line(f"  because   {approval.text('reason')}")
    yield Line(f"  digest    {approval.text('digest_code')}")
