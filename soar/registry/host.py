"""Runs connector code within the service's own process."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

from pydantic import BaseModel, ValidationError

from soar.model.catalog import Connection
from soar.model.clock import Clock
from soar.model.errors import ActionCode, ActionError, DeniedError, InputError, NotFoundError, SoarError
from soar.model.network import Egress
from soar.model.poll import MOST_ITEMS, Batch, PollCall
from soar.model.process import ActionAnswer, ActionCall
from soar.model.secret import BoundSecret, Secret
from soar.model.values import JsonValue
from soar.registry.binding import narrow_hosts
from soar.registry.load import LoadedConnector
from soar.registry.pointer import insert
from soar.registry.tokens import AccessTokens, Keep, Resolve
from soar.sdk.action import Action
from soar.sdk.alerts import Alerts
from soar.sdk.channel import Messages
from soar.sdk.client import Client
from soar.sdk.context import Context, Feed, Settings
from soar.sdk.errors import ActionInputError, PermanentError
from soar.sdk.faults import describe_faults
from soar.sdk.invocation import MESSAGE_LIMIT, invoke
from soar.sdk.lists import Lists
from soar.sdk.manifest import PRIVATE
from soar.sdk.redaction import Redactor
from soar.sdk.simulation import Ledger, SimulatedEgress
from soar.sdk.stream import NoDialer, SocketDialer
from soar.sdk.trigger import Trigger

_POLL_TIMEOUT = 60.0  # seconds for each exchange of a trigger


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the host needs of the service.

    Attributes:
        find_connection: by workspace and id.
        resolve: a credential's secret, by workspace and name; raises `SoarError` if it cannot be had.
        keep: stores a credential's next value, which a token endpoint has exchanged for the one before.
        open_ledger: the ledger of a simulated product, by workspace and connection.
        open_messages: the built-in chat, for one call.
        open_lists: the lists that people keep, for one call.
        open_alerts: the way in for alerts of our own, for one call.
        egress: the way out.
    """

    find_connection: Callable[[str, str], Connection | None]
    resolve: Resolve
    keep: Keep
    open_ledger: Callable[[str, str], Ledger]
    open_messages: Callable[[ActionCall], Messages]
    open_lists: Callable[[ActionCall], Lists]
    open_alerts: Callable[[ActionCall], Alerts]
    egress: Egress
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class _Terms:
    """What a connection says, checked and filled in.

    Attributes:
        hosts: those that may be called without any credential.
        private: those that may be inside the network, whether or not they may be called.
    """

    loaded: LoadedConnector
    connection: Connection
    settings: Settings
    hosts: frozenset[str]
    private: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """A call whose connector, action and connection are known to fit."""

    call: ActionCall
    action: Action
    terms: _Terms


@dataclass(frozen=True, slots=True)
class _Supplies:
    """What a call is given: arguments with their secrets in place, credentials by field, and where it may go."""

    arguments: JsonValue
    credentials: Mapping[str, Secret]
    hosts: frozenset[str]
    redactor: Redactor


