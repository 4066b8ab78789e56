"""The words of the language that have a form of their own: ids, principals, channels, actions, types."""

import re
from typing import Final

STEP_ID: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
PLAYBOOK_ID: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
PRINCIPAL: Final = re.compile(r"(?:(?:role|group|oncall):[A-Za-z0-9][\w.-]*|user:[^\s@]+(?:@[^\s@]+)?)")
OWNER: Final = re.compile(r"(?:team:[A-Za-z0-9][\w.-]*|user:[^\s@]+@[^\s@]+)")
CHANNEL: Final = re.compile(
    r"(?:(?:chat|slack|matrix|discord):#\S+|mattermost:~\S+|teams:\S.*|(?:page|opsgenie):[\w.-]+|mail:[^\s@]+(?:@[^\s@]+)?)"
)
ACTION: Final = re.compile(r"(?P<name>[a-z][a-z0-9_]*\.[a-z][a-z0-9_-]*)(?:@(?P<major>[0-9]{1,4}))?")

PERSON: Final = re.compile(r"[^\s@:]+@[^\s@:]+")

SCALAR_TYPES: Final = (
    "string",
    "int",
    "number",
    "bool",
    "duration",
    "timestamp",
    "ip",
    "cidr",
    "email",
    "url",
    "domain",
    "hostname",
    "md5",
    "sha1",
    "sha256",
    "uuid",
    "object",
    "any",
)
_CONTAINER: Final = re.compile(r"(?:list|map)<(?P<inner>.+)>")
_MAX_TYPE_DEPTH: Final = 5

OLD_BOOLEANS: Final = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
"""Words that YAML 1.1 takes for booleans and YAML 1.2 does not."""


def is_type(text: str) -> bool:
    """Whether a text names an input's type, such as `list<sha256>` or `url?`."""
    for _ in range(_MAX_TYPE_DEPTH):
        text = text.removesuffix("?")
        if text in SCALAR_TYPES:
            return True
        container = _CONTAINER.fullmatch(text)
        if container is None:
            return False
        text = container["inner"]
    return False


def suggest_id(text: str) -> str | None:
    """Return the id closest to a text that is none, or None if nothing of it can be kept."""
    kept = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_").lstrip("0123456789_")
    return kept if STEP_ID.fullmatch(kept) else None
