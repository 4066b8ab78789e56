"""The connectors that the playbooks in these tests call."""

from dataclasses import replace

import pytest

from soar.model.catalog import ActionSpec, Catalog, ConnectorSpec, Effect, Repeat
from soar.model.values import JsonValue


def _schema(required: dict[str, JsonValue], **optional: JsonValue) -> dict[str, JsonValue]:
    return {"type": "object", "properties": {**required, **optional}, "required": list(required)}


TEXT: JsonValue = {"type": "string"}
COUNT: JsonValue = {"type": "integer", "minimum": 0}
TEXTS: JsonValue = {"type": "array", "items": {"type": "string"}}
JQL: JsonValue = {"type": "string", "x-language": "jql"}
TICKETS: JsonValue = {"type": "array", "items": {"$ref": "#/$defs/Ticket"}}
SOFTNESS: JsonValue = {"enum": ["soft_delete", "hard_delete"], "type": "string"}


def _action(
    name: str,
    parameters: dict[str, JsonValue],
    result: dict[str, JsonValue],
    effect: Effect = Effect.READ,
    undo: str | None = None,
    repeat: Repeat = Repeat.SAFE,
) -> ActionSpec:
    connector, _, short = name.partition(".")
    return ActionSpec(
        connector=connector,
        name=short,
        title=short,
        effect=effect,
        repeat=repeat,
        parameters=parameters,
        result=result,
        undo=undo,
    )


ACTIONS = (
    _action("virustotal.url_report", _schema({"url": TEXT}), _schema({"url": TEXT, "malicious": COUNT})),
    _action("virustotal.file_report", _schema({"hash": TEXT}), _schema({"hash": TEXT, "malicious": COUNT})),
    _action("whois.domain_age", _schema({"domain": TEXT}), _schema({"age_days": COUNT})),
    _action(
        "exchange.search_messages",
        _schema({"internet_message_id": TEXT}, sender=TEXT, since=TEXT),
        _schema({"count": COUNT, "mailboxes": COUNT, "messages": TEXTS}),
    ),
    _action(
        "exchange.purge_messages",
        _schema({"messages": TEXTS}, mode=SOFTNESS),
        _schema({"purged": COUNT}),
        Effect.DESTRUCTIVE,
        "restore_messages",
    ),
    _action("exchange.restore_messages", _schema({"messages": TEXTS}), _schema({}), Effect.WRITE),
    _action("defender.isolate_machine", _schema({"host": TEXT}), _schema({}), Effect.DESTRUCTIVE, "release_machine"),
    _action("defender.release_machine", _schema({"host": TEXT}), _schema({}), Effect.WRITE),
    _action(
        "jira.add_comment",
        _schema({"issue": TEXT, "text": TEXT}),
        _schema({"id": TEXT}),
        Effect.WRITE,
        repeat=Repeat.UNSAFE,
    ),
    _action(
        "jira.search",
        _schema({"jql": JQL}, limit=COUNT),
        {**_schema({"issues": TICKETS}), "$defs": {"Ticket": _schema({"key": TEXT})}},
    ),
    _action("core.undo", _schema({"step": TEXT}, reason=TEXT), _schema({"lifted": COUNT}), Effect.WRITE),
    replace(_action("slack.open_socket", _schema({}), _schema({"url": TEXT})), is_for_service=True),
    _action("chat.dm", _schema({"user": TEXT, "text": TEXT}), _schema({}), Effect.WRITE),
)


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    connectors = {action.connector for action in ACTIONS}
    return Catalog(
        {
            name: ConnectorSpec(
                id=name,
                title=name,
                version="1.4.0",
                digest="sha256:00",
                docs="",
                hosts=(),
                secrets=(),
                settings={},
                actions={action.name: action for action in ACTIONS if action.connector == name},
                has_simulator=False,
                is_channel=False,
            )
            for name in sorted(connectors)
        }
    )
