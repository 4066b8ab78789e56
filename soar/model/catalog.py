"""What the installed connectors can do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from soar.model.rate import Rate
from soar.model.values import JsonValue


class Effect(StrEnum):
    """What a call does to the world."""

    READ = "read"
    WRITE = "write"
    DESTRUCTIVE = "destructive"


class Repeat(StrEnum):
    """What a second call of the same intent does.

    `safe`: nothing more than the first. `keyed`: the product knows our idempotency key. `checkable`: the action's
    check tells whether the first arrived. `unsafe`: it may happen twice, so after a crash people decide.
    """

    SAFE = "safe"
    KEYED = "keyed"
    CHECKABLE = "checkable"
    UNSAFE = "unsafe"


class Language(StrEnum):
    """What a parameter's text is written in, if that is a query of the product.

    All but `query_string` are called like the function of expressions that quotes a value for it.
    """

    JQL = "jql"
    KQL = "kql"
    SPL = "spl"
    SQL_LIKE = "sql_like"
    LDAP = "ldap"
    ODATA = "odata"
    QUERY_STRING = "query_string"


LANGUAGE_KEY = "x-language"
"""Where a parameter's JSON Schema names its `Language`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionSpec:
    """A typed operation of a connector.

    Attributes:
        connector: the connector's id.
        name: the action's id within it.
        effect: what it does to the world.
        repeat: what a second call does.
        undo: name of the same connector's action that takes it back.
        undo_arguments: for each parameter of the undo, the field of our output (`output.x`) or argument (`with.x`).
        check: name of the same connector's action that tells whether what this one did still stands.
        check_arguments: for each parameter of the check, as in `undo_arguments`.
        targets: parameter whose value is what is acted on (a text or a list), for blast radius and confirmation.
        parameters: JSON Schema of the arguments.
        result: JSON Schema of the output.
        timeout: seconds a call may take unless the step says otherwise.
        is_for_service: whether the service alone calls it, and no playbook may.
    """

    connector: str
    name: str
    title: str
    effect: Effect
    repeat: Repeat
    parameters: Mapping[str, JsonValue]
    result: Mapping[str, JsonValue]
    undo: str | None = None
    undo_arguments: Mapping[str, str] = field(default_factory=dict)
    check: str | None = None
    check_arguments: Mapping[str, str] = field(default_factory=dict)
    targets: str | None = None
    timeout: float = 30.0
    is_for_service: bool = False

    @property
    def full_name(self) -> str:
        """`connector.action`, as playbooks write it."""
        return f"{self.connector}.{self.name}"

    @property
    def is_reversible(self) -> bool:
        """Whether the connector knows the way back."""
        return self.undo is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorSpec:
    """Code that speaks to one product.

    Attributes:
        version: of the connector, whose major a step may pin with `@2`.
        digest: of its files, which runs are pinned to.
        hosts: host names it may call; `*` only where the connection names them.
        secrets: credential fields that are secret.
        settings: JSON Schema of a connection's settings.
        has_simulator: whether `mode: simulate` is possible.
        is_channel: whether it can ask people.
        token_field: the credential field that an access token of OAuth 2 may stand in for.
    """

    id: str
    title: str
    version: str
    digest: str
    docs: str
    hosts: tuple[str, ...]
    secrets: tuple[str, ...]
    settings: Mapping[str, JsonValue]
    actions: Mapping[str, ActionSpec]
    has_simulator: bool
    is_channel: bool
    token_field: str | None = None

    @property
    def callable_actions(self) -> Mapping[str, ActionSpec]:
        """Those that playbooks may call, by name."""
        return {name: action for name, action in self.actions.items() if not action.is_for_service}


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth2:
    """How a connection gets its access tokens (RFC 6749).

    Attributes:
        token_url: the token endpoint.
        client_id: as whom we ask.
        client_secret: name of the credential with the client's secret; None for a client without one.
        refresh_token: name of the credential with a refresh token; None asks with the client's own credentials.
        scope: what the tokens are to be good for; None leaves it to the server.
    """

    token_url: str
    client_id: str
    client_secret: str | None = None
    refresh_token: str | None = None
    scope: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Allow:
    """Which playbooks may use something: those with one of these names, and those of one of these teams.

    Attributes:
        playbooks: ids, or beginnings of ids with `*` behind them.
        teams: names of teams.
    """

    playbooks: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A connector configured for one tenant.

    Attributes:
        id: as playbooks name it; the default one of a connector has the connector's id.
        simulate: whether calls go to the connector's simulator instead of the product.
        settings: checked against the connector's schema.
        credentials: for each secret field, the name of the credential in the vault.
        hosts: hosts added to what the manifest allows, where the manifest leaves them open.
        calls: how many calls may be under way at once; None leaves it to the manifest.
        rate: how often the product may be asked; None leaves it to the manifest.
        oauth2: how it gets its access tokens; None where a credential holds what the product wants.
        allow: which playbooks may use it; None is every one.
    """

    id: str
    connector: str
    simulate: bool
    settings: Mapping[str, JsonValue] = field(default_factory=dict)
    credentials: Mapping[str, str] = field(default_factory=dict)
    hosts: tuple[str, ...] = ()
    calls: int | None = None
    rate: Rate | None = None
    oauth2: OAuth2 | None = None
    allow: Allow | None = None


@dataclass(frozen=True, slots=True)
class Catalog:
    """All installed connectors, by id."""

    connectors: Mapping[str, ConnectorSpec]

    def find_action(self, full_name: str) -> ActionSpec | None:
        """Return the action called `connector.action`, or None."""
        connector, _, name = full_name.partition(".")
        spec = self.connectors.get(connector)
        return spec.actions.get(name) if spec else None
