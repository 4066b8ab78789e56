"""A connector's manifest: who it is, whom it may call, what a connection must say."""

from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, ValidationError, create_model
from pydantic import model_validator as validate_model

from soar.sdk.context import Settings
from soar.sdk.errors import ActionInputError
from soar.sdk.faults import describe_faults

ANY_HOST = "*"
"""In `hosts`: the connection may name further hosts."""

PRIVATE = "private"
"""Name of the setting, of type `boolean`, by which a connection says that the hosts it names are inside the network."""

Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Host = Annotated[str, StringConstraints(pattern=r"^(\*|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)$")]
Version = Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$")]


class SettingType(StrEnum):
    """What a setting may hold."""

    STRING = "string"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    STRINGS = "strings"
    MAP = "map"


_TYPES: Mapping[SettingType, Any] = {
    SettingType.STRING: str,
    SettingType.INTEGER: int,
    SettingType.BOOLEAN: bool,
    SettingType.STRINGS: list[str],
    SettingType.MAP: dict[str, str],
}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Setting(_Strict):
    """One field of a connection.

    Attributes:
        default: used where the connection says nothing; without one the field is required.
        secret: the field holds the name of a credential, not a value.
    """

    type: SettingType = SettingType.STRING
    description: str
    default: JsonValue = None
    secret: bool = False

    @validate_model(mode="after")
    def _check(self) -> Self:
        if self.secret and (self.type is not SettingType.STRING or self.default is not None):
            raise ValueError("a secret field is a string without a default")
        return self


class Limit(_Strict):
    """How many requests the product takes; calls that would ask for more wait.

    Attributes:
        requests: how many.
        seconds: within how long.
    """

    requests: int = Field(gt=0)
    seconds: int = Field(gt=0)


class OAuth2(_Strict):
    """That an access token (RFC 6749) may stand in for a credential of the connection.

    Attributes:
        token: the secret field that it stands in for.
        scope: what it is to be good for; a connection may say otherwise.
    """

    token: Id
    scope: str | None = None


class Manifest(_Strict):
    """The content of `manifest.yaml`.

    Attributes:
        docs: URL of the vendor's documentation.
        owner: who answers for it: `team:…` or `user:…`.
        hosts: host names it may call; `*` where the connection may add some.
        settings: fields of a connection.
        limit: what the product takes, as far as the vendor says; a connection may say otherwise.
        calls: how many calls may be under way at once over one connection; a connection may say otherwise.
        oauth2: how a connection may get its tokens by itself.
        notes: for the documentation: rights needed, what it cannot do.
    """

    id: Id
    title: str
    version: Version
    docs: Annotated[str, StringConstraints(pattern=r"^https://")]
    owner: Annotated[str, StringConstraints(pattern=r"^(team|user):")]
    hosts: tuple[Host, ...] = ()
    settings: dict[Id, Setting] = {}
    limit: Limit | None = None
    calls: int = Field(default=10, ge=1, le=1000)
    oauth2: OAuth2 | None = None
    notes: str = ""

    @validate_model(mode="after")
    def _check_oauth2(self) -> Self:
        if self.oauth2 is not None and self.oauth2.token not in self.secrets:
            raise ValueError(f"oauth2.token: {self.oauth2.token} is no secret field")
        return self

    @cached_property
    def secrets(self) -> tuple[str, ...]:
        """The credential fields."""
        return tuple(name for name, setting in self.settings.items() if setting.secret)

    def describe_settings(self) -> dict[str, JsonValue]:
        """Return the JSON Schema of a connection's settings."""
        return self._model.model_json_schema()

    def read_settings(self, values: Mapping[str, JsonValue]) -> Settings:
        """Return a connection's settings with the defaults filled in.

        Raises:
            ActionInputError: a setting is missing, unknown or of the wrong type.
        """
        try:
            return Settings(self._model.model_validate(values, strict=True).model_dump())
        except ValidationError as error:
            raise ActionInputError(f"the connection's settings: {describe_faults(error)}") from None

    def find_hosts(self, named: tuple[str, ...]) -> frozenset[str]:
        """Return the hosts that a connection may call, which names these itself."""
        fixed = frozenset(self.hosts) - {ANY_HOST}
        return fixed | frozenset(named) if ANY_HOST in self.hosts else fixed

    @cached_property
    def _model(self) -> type[BaseModel]:
        fields: dict[str, Any] = {
            name: (
                _TYPES[setting.type],
                Field(
                    default=... if setting.default is None else setting.default,
                    description=setting.description,
                    validate_default=True,
                ),
            )
            for name, setting in self.settings.items()
            if not setting.secret
        }
        return create_model("Settings", __config__=ConfigDict(extra="forbid", defer_build=True), **fields)
