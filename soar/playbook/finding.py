"""What is wrong, or doubtful, in a document, and how it is shown."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from soar.model.values import JsonValue

CODES: Mapping[str, str] = MappingProxyType(
    {
        "P001": "The file is not UTF-8 text, or holds a control character.",
        "P002": "The file has more than 256 KiB, 10,000 values, 64 levels, or expressions of 9,000 words and signs.",
        "P003": "The file is empty, or its top is no map of keys.",
        "P004": "The file holds more than one document.",
        "P005": "A playbook's file is called after its id, in kebab-case.",
        "P010": "The text is no YAML.",
        "P011": "Anchors and aliases are refused: what is reviewed is what runs.",
        "P012": "An expression is cut off by what YAML takes for a comment.",
        "P013": "Tags are refused; a condition that begins with `!` is read as one.",
        "P014": "A key stands twice in one map.",
        "P015": "Merge keys are refused: what is reviewed is what runs.",
        "P016": "A key is no text, as when `{{ }}` is written instead of `${{ }}`.",
        "P017": "A number is too large to be counted exactly.",
        "P100": "A value has the wrong shape: a list where a map belongs, a number where a text does.",
        "P101": "A key is not known here.",
        "P102": "A key is missing.",
        "P103": "A value is not one of those that are possible here.",
        "P104": "A number is too small or too large.",
        "P105": "A step has no kind, or more than one.",
        "P106": "A key does not go with this kind of step, or with another key.",
        "P107": "A playbook has more than 200 steps, steps deeper than five levels, or more than 16 patterns.",
        "P110": "An id is not lower case letters, digits and _.",
        "P111": "Two steps have the same id, or an element takes a name that has a meaning already.",
        "P112": "A principal is not `role:`, `user:`, `group:` or `oncall:` with a name.",
        "P113": "A channel is not written as `chat:#name`, `page:service` or the like.",
        "P114": "An action is not written as `connector.action` or `connector.action@major`.",
        "P115": "An input's type is not known.",
        "P116": "A pattern is no regular expression.",
        "P117": "A schedule is not five fields of crontab(5) or a usual interval, or its time zone is not known.",
        "P120": "A duration is not written with its units.",
        "P121": "A word of YAML 1.1, such as `yes`, stands where `true` or `false` belongs.",
        "P200": "An expression cannot be read, or calls what is no function.",
        "P201": "A name is not known here.",
        "P202": "A step is not known.",
        "P203": "Only part of a condition is an expression, so it would always be a text.",
        "P204": "A condition gives something other than true or false.",
        "P205": "A step is read or waited for before it can have run.",
        "P206": "A secret stands outside `with:`, or is mixed with other text.",
        "P207": "A field, an input or a variable is not known.",
        "P208": "The types in an expression do not fit: it fails, or its answer is always the same.",
        "P209": "A field is read that there never is, such as one that the action's result does not have.",
        "P210": "A list, a map, bytes or null stands in the middle of text.",
        "P211": "A value is not of the type that is wanted where it stands.",
        "P212": "`alert` is read, but the playbook may be started without one.",
        "P213": "The output of a step is read that may have none.",
        "P214": "An input has no value where a schedule or an event starts the playbook.",
        "P301": "No installed connector has this id.",
        "P302": "The connector has no such action.",
        "P303": "The action has no such parameter.",
        "P304": "A parameter that the action needs is missing.",
        "P305": "A literal value does not fit the parameter.",
        "P306": "The connector knows no way back for this action.",
        "P307": "The pinned major version is not the one installed.",
        "P308": "No source has this id.",
        "P309": "An action is polled that does more with each call.",
        "P310": "`core.undo` names no earlier step with something in it that can be taken back.",
        "P311": "A connection or a credential is kept for other playbooks.",
        "P312": "What only reads is verified.",
        "P313": "The connector has no check for an action that is verified by it.",
        "P314": "An action is used to verify another that changes something itself.",
        "P315": "An action is for the service alone, and no playbook may call it.",
        "P401": "The policy wants a gate before this action.",
        "P402": "A gate that the policy wants may be switched off by `if`.",
        "P403": "Silence never approves.",
        "P404": "A reminder or an escalation comes after the gate has timed out.",
        "P405": "A gate on a group cannot freeze the arguments of a step inside it.",
        "P406": "A gate names nobody who may decide.",
        "P407": "A supervised playbook names nobody to ask about its writes.",
        "P408": "There is no rota of this name, so nobody is on call by it.",
        "P409": "A gate leaves the choice of elements to people, and there are none to choose from.",
        "P501": "Nobody answers for the playbook.",
        "P502": "A change in the world declares no way back.",
        "P503": "A change in the world may fail without anybody noticing.",
        "P504": "A value goes into a query without the function that makes it harmless there.",
        "P505": "The reason for an approval is nothing but text that whoever caused the alert could choose.",
    }
)
"""Every code and what it means."""

MAX_SOURCE_LINE = 240
_CLIPPED = "…"
_LINE_END = re.compile(r"\r\n|[\r\n\x85\u2028\u2029]")


class Severity(StrEnum):
    """Whether a document may be used all the same."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong or doubtful.

    Attributes:
        code: a key of `CODES`.
        file: as the caller named it.
        line: from 1.
        column: in characters, from 1.
        path: where in the document, such as `steps[2].with.url`; empty for the document itself.
        message: what is wrong, for people; nothing in it can move a terminal's cursor.
        hint: what to write instead.
        source_line: the line of the document, clipped.
    """

    code: str
    severity: Severity
    file: str
    line: int
    column: int
    path: str
    message: str
    hint: str | None
    source_line: str

    def to_json(self) -> dict[str, JsonValue]:
        """Return the finding as plain data."""
        return {
            "code": self.code,
            "severity": self.severity.value,
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "path": self.path,
            "message": self.message,
            "hint": self.hint,
            "source_line": self.source_line,
        }


def render_text(finding: Finding) -> str:
    """Return a finding as the terminal shows it: place, message, the line with a caret under it, and the hint."""
    label = "" if finding.severity is Severity.ERROR else f"{finding.severity}: "
    where = f"{finding.path}: " if finding.path else ""
    lines = [f"{finding.file}:{finding.line}:{finding.column}: {finding.code} {label}{where}{finding.message}"]
    if finding.source_line:
        lines.append(f"{finding.line:>6} | {finding.source_line}")
        if finding.column <= len(finding.source_line) + 1:
            before = finding.source_line[: finding.column - 1]
            lines.append(f"       | {''.join(char if char == _TAB else ' ' for char in before)}^")
    if finding.hint:
        lines.append(f"       = help: {finding.hint}")
    return "\n".join(lines)


def sort_findings(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings in the order of the document, each once."""
    return sorted(dict.fromkeys(findings), key=lambda finding: (finding.line, finding.column, finding.code))


def has_errors(findings: Iterable[Finding]) -> bool:
    """Whether one of the findings is an error."""
    return any(finding.severity is Severity.ERROR for finding in findings)


_TAB = "\t"


def split_lines(text: str) -> list[str]:
    """Return the lines of a document; they end where YAML 1.1 parsers see an end."""
    return _LINE_END.split(text)


def clean_text(text: str, limit: int) -> str:
    """Return a text without anything that moves a cursor or turns writing around, and no longer than the limit."""
    clipped = text if len(text) <= limit else text[: limit - 1] + _CLIPPED
    return "".join(char if char.isprintable() or char == _TAB else "\ufffd" for char in clipped)
