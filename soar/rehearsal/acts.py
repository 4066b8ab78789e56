"""What people do in a test: how they vote at a gate, and what they answer to a question for facts."""

from collections.abc import Callable
from datetime import timedelta

from soar.model.approval import VoteChoice
from soar.playbook.field import Field, Fields, list_of, open_map, read_duration, read_map, read_text, word_of
from soar.rehearsal.suite import Act, Script

_VOTE_KEYS = ("approve", "deny", "timeout", "roles", "after", "confirm", "comment", "only", "expect")
_ANSWER_KEYS = ("answer", "timeout", "by", "roles", "after", "expect")
_LONGEST_WAIT = timedelta(days=3_650)
_VOTE_VERDICTS = (
    "accepted",
    "already_voted",
    "already_decided",
    "not_allowed",
    "excluded_initiator",
    "excluded_author",
    "excluded_publisher",
    "excluded_target",
    "expired",
    "comment_missing",
    "confirm_missing",
)
_ANSWER_VERDICTS = ("accepted", "already_decided", "not_allowed", "expired", "answers_invalid")


def read_votes(field: Field) -> Script:
    """Read what people do at a gate: one act, or a list of them."""
    return _read_script(field, _read_vote)


def read_answers(field: Field) -> Script:
    """Read what people answer to a question for facts: one act, or a list of them."""
    return _read_script(field, _read_answer)


def _read_script(field: Field, read_act: Callable[[Field], Act | None]) -> Script:
    acts = [read_act(item) for item in field.items()]
    script = tuple(act for act in acts if act is not None)
    _check_order(field, script)
    return Script(field.line, script)


def _read_vote(field: Field) -> Act | None:
    keys = open_map(field, _VOTE_KEYS, "an act")
    if keys is None:
        return None
    kinds = [kind for kind in ("approve", "deny", "timeout") if kind in keys]
    if len(kinds) != 1:
        field.fault(
            "P105", "an act is one of `approve`, `deny` and `timeout`", "write {approve: ann, roles: [analyst]}"
        )
        return None
    if kinds == ["timeout"]:
        return _read_silence(keys, _VOTE_KEYS)
    return Act(
        line=field.line,
        choice=VoteChoice(kinds[0]),
        user=keys.read(kinds[0], read_text, ""),
        roles=keys.read("roles", list_of(read_text), ()),
        after=keys.find("after", _read_after),
        confirm=keys.find("confirm", read_text),
        comment=keys.find("comment", read_text),
        only=keys.read("only", list_of(read_text), ()),
        wanted=keys.read("expect", word_of(_VOTE_VERDICTS), "accepted"),
    )


def _read_answer(field: Field) -> Act | None:
    keys = open_map(field, _ANSWER_KEYS, "an act")
    if keys is None:
        return None
    if ("answer" in keys) == ("timeout" in keys):
        field.fault("P105", "an act is one of `answer` and `timeout`", "write {answer: {field: value}}")
        return None
    if "timeout" in keys:
        return _read_silence(keys, _ANSWER_KEYS)
    if "roles" in keys and "by" not in keys:
        field.fault("P106", "`roles` goes with `by`: without it whoever is asked answers", "add `by`")
    return Act(
        line=field.line,
        answers=keys.find("answer", read_map),
        user=keys.read("by", read_text, ""),
        roles=keys.read("roles", list_of(read_text), ()),
        after=keys.find("after", _read_after),
        wanted=keys.read("expect", word_of(_ANSWER_VERDICTS), "accepted"),
    )


def _read_after(field: Field) -> timedelta | None:
    after = read_duration(field)
    if after is not None and after > _LONGEST_WAIT:
        field.fault("P104", f"nobody is waited for longer than {_LONGEST_WAIT.days} days")
        return None
    return after


def _read_silence(keys: Fields, known: tuple[str, ...]) -> Act | None:
    timeout = keys.get("timeout")
    if timeout is None or timeout.node.to_plain() is not True:
        keys.field.fault("P100", "`timeout` is `true` or left out")
        return None
    for key in known:
        extra = keys.get(key)
        if extra is not None and key != "timeout":
            extra.fault("P106", f"`{key}` does not go with `timeout`: nobody acts", "remove it")
    return Act(line=keys.field.line)


def _check_order(field: Field, acts: tuple[Act, ...]) -> None:
    """Refuse acts that would have to happen before the ones above them."""
    moments = [act.after for act in acts if act.after is not None]
    if moments != sorted(moments):
        field.fault("P104", "the acts are not in order: `after` counts from the question", "put the earlier one first")
