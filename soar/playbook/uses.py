"""`uses:` and the keys that go with it, read from a document."""

from datetime import timedelta

from soar.model.errors import ActionCode
from soar.model.step import UNDO_ACTION, Backoff, CallPlaybook, Retry, UndoSpec, UseAction, Verify
from soar.playbook import grammar
from soar.playbook.field import (
    Field,
    Fields,
    describe,
    int_between,
    list_of,
    one_of,
    open_map,
    read_bool,
    read_duration,
    read_expression,
    read_map,
    read_named,
    read_text,
    word_of,
)
from soar.playbook.node import Mapping, Scalar
from soar.playbook.report import quote
from soar.playbook.verifying import read_verify
from soar.playbook.waits import read_poll
from soar.playbook.words import ACTION

_MAX_ATTEMPTS = 100


def read_use(field: Field, keys: Fields) -> UseAction | CallPlaybook:
    """Read a step that calls an action, or another playbook.

    Args:
        field: the value of `uses:`.
        keys: those of the step.
    """
    action, major = read_action(field) or ("", None)
    connector, _, name = action.partition(".")
    if connector == "playbook":
        return _read_call(name, keys)
    if action == UNDO_ACTION:
        _refuse_keys(keys, grammar.USES_OF_UNDO, f"`{UNDO_ACTION}`", "the steps that are undone have their own")
    return UseAction(
        action=action,
        major=major,
        arguments=keys.read("with", read_map, None),
        connection=keys.find("connection", read_text),
        retry=keys.find("retry", read_retry),
        poll=keys.find("poll", read_poll),
        verify=_read_verify(keys),
        undo=keys.find("undo", _read_undo),
        expires=keys.find("expires", _read_expires),
        outputs=keys.read("outputs", read_named, {}),
        mask=keys.find("mask", _read_mask) or False,
    )


def _read_call(playbook: str, keys: Fields) -> CallPlaybook:
    _refuse_keys(keys, grammar.USES_OF_PLAYBOOK, "a call of a playbook", "the playbook that is called has its own")
    return CallPlaybook(
        playbook=playbook,
        arguments=keys.read("with", read_map, None),
        outputs=keys.read("outputs", read_named, {}),
    )


def _refuse_keys(keys: Fields, allowed: tuple[str, ...], what: str, advice: str) -> None:
    for key in grammar.USES:
        found = keys.get(key)
        if found is not None and key not in allowed:
            hint = advice if key in {"retry", "verify", "undo", "expires"} else None
            found.fault("P106", f"`{key}` does not go with {what}", hint, is_about_owner=True)


def read_action(field: Field) -> tuple[str, int | None] | None:
    """Read `connector.action`, with the major if one is pinned."""
    text = read_text(field)
    if text is None:
        return None
    found = ACTION.fullmatch(text)
    if found is None:
        field.fault("P114", f"{quote(text)} is no action", "write connector.action or connector.action@major")
        return None
    return found["name"], None if found["major"] is None else int(found["major"])


def read_retry(field: Field) -> Retry | None:
    """Read how often an action is tried; a whole number stands for `attempts`."""
    if isinstance(field.node, Scalar) and isinstance(field.node.value, int):
        attempts = int_between(1, _MAX_ATTEMPTS)(field)
        return None if attempts is None else Retry(attempts=attempts)
    keys = open_map(field, grammar.RETRY)
    if keys is None:
        return None
    return Retry(
        attempts=keys.need("attempts", int_between(1, _MAX_ATTEMPTS), 1),
        delay=keys.read("delay", read_duration, timedelta(seconds=2)),
        backoff=keys.read("backoff", one_of(Backoff), Backoff.EXPONENTIAL),
        max_delay=keys.read("max_delay", read_duration, timedelta(minutes=5)),
        has_jitter=keys.read("jitter", read_bool, default=True),
        on=keys.read("on", list_of(word_of(tuple(ActionCode))), ()),
        when=keys.find("when", read_expression),
    )


def _read_verify(keys: Fields) -> Verify | None:
    field = keys.get("verify")
    if field is None:
        return None
    if "poll" in keys:
        field.fault(
            "P106", "`verify` does not go with `poll`", "poll what was begun by a step of its own", is_about_owner=True
        )
    return read_verify(field, read_action)


def _read_undo(field: Field) -> UndoSpec | None:
    if isinstance(field.node, Mapping):
        keys = Fields(field, grammar.UNDO)
        uses = keys.get("uses")
        action = None if uses is None else read_action(uses)
        if uses is None:
            field.fault("P102", "the key `uses` is missing")
        return UndoSpec(
            action=action[0] if action else "",
            arguments=keys.read("with", read_map, None),
            connection=keys.find("connection", read_text),
        )
    if isinstance(field.node, Scalar) and field.node.value == "auto":
        return UndoSpec()
    field.fault("P103", f"auto or a map with `uses` belongs here, not {describe(field.node)}", "write `auto`")
    return None


def _read_expires(field: Field) -> str | None:
    node = field.node
    if isinstance(node, Scalar) and isinstance(node.value, str) and "${{" in node.value:
        return node.value
    return None if read_duration(field) is None else str(node.to_plain())


def _read_mask(field: Field) -> bool | tuple[str, ...] | None:
    if isinstance(field.node, Scalar) and isinstance(field.node.value, bool):
        return field.node.value
    return list_of(read_text)(field)