class InProcessHost:
    """An `ActionHost` without walls: connector code shares the process. For connectors that are trusted as the service.

    Args:
        connectors: by id.
        surroundings: what the service lends to calls.
    """

    def __init__(self, connectors: Mapping[str, LoadedConnector], surroundings: Surroundings) -> None:
        self._connectors = connectors
        self._world = surroundings
        self._terms: dict[tuple[str, str], _Terms] = {}
        self._tokens = AccessTokens(
            surroundings.egress, resolve=surroundings.resolve, keep=surroundings.keep, clock=surroundings.clock
        )

    async def call(self, call: ActionCall) -> ActionAnswer:
        """Make the call and say how it ended; see `soar.model.process.ActionHost`."""
        try:
            plan = self._plan(call)
            credentials = await self._resolve_credentials(plan.terms, call.workspace)
            arguments, inserted = await self._insert_secrets(call)
            hosts = _find_hosts(plan.terms, {**_name_credentials(plan.terms.connection, credentials), **inserted})
        except ActionError as error:
            return replace(_refuse(error.action_code, error.message), retry_after=error.retry_after)
        except DeniedError as error:
            return _refuse(ActionCode.FORBIDDEN, f"{error.code}: {error.message}")
        except SoarError as error:
            return _refuse(ActionCode.AUTH, error.message)
        except Exception as error:  # noqa: BLE001 nothing was called yet, and the contract is not to raise
            return _refuse(ActionCode.INTERNAL, f"the call did not begin: {type(error).__name__}")
        opened = {field: credential.secret for field, credential in credentials.items()}
        redactor = Redactor([*opened.values(), *(secret.secret for secret in inserted.values())])
        answer = await self._invoke(_Supplies(arguments, opened, hosts, redactor), plan)
        if answer.code is ActionCode.AUTH:
            self._tokens.forget(call.workspace, call.connection)
        return answer

    def read_output(self, action: str, output: JsonValue) -> JsonValue:
        """Return an output that somebody gives in a product's place, as the action itself would have given it.

        Args:
            action: `connector.action`.
            output: what is given for it.

        Raises:
            NotFoundError: there is no such action.
            InputError: the action answers otherwise (`settle.output`).
        """
        connector, _, name = action.partition(".")
        loaded = self._connectors.get(connector)
        known = loaded.actions.get(name) if loaded else None
        if known is None:
            raise NotFoundError(f"{action} is not installed any more")
        try:
            given = known.gives.model_validate_json(json.dumps(output), strict=True)
        except ValidationError as error:
            raise InputError(
                f"{action} answers otherwise: {describe_faults(error)}",
                code="settle.output",
                hint=f"give what it would have answered: `soar connector show {connector}` lists the fields",
            ) from None
        return given.model_dump(mode="json", by_alias=True)

    def _plan(self, call: ActionCall) -> _Plan:
        connector, _, name = call.action.partition(".")
        loaded = self._connectors.get(connector)
        action = loaded.actions.get(name) if loaded else None
        if loaded is None or action is None:
            raise ActionInputError(f"there is no action {call.action}")
        return _Plan(call=call, action=action, terms=self._find_terms(call.workspace, call.connection, loaded))

    async def _resolve_credentials(self, terms: _Terms, workspace: str) -> dict[str, BoundSecret]:
        """Return the connection's secrets by field; a simulated product is shown made-up ones."""
        loaded, connection = terms.loaded, terms.connection
        fields = loaded.manifest.secrets
        if connection.simulate:
            return {field: BoundSecret(secret=Secret(f"simulated-{field}")) for field in fields}
        named = connection.credentials
        opened = {}
        recipe, declared = connection.oauth2, loaded.manifest.oauth2
        if recipe is not None and declared is not None:
            recipe = replace(recipe, scope=recipe.scope or declared.scope)
            token = await self._tokens.get(workspace, connection, recipe)
            opened[declared.token] = BoundSecret(secret=token)
        for field in fields:
            if field in named and field not in opened:
                opened[field] = await self._world.resolve(workspace, named[field])
        return opened

    @asynccontextmanager
    async def open_trigger(self, call: PollCall) -> AsyncIterator[AsyncIterator[Batch]]:
        """Return what yields a trigger's batches; see `soar.model.poll.TriggerHost`."""
        trigger, terms = self._find_trigger(call)
        arguments = _read_arguments(trigger, call.arguments)
        credentials = await self._resolve_credentials(terms, call.workspace)
        hosts = _find_hosts(terms, _name_credentials(terms.connection, credentials))
        redactor = Redactor([credential.secret for credential in credentials.values()])
        private = terms.private & hosts
        egress = self._open_egress(terms, call.workspace)
        feed = Feed(
            http=Client(
                call.wrap_egress(egress) if call.wrap_egress else egress,
                hosts=hosts,
                private_hosts=private,
                idempotency_key=call.trigger,
                timeout=_POLL_TIMEOUT,
            ),
            settings=terms.settings,
            credentials={field: credential.secret for field, credential in credentials.items()},
            clock=self._world.clock,
            dial=NoDialer() if terms.connection.simulate else SocketDialer(hosts=hosts, private_hosts=private),
        )
        batches = trigger.method(terms.loaded.connector(), feed, arguments, call.cursor)
        explained = _explain_faults(batches, redactor)
        try:
            yield explained
        except ActionError as error:
            if error.action_code is ActionCode.AUTH:
                self._tokens.forget(call.workspace, call.connection)
            raise
        finally:
            await explained.aclose()
            await batches.aclose()  # type: ignore[attr-defined]  # an async generator, as was checked when it was loaded

    def _find_trigger(self, call: PollCall) -> tuple[Trigger, _Terms]:
        connector, _, name = call.trigger.partition(".")
        loaded = self._connectors.get(connector)
        if loaded is None or name not in loaded.triggers:
            raise ActionInputError(f"there is no trigger {call.trigger}")
        return loaded.triggers[name], self._find_terms(call.workspace, call.connection, loaded)

    def _find_terms(self, workspace: str, name: str, loaded: LoadedConnector) -> _Terms:
        """Return what a connection says, read once: it stays as it is until it is another one."""
        connection = self._world.find_connection(workspace, name)
        if connection is None or connection.connector != loaded.manifest.id:
            raise ActionInputError(f"{loaded.manifest.id} has no connection {name}")
        terms = self._terms.get((workspace, name))
        if terms is None or terms.connection is not connection or terms.loaded is not loaded:
            terms = self._terms[workspace, name] = _read_terms(loaded, connection)
        return terms

    async def _insert_secrets(self, call: ActionCall) -> tuple[JsonValue, dict[str, BoundSecret]]:
        arguments, inserted = call.arguments, {}
        for pointer, name in call.secrets:
            opened = await self._world.resolve(call.workspace, name)
            arguments = insert(arguments, pointer, opened.secret.reveal())
            inserted[name] = opened
        return arguments, inserted

    async def _invoke(self, supplies: _Supplies, plan: _Plan) -> ActionAnswer:
        call, terms, clock = plan.call, plan.terms, self._world.clock
        private = terms.private & supplies.hosts
        http = Client(
            self._open_egress(terms, call.workspace),
            hosts=supplies.hosts,
            private_hosts=private,
            idempotency_key=call.effect_key,
            timeout=call.timeout,
            refusals=call.refusals,
        )
        dial = SocketDialer(hosts=supplies.hosts, private_hosts=private, refusals=call.refusals)
        context = Context(
            http=http,
            settings=terms.settings,
            credentials=supplies.credentials,
            idempotency_key=call.effect_key,
            deadline=clock.now() + timedelta(seconds=call.timeout),
            messages=self._world.open_messages(call),
            lists=self._world.open_lists(call),
            alerts=self._world.open_alerts(call),
            dial=NoDialer() if terms.connection.simulate else dial,
            clock=clock,
        )
        answer = await invoke(
            terms.loaded.connector(),
            plan.action,
            context,
            supplies.arguments,
            seconds=call.timeout,
            redactor=supplies.redactor,
        )
        is_unsent = answer.code is not None and http.reached + dial.reached == 0
        hosts = (*http.hosts_asked, *dial.hosts_asked)
        return replace(answer, requests=http.sent + dial.sent, hosts=hosts, is_unsent=is_unsent)

    def _open_egress(self, terms: _Terms, workspace: str) -> Egress:
        simulator = terms.loaded.simulator
        if not terms.connection.simulate or simulator is None:
            return self._world.egress
        ledger = self._world.open_ledger(workspace, terms.connection.id)
        return SimulatedEgress(simulator(ledger, self._world.clock.now))


