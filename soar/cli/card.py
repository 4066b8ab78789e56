"""The card of an approval in plain lines, in the order that every channel keeps."""

import json
from collections.abc import Iterator

from soar.cli.answer import Answer
from soar.cli.output import Line, cut, describe_moment, mark, style_of
from soar.model.run import Mode
from soar.model.values import JsonValue

_MOST_TARGETS = 10
_LONGEST_TEXT = 300


def tell_card(approval: Answer) -> list[Line]:
    """Return the lines that show a question; what an alert says in it stays within its own line."""
    return [*_tell_decision(approval), *_tell_reasons(approval.part("card")), *_tell_people(approval)]


def _tell_decision(approval: Answer) -> Iterator[Line]:
    card, status = approval.part("card"), approval.text("status")
    if approval.parts("fields"):
        yield Line(f"{mark(status)} {approval.text('code')} {status} · asks for facts", style_of(status))
        yield Line(cut(card.text("question"), _LONGEST_TEXT), "bold")
        return
    votes = f"{approval.number('yes')} of {approval.number('quorum')} yes"
    way_back = "reversible" if card.flag("is_reversible") else "IRREVERSIBLE"
    targets = card.texts("targets")
    more = card.number("target_count") - len(targets[:_MOST_TARGETS])
    named = ", ".join(targets[:_MOST_TARGETS]) + (f" and {more} more" if more > 0 else "")
    yield Line(f"{mark(status)} {approval.text('code')} {status} · {votes}", style_of(status))
    yield Line(card.text("question"), "bold")
    yield Line(f"  runs      {card.text('action')} over {card.text('connection')}, {card.text('effect')}, {way_back}")
    yield Line(f"  targets   {card.number('target_count') or len(targets)}: {named}")
    if approval.parts("members"):
        yield Line(f"  same      {len(approval.parts('members'))} more want the same, and are decided with it")
    if approval.parts("parts"):
        allowed = [
            target for part in approval.parts("parts") if part.flag("is_allowed") for target in part.texts("targets")
        ]
        yield Line(f"  in part   --only allows some of {len(allowed)}: {', '.join(allowed[:_MOST_TARGETS])}")
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
    mode = f", {approval.text('mode')}" if approval.text("mode") not in {"", Mode.LIVE} else ""
    yield Line(f"  asked by  playbook {approval.text('playbook')}@{revision}{mode}{alert}, run {approval.text('run')}")
    yield Line(f"  who may   {', '.join(approval.texts('by'))}, with assurance {approval.text('assurance')}")
    yield from _tell_answers(approval)
    for vote in approval.parts("votes"):
        said = f" “{cut(vote.text('comment'), _LONGEST_TEXT)}”" if vote.text("comment") else ""
        choice = "yes" if vote.text("choice") == "approve" else "no"
        yield Line(f"  {choice:<8}  {vote.text('name')} {describe_moment(vote.moment('at'))}{said}")
    if approval.text("status") == "pending":
        silence = "" if approval.parts("fields") else "; silence is a no"
        yield Line(f"  ends      {describe_moment(approval.moment('expires_at'))}{silence}")
        if not approval.flag("may_vote") and approval.text("why_not"):
            yield Line(f"  you       {approval.text('why_not')}")
    elif approval.text("reason"):
        yield Line(f"  because   {approval.text('reason')}")
    yield Line(f"  digest    {approval.text('digest_code')}")


def _tell_answers(approval: Answer) -> Iterator[Line]:
    """Say what is asked for, and what was answered."""
    reply, fields = approval.part("reply"), approval.parts("fields")
    if reply.raw:
        yield Line(f"  answered  {reply.text('name')} {describe_moment(reply.moment('at'))}")
    elif fields:
        yield Line("  fields")
    answers = reply.part("answers").raw
    for field in fields:
        name = field.text("name")
        said = (
            f" “{cut(_write(answers[name]), _LONGEST_TEXT)}”"
            if name in answers
            else f" ({cut(describe_field(field), _LONGEST_TEXT)})"
        )
        yield Line(f"    · {name}: {cut(field.text('label'))}{said}")


def describe_field(field: Answer) -> str:
    """Say what may be answered, such as `bool` or `one of compromised, false_alarm; default false_alarm`."""
    choices = [_write(choice) for choice in field.items("enum")]
    kind = f"one of {', '.join(choices)}" if choices else field.text("type")
    return f"{kind}; default {_write(field.raw['default'])}" if field.flag("has_default") else kind


def _write(value: JsonValue) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
