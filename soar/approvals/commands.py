"""What people type in a chat: `!approve ab12 seen it`, read into a command. Pure."""

import difflib
import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from soar.model.ids import normalize_code

_PREFIX = re.compile(r"\s*(?:!(?=\S)|/soar(?:\s+|$))")
_LONGEST_CODE = 32


class Verb(StrEnum):
    """What can be typed."""

    APPROVE = "approve"
    DENY = "deny"
    TAKE_BACK = "takeback"
    ASK = "ask"
    SHOW = "show"
    PENDING = "pending"
    EXTEND = "extend"
    UNDO = "undo"
    FREEZE = "freeze"
    UNFREEZE = "unfreeze"
    LINK = "link"
    WHOAMI = "whoami"
    HELP = "help"


_ABOUT_QUESTIONS = frozenset({Verb.APPROVE, Verb.DENY, Verb.TAKE_BACK, Verb.ASK, Verb.SHOW, Verb.EXTEND})
_USAGE = {
    Verb.APPROVE: "!approve ab12 seen it",
    Verb.DENY: "!deny ab12 wrong host",
    Verb.TAKE_BACK: "!takeback ab12",
    Verb.ASK: "!ask ab12 who owns it?",
    Verb.SHOW: "!show ab12",
    Verb.PENDING: "!pending",
    Verb.EXTEND: "!extend ab12 15m",
    Verb.UNDO: "!undo run_31x8 isolate",
    Verb.FREEZE: "!freeze the playbooks run wild",
    Verb.UNFREEZE: "!unfreeze the rule is corrected",
    Verb.LINK: "!link",
    Verb.WHOAMI: "!whoami",
    Verb.HELP: "!help",
}
HELP = " · ".join(_USAGE.values())
"""Every command by an example."""


@dataclass(frozen=True, slots=True)
class Command:
    """What somebody wants.

    Attributes:
        code: of the question it is about, as codes are written; empty if it is about none.
        words: what stands behind it, as typed.
    """

    verb: Verb
    code: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Misunderstood:
    """What was meant as a command and is none; `reply` says what would be."""

    reply: str


def parse_command(text: str) -> Command | Misunderstood | None:
    """Read a message; None if it is not for us.

    `!` belongs to other programs in a channel, too: a word behind it that is nothing like ours is not for us. Behind
    `/soar` everything is.

    Args:
        text: as it came, one line or more.
    """
    prefix = _PREFIX.match(text)
    if prefix is None:
        return None
    word, _, rest = text[prefix.end() :].strip().partition(" ")
    is_ours = prefix.group().strip() != "!"
    if not word:
        return Command(Verb.HELP)
    verb = _find_verb(word)
    if verb is None:
        near = difflib.get_close_matches(word.casefold(), list(Verb), n=1)
        if not near and not is_ours:
            return None
        said = f"Did you mean !{near[0]}?" if near else f"These are known: {HELP}"
        return Misunderstood(f"There is no !{_clip(word)}. {said}")
    return _read_rest(verb, rest.strip())


def _find_verb(word: str) -> Verb | None:
    return next((verb for verb in Verb if verb.value == word.casefold()), None)


def _read_rest(verb: Verb, rest: str) -> Command | Misunderstood:
    if verb not in _ABOUT_QUESTIONS:
        return Command(verb, words=rest)
    parts = rest.split(maxsplit=1)
    if not parts:
        return Misunderstood(f"Which one? {_USAGE[verb]}, and !pending lists what is open.")
    code = normalize_code(parts[0].strip("`.,:"))[:_LONGEST_CODE]
    return Command(verb, code=code, words=parts[1].strip() if len(parts) > 1 else "")


def split_confirmation(confirm: str, words: str) -> tuple[str | None, str]:
    """Return what was typed as confirmation, and the comment behind it; None where the words begin otherwise.

    Args:
        confirm: what has to be typed; empty if nothing has to be.
        words: what stood behind the code.
    """
    head, rest = words[: len(confirm)], words[len(confirm) :]
    if not confirm or head.casefold() != confirm.casefold() or (rest and not rest[0].isspace()):
        return None, words
    return head, rest.strip()


def suggest_code(code: str, open_codes: Collection[str]) -> str | None:
    """Return the open code that was most likely meant: a similar one, or the only one there is."""
    near = difflib.get_close_matches(code, open_codes, n=1, cutoff=0.5)
    if near:
        return near[0]
    return next(iter(open_codes)) if len(open_codes) == 1 else None


def _clip(word: str) -> str:
    return "".join(character for character in word if character.isalnum())[:20]