def _read_terms(loaded: LoadedConnector, connection: Connection) -> _Terms:
    """Return what a connection says.

    Raises:
        ActionInputError: its settings are not as the manifest wants them, or there is no simulator that it asks for.
    """
    manifest = loaded.manifest
    if connection.simulate and manifest.hosts and loaded.simulator is None:
        raise ActionInputError(f"{manifest.id} cannot be simulated")
    settings = manifest.read_settings(connection.settings)
    return _Terms(
        loaded=loaded,
        connection=connection,
        settings=settings,
        hosts=manifest.find_hosts(connection.hosts),
        private=frozenset(connection.hosts) if settings.get(PRIVATE) is True else frozenset(),
    )


async def _explain_faults(batches: AsyncIterator[Batch], redactor: Redactor) -> AsyncGenerator[Batch, None]:
    """Yield batches; what is raised instead is an `ActionError` that shows no secret."""
    try:
        async for batch in batches:
            if len(batch.items) > MOST_ITEMS:
                raise PermanentError(f"a batch holds at most {MOST_ITEMS} items, not {len(batch.items)}")  # noqa: TRY301 -- told as what else goes wrong is
            yield batch
    except ActionError as error:
        said = f"{error.message} ({error.hint})" if error.hint else error.message
        message = redactor.mask_text(said)[:MESSAGE_LIMIT]
        raise ActionError(message, action_code=error.action_code, retry_after=error.retry_after) from None
    except Exception as error:  # noqa: BLE001 -- a connector is somebody else's code; whatever it raises is its fault
        message = redactor.mask_text(f"the connector failed: {type(error).__name__}: {error}")[:MESSAGE_LIMIT]
        raise ActionError(message, action_code=ActionCode.INTERNAL) from None


def _read_arguments(trigger: Trigger, arguments: JsonValue) -> BaseModel:
    try:
        return trigger.takes.model_validate(arguments)
    except ValidationError as error:
        raise ActionInputError(describe_faults(error)) from None


def _name_credentials(connection: Connection, credentials: Mapping[str, BoundSecret]) -> dict[str, BoundSecret]:
    named = connection.credentials
    return {named.get(field, field): credential for field, credential in credentials.items()}


def _find_hosts(terms: _Terms, credentials: Mapping[str, BoundSecret]) -> frozenset[str]:
    """Return the hosts that the call may reach, with all that it is given.

    Raises:
        DeniedError: a credential is meant for other hosts.
    """
    if terms.connection.simulate:
        return terms.hosts  # nothing leaves
    return narrow_hosts(terms.hosts, credentials, f"the connection {terms.connection.id}")


def _refuse(code: ActionCode, message: str) -> ActionAnswer:
    return ActionAnswer(code=code, message=message, requests=0)
