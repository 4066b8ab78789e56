"""What the loaded connectors can do, as data."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property, partial

from soar.model.catalog import ActionSpec, Catalog, ConnectorSpec
from soar.model.values import JsonValue
from soar.registry.load import LoadedConnector
from soar.sdk.action import Action


class _Schema(Mapping[str, JsonValue]):
    """A JSON Schema that is made when it is first looked at, as a service asks for few of them.

    Args:
        make: makes it.
    """

    def __init__(self, make: Callable[[], Mapping[str, JsonValue]]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> Mapping[str, JsonValue]:
        return self._make()

    def __getitem__(self, key: str) -> JsonValue:
        return self._made[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)


def build_catalog(connectors: Iterable[LoadedConnector]) -> Catalog:
    """Return the catalog of these connectors."""
    return Catalog({one.manifest.id: describe_connector(one) for one in connectors})


def describe_connector(loaded: LoadedConnector) -> ConnectorSpec:
    """Return what a connector is and can do.

    One that calls no host needs no simulator: there is nothing to simulate.
    """
    manifest = loaded.manifest
    return ConnectorSpec(
        id=manifest.id,
        title=manifest.title,
        version=manifest.version,
        digest=loaded.digest,
        docs=manifest.docs,
        hosts=manifest.hosts,
        secrets=manifest.secrets,
        settings=_Schema(manifest.describe_settings),
        actions={action.name: _describe_action(manifest.id, action) for action in loaded.actions.values()},
        has_simulator=loaded.simulator is not None or not manifest.hosts,
        is_channel=(loaded.folder / "channel.py").exists(),
        token_field=manifest.oauth2.token if manifest.oauth2 else None,
    )


def _describe_action(connector: str, action: Action) -> ActionSpec:
    promise = action.promise
    return ActionSpec(
        connector=connector,
        name=action.name,
        title=promise.title,
        effect=promise.effect,
        repeat=promise.repeat,
        parameters=_Schema(action.takes.model_json_schema),
        result=_Schema(partial(action.gives.model_json_schema, mode="serialization")),
        undo=promise.undo,
        undo_arguments=promise.undo_arguments,
        check=promise.check,
        check_arguments=promise.check_arguments,
        targets=promise.targets,
        timeout=promise.timeout,
        is_for_service=promise.is_for_service,
    )
