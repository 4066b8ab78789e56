"""The page of connectors and their actions."""

from collections.abc import Iterator
from pathlib import Path

from pages.table import row
from soar.app.documents import read_yaml
from soar.registry.discover import Found, discover
from soar.registry.docs import README, render_readme
from soar.registry.load import LoadedConnector, load_connector, load_connectors
from soar.registry.quality import read_quality

_ROOT = Path(__file__).resolve().parents[3]


def list_readmes() -> Iterator[tuple[Path, str]]:
    """Yield each connector's own page: the file, and what belongs into it."""
    for found in _discover():
        yield found.folder / README, render_readme(load_connector(found, read_yaml), read_quality(found, read_yaml))


def _discover() -> list[Found]:
    return discover([_ROOT / "connectors"], installed=())


def render() -> Iterator[str]:
    """Yield the lines of the page."""
    yield "# Connectors and actions"
    yield ""
    yield "An effect is `read`, `write` or `destructive`. A second call of the same intent is `safe` (it does nothing"
    yield "more), `keyed` (the product knows our idempotency key), `checkable` (the product can be asked whether the"
    yield "first arrived) or `unsafe`. After a crash people decide what becomes of the last two."
    yield "Each connector's own page has the types, the outputs and the connection."
    for id_, connector in load_connectors(_discover(), read_yaml).items():
        yield from _describe_connector(id_, connector)


def _describe_connector(id_: str, connector: LoadedConnector) -> Iterator[str]:
    yield from ("", f"## {connector.manifest.title}", "")
    simulated = "with" if connector.simulator else "without"
    page = f"[`{id_}`](../../connectors/{id_}/README.md)"
    yield f"Connector {page} {connector.manifest.version}, {simulated} a simulator."
    yield ""
    yield "| Action | Does | Effect | A second call | Undone by | Acts on | Parameters |"
    yield "|---|---|---|---|---|---|---|"
    callable_actions = ((name, one) for name, one in connector.actions.items() if not one.promise.is_for_service)
    for name, action in callable_actions:
        promise, schema = action.promise, action.takes.model_json_schema()
        required = schema.get("required", [])
        parameters = [f"`{key}`" if key in required else f"`{key}`?" for key in schema.get("properties", {})]
        undo = f"`{id_}.{promise.undo}`" if promise.undo else ""
        targets = f"`{promise.targets}`" if promise.targets else ""
        yield row(
            f"`{id_}.{name}`", promise.title, promise.effect, promise.repeat, undo, targets, ", ".join(parameters)
        )
