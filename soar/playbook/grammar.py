"""Every key of the language with what it holds, in one place: the parser knows these and no others."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

Keys: TypeAlias = Mapping[str, str]

PLAYBOOK: Final[Keys] = MappingProxyType(
    {
        "name": "A sentence for people.",
        "description": "More of it.",
        "owner": "Who answers for the playbook: team:id or user:mail.",
        "tags": "Words to find it by.",
        "saves": "Analyst time that one run saves.",
        "enabled": "Whether it starts; true unless said.",
        "mode": "live; supervised asks before every write; shadow notes writes and does not make them.",
        "schema": "The version of the language, which is 1.",
        "on": "What starts it: a map of distinct kinds, or a list of such maps.",
        "inputs": "What a run needs, by name.",
        "vars": "Named templates, evaluated once at the start.",
        "concurrency": "How many runs may be open at once.",
        "dedupe": "When two alerts are the same to this playbook.",
        "case": "The case that a run belongs to.",
        "notify": "Where people are told of a run.",
        "defaults": "What holds for every step that says nothing else.",
        "rollback": "When what a run has changed is taken back without anybody asking for it; manual unless said.",
        "timeout": "How long a whole run may take; 7d unless said.",
        "steps": "What is done, from top to bottom.",
        "on_failure": "Steps that run when a step has failed.",
        "finally": "Steps that run in any case, last.",
        "outputs": "Named templates, evaluated at the end.",
    }
)
INPUT: Final[Keys] = MappingProxyType(
    {
        "type": "What it is: string, ip, list<sha256>, url?, …",
        "from": "Expression that takes it from the alert.",
        "default": "Template that stands in where `from` finds nothing.",
        "required": "Whether a run without it is rejected; true unless said.",
        "enum": "The values that are possible.",
        "min": "The least number.",
        "max": "The largest number.",
        "pattern": "RE2 that a text must match as a whole.",
        "description": "What it is, for people.",
        "secret": "Whether it is hidden from people.",
    }
)
DEDUPE: Final[Keys] = MappingProxyType(
    {
        "key": "Expression; alerts with equal values are the same.",
        "window": "For how long; 1h unless said.",
        "on_duplicate": "What happens to the second: attach (unless said), drop or run.",
    }
)
CONCURRENCY: Final[Keys] = MappingProxyType(
    {
        "key": "Expression; runs with equal values are counted together.",
        "mode": "What happens to a run while another is open: queue, drop, replace or parallel (unless said).",
        "max": "How many may be open; 10 unless said.",
    }
)
CASE: Final[Keys] = MappingProxyType(
    {
        "title": "Template, what the case is called.",
        "key": "Expression; runs with equal values share a case.",
        "severity": "Template, how bad it is.",
    }
)
NOTIFY: Final[Keys] = MappingProxyType(
    {
        "channel": "Where: chat:#name, page:service, mail:address, …",
        "on": "Of what: started, waiting, finished, failed.",
        "thread": "Whether messages are kept together by run (unless said) or by case.",
    }
)
DEFAULTS: Final[Keys] = MappingProxyType(
    {
        "timeout": "How long a step may take.",
        "retry": "How often an action is tried.",
        "approve": "Who is asked before a write of a supervised playbook.",
        "connection": "Which connection of a connector is used, by connector.",
    }
)
TRIGGERS: Final[Keys] = MappingProxyType(
    {
        "alert": "Start for each alert that matches.",
        "schedule": "Start at moments.",
        "manual": "Start by hand.",
        "call": "Start for another playbook.",
        "event": "Start for an event of the service itself.",
    }
)
ALERT: Final[Keys] = MappingProxyType(
    {
        "source": "Ids of sources; any unless said.",
        "match": "Expression over the alert; a missing field means no.",
    }
)
SCHEDULE: Final[Keys] = MappingProxyType(
    {
        "cron": "Five fields, as in crontab(5); or `every`.",
        "every": "Time between two moments, counted from a Monday's midnight.",
        "timezone": "Name in the IANA time zone database; UTC unless said.",
        "catch_up": "Which moments that passed while nothing ran are made up for: none (unless said), latest or all.",
    }
)
MANUAL: Final[Keys] = MappingProxyType({"by": "Who may; whoever may run playbooks unless said."})
CALL: Final[Keys] = MappingProxyType({})
EVENT: Final[Keys] = MappingProxyType(
    {"type": "Which kind of event.", "match": "Expression over the event; every one unless said."}
)
STEP: Final[Keys] = MappingProxyType(
    {
        "id": "What expressions call it: steps.<id>.",
        "name": "What people call it.",
        "note": "More for people.",
        "if": "Expression; the step is skipped unless it is true.",
        "needs": "Ids it waits for; without it, everything above in its list. [] starts at once.",
        "foreach": "Expression that gives a list; the step is done for each element.",
        "approve": "Who must say yes before; alone, a gate and nothing else.",
        "timeout": "How long it may take.",
        "on_failure": "stop (unless said), continue, or steps that handle it.",
        "saves": "Analyst time that this step saves.",
    }
)
KINDS: Final[Keys] = MappingProxyType(
    {
        "uses": "The action that is called, connector.action, or playbook.id.",
        "steps": "A group: one condition, one gate around several steps.",
        "set": "Named templates; they are the step's output.",
        "stop": "End the run here.",
        "parallel": "Several lists of steps at once, by name.",
        "choose": "The first list whose condition is true.",
        "ask": "Ask somebody for facts; the answers are the step's output.",
        "wait": "Wait for a while, until a moment, or for an event.",
        "fail": "Fail, with a message.",
    }
)
USES: Final[Keys] = MappingProxyType(
    {
        "with": "The arguments.",
        "connection": "Which connection of the connector is used.",
        "retry": "How often the action is tried.",
        "poll": "Call the action again until its answer says that it is done.",
        "verify": "Look for what the action did, and fail if it is not seen: auto, or an action that reads.",
        "undo": "The way back: auto, or another action.",
        "expires": "After what time the undo runs by itself.",
        "outputs": "Named templates over `output`, the answer.",
        "mask": "true, or the outputs that are hidden from people.",
    }
)
USES_OF_PLAYBOOK: Final = ("with", "outputs")
"""Those of the keys beside `uses` that go with a call of another playbook."""
USES_OF_UNDO: Final = ("with", "outputs", "mask")
"""Those that go with `core.undo`."""

PARALLEL: Final[Keys] = MappingProxyType({"fail_fast": "Whether one failed branch lets the others begin nothing."})
CHOOSE: Final[Keys] = MappingProxyType({"else": "Steps that are taken if no condition is true."})
CHOICE: Final[Keys] = MappingProxyType({"when": "Expression.", "steps": "What is done if it is true."})
FOREACH: Final[Keys] = MappingProxyType(
    {
        "in": "Expression that gives the list.",
        "as": "What an element is called in expressions; item unless said.",
        "max_parallel": "How many at once; 1 unless said.",
        "max_items": "More than this is an error before the first call; 1000 unless said.",
        "fail_fast": "Whether one failed element stops the rest; true unless said.",
    }
)
STOP: Final[Keys] = MappingProxyType(
    {"status": "How the run ends: succeeded (unless said), denied or cancelled.", "reason": "Template, why."}
)
ASK: Final[Keys] = MappingProxyType(
    {
        "to": "Whom: a principal, a mail address, or a template that gives one.",
        "question": "Template.",
        "fields": "What is to be filled in, by name.",
        "timeout": "For how long; 24h unless said.",
        "on_timeout": "What silence means: stop (unless said), continue or fail.",
    }
)
ASK_FIELD: Final[Keys] = MappingProxyType(
    {
        "type": "What it is; string unless said.",
        "label": "What people read beside it.",
        "enum": "The answers that are possible.",
        "default": "What is filled in already.",
    }
)
WAIT: Final[Keys] = MappingProxyType(
    {
        "until": "Expression that gives a timestamp.",
        "for": "The event that is waited for.",
        "timeout": "How long the event is waited for.",
        "on_timeout": "What it means that it did not come: stop (unless said), continue or fail.",
    }
)
WAIT_EVENT: Final[Keys] = MappingProxyType(
    {"event": "Which kind of event.", "match": "Expression over the event; the first one unless said."}
)
GATE: Final[Keys] = MappingProxyType(
    {
        "by": "Who may decide: role:id, user:mail, group:id or oncall:schedule.",
        "if": "Expression; people are asked only if it is true. Always unless said.",
        "quorum": "How many must say yes; 1 unless said.",
        "veto": "Whether one no decides; true unless said.",
        "exclude": "Who may not: initiator, author, publisher, target. [initiator, target] unless said.",
        "assurance": "How sure we must be who votes: linked, confirmed (something is typed) or mfa.",
        "reason": "Template, why.",
        "impact": "Template, what it means.",
        "evidence": "Templates that people decide by, each under its label.",
        "confirm": "Template, what must be typed; the target, or how many there are, unless said.",
        "comment": "optional (unless said), required or required_on_deny.",
        "per": "Whether people are asked once for a foreach (batch, unless said) or for each element (item).",
        "subset": "Whether whoever decides may leave elements out.",
        "timeout": "After what time silence is a no; 30m unless said.",
        "remind": "When people are reminded; at half and at four fifths of the timeout unless said.",
        "escalate": "Who else may decide after a while.",
        "on_timeout": "Whether silence denies (unless said) or fails the step.",
        "on_deny": "What follows a no: stop (unless said), continue, or steps.",
        "channel": "Where people are asked.",
    }
)
ESCALATION: Final[Keys] = MappingProxyType(
    {"after": "After what time.", "to": "Who may decide from then on.", "via": "The channels that are told then."}
)
RETRY: Final[Keys] = MappingProxyType(
    {
        "attempts": "Calls in all, the first included.",
        "delay": "The time before the second; 2s unless said.",
        "backoff": "How the delay grows: fixed or exponential (unless said).",
        "max_delay": "The longest delay; 5m unless said.",
        "jitter": "Whether the delay varies by chance; true unless said.",
        "on": "Error codes worth another try.",
        "when": "Expression over `error`; always unless said.",
    }
)
POLL: Final[Keys] = MappingProxyType(
    {
        "every": "The time from an answer to the next call.",
        "until": "Expression over `output`, the last answer.",
        "timeout": "How long in all.",
    }
)
VERIFY: Final[Keys] = MappingProxyType(
    {
        "uses": "The action that looks; the connector's own check unless said.",
        "with": "Its arguments, in which `output` is the answer of what is verified.",
        "connection": "Which connection of the connector is used.",
        "until": "Expression over `output`, the answer of the action that looks.",
        "attempts": "How often is looked at most; 10 unless said.",
        "every": "The time from an answer to the next look; 10s unless said.",
        "timeout": "How long in all; 5m unless said.",
    }
)
UNDO: Final[Keys] = MappingProxyType(
    {
        "uses": "The action that takes it back.",
        "with": "Its arguments.",
        "connection": "Which connection of the connector is used.",
    }
)
