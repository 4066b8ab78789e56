"""A connector's README, written from what it is."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from soar.registry.load import LoadedConnector
from soar.registry.quality import Quality, Rule
from soar.sdk.action import Action
from soar.sdk.manifest import ANY_HOST, Setting
from soar.sdk.trigger import Trigger

README = "README.md"


def render_readme(loaded: LoadedConnector, quality: Quality) -> str:
    """Return the text of `README.md`; a file that differs from it has drifted."""
    return "\n".join(_list_lines(loaded, quality)) + "\n"


def _list_lines(loaded: LoadedConnector, quality: Quality) -> Iterator[str]:
    manifest = loaded.manifest
    yield f"# {manifest.title}"
    yield ""
    yield f"Connector `{manifest.id}` {manifest.version}, kept by {manifest.owner}."
    yield f"Vendor's documentation: <{manifest.docs}>"
    if manifest.notes:
        yield ""
        yield manifest.notes.strip()
    for action in loaded.actions.values():
        yield from _describe_action(manifest.id, action)
    for trigger in loaded.triggers.values():
        yield from _describe_trigger(manifest.id, trigger)
    yield from _describe_connection(loaded)
    yield ""
    yield "## Quality"
    yield ""
    for rule in Rule:
        reason = quality.explain(rule)
        yield f"- `{rule}`: done" if reason is None else f"- `{rule}`: exempt. {reason}"


def _describe_action(connector: str, action: Action) -> Iterator[str]:
    promise = action.promise
    yield ""
    yield f"## `{connector}.{action.name}`"
    yield ""
    undone = f", undone by `{promise.undo}`" if promise.undo else ""
    checked = f", checked by `{promise.check}`" if promise.check else ""
    yield f"{promise.title}. Effect: {promise.effect}; a second call: {promise.repeat}{undone}{checked}."
    yield f"At most {promise.timeout:g} seconds."
    if promise.is_for_service:
        yield ""
        yield "For the service alone: no playbook may call it."
    yield from _describe_fields("Argument", action.takes.model_json_schema())
    yield from _describe_fields("Output", action.gives.model_json_schema(mode="serialization"))


def _describe_trigger(connector: str, trigger: Trigger) -> Iterator[str]:
    yield ""
    yield f"## Trigger `{connector}.{trigger.name}`"
    yield ""
    yield f"{trigger.title}. A source names it under `poll`."
    yield from _describe_fields("Argument", trigger.takes.model_json_schema())


def _describe_fields(title: str, schema: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield f"| {title} | Type | Meaning |"
    yield "|---|---|---|"
    for name, field in schema.get("properties", {}).items():
        default = f" Default: `{json.dumps(field['default'])}`." if "default" in field else ""
        yield f"| `{name}` | {_describe_type(field)} | {field.get('description', '')}{default} |"


def _describe_type(field: Mapping[str, Any]) -> str:
    if "anyOf" in field:
        return " or ".join(_describe_type(option) for option in field["anyOf"])
    if "enum" in field:
        return " or ".join(f"`{value}`" for value in field["enum"])
    if field.get("type") == "array":
        return f"list of {_describe_type(field.get('items', {}))}"
    return str(field.get("format") or field.get("type", "any"))


def _describe_connection(loaded: LoadedConnector) -> Iterator[str]:
    manifest = loaded.manifest
    yield ""
    yield "## Connection"
    yield ""
    hosts = [f"`{host}`" for host in manifest.hosts if host != ANY_HOST]
    if ANY_HOST in manifest.hosts:
        hosts.append("those that the connection names under `hosts`")
    yield f"Hosts: {', '.join(hosts) or 'none'}."
    if manifest.limit:
        yield f"The vendor takes {manifest.limit.requests} requests in {manifest.limit.seconds} seconds."
    if manifest.settings:
        yield ""
        yield "| Field | Type | Meaning |"
        yield "|---|---|---|"
        for name, setting in manifest.settings.items():
            yield _describe_setting(name, setting)


def _describe_setting(name: str, setting: Setting) -> str:
    kind = "credential" if setting.secret else setting.type.value
    default = "" if setting.default is None else f" Default: `{json.dumps(setting.default)}`."
    return f"| `{name}` | {kind} | {setting.description}{default} |"
