"""Settings: defaults, then the file, then the environment, then flags."""

import os
from collections.abc import Iterable, Mapping
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

import soar
from soar.access.proxies import Header, Proxies
from soar.app.anchors.settings import AnchorSettings, ForwardSettings
from soar.app.aws_settings import AwsPlaceSettings, AwsSettings
from soar.app.documents import read_yaml_file
from soar.approvals.quiet import parse_quiet_hours
from soar.model.errors import FieldFault, InputError
from soar.model.values import JsonValue
from soar.runtime.executor import CALL_TERMS, CallTerms

_PREFIX = "SOAR_"
_FILE_SUFFIX = "_FILE"
_PORTS = range(1, 65536)


def split_address(address: str) -> tuple[str, int]:
    """Return host and port of an address that settings hold."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def _check_address(address: str) -> str:
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or int(port) not in (0, *_PORTS):
        raise ValueError("write host:port, such as 127.0.0.1:8600")
    return address


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HooksTlsSettings(_Section):
    """TLS of our own in front of hooks, with client certificates.

    Attributes:
        certificate: a PEM file with our certificate and those that lead to its authority.
        key: a PEM file with its key, which only we may read, without a passphrase.
        client_authority: a PEM file with the authorities whose client certificates are accepted.
    """

    certificate: Path
    key: Path
    client_authority: Path


class ServerSettings(_Section):
    """Where we listen and how we end.

    Attributes:
        listen: `host:port`; port 0 takes a free one.
        hooks_listen: `host:port` where sources send alerts instead; empty means at `listen`, as everybody.
        hooks_tls: TLS at `hooks_listen`, 1.2 or newer; client certificates are asked for.
        hooks_url: how sources reach `hooks_listen`; empty means by that very address.
        url: how people reach us; empty means `http://` and the address listened on.
        drain: seconds that work under way is given after SIGTERM.
        output_limit: bytes that one action's output may have as JSON.
        run_output_limit: bytes that the outputs of a run's actions may have together; what a write answers is always
            kept, so that it can be taken back.
        settle_within: seconds that a run waits for people to find out what a call did whose outcome is unknown, before
            the step fails; 0 lets it fail at once.
        trusted_proxies: networks of the proxies in front of us, such as `10.0.0.0/28`; from them alone the client's
            address is taken from `proxy_header`, at the last hop that is not one of them.
        proxy_header: the header in which they say where a request comes from; the other is never read.
    """

    listen: str = "127.0.0.1:8600"
    hooks_listen: str = ""
    hooks_tls: HooksTlsSettings | None = None
    hooks_url: str = ""
    url: str = ""
    drain: float = Field(default=30.0, ge=0, le=600)
    output_limit: int = Field(default=CALL_TERMS.output, ge=1_024, le=67_108_864)
    run_output_limit: int = Field(default=CALL_TERMS.outputs, ge=1_048_576, le=1_073_741_824)
    settle_within: float = Field(default=CALL_TERMS.patience.total_seconds(), ge=0, le=604_800)
    trusted_proxies: tuple[str, ...] = ()
    proxy_header: Header = "X-Forwarded-For"

    @property
    def terms(self) -> CallTerms:
        """How much of calls is kept, and how long their runs wait for people."""
        patience = timedelta(seconds=self.settle_within)
        return CallTerms(output=self.output_limit, outputs=self.run_output_limit, patience=patience)

    @field_validator("trusted_proxies")
    @classmethod
    def _check_proxies(cls, networks: tuple[str, ...]) -> tuple[str, ...]:
        for network in networks:
            if ip_network(network).prefixlen == 0:
                raise ValueError(f"{network} is everybody; name the networks of your proxies alone")
        return networks

    @property
    def proxies(self) -> Proxies:
        """The proxies whose word counts."""
        return Proxies(tuple(map(ip_network, self.trusted_proxies)), self.proxy_header)

    @field_validator("listen")
    @classmethod
    def _check_listen(cls, listen: str) -> str:
        return _check_address(listen)

    @field_validator("hooks_listen")
    @classmethod
    def _check_hooks_listen(cls, listen: str) -> str:
        return _check_address(listen) if listen else listen

    def find_hooks_url(self, url: str) -> str:
        """Return how sources reach us, where people do by an address without a slash at the end."""
        scheme = "https" if self.hooks_tls else "http"
        own = f"{scheme}://{self.hooks_listen}" if self.hooks_listen else url
        return self.hooks_url.rstrip("/") or own

    @model_validator(mode="after")
    def _check_hooks(self) -> Self:
        if not self.hooks_listen and (self.hooks_tls is not None or self.hooks_url):
            raise ValueError("`hooks_tls` and `hooks_url` need `hooks_listen`")
        return self

    @property
    def host(self) -> str:
        """The address to listen on."""
        return split_address(self.listen)[0]

    @property
    def port(self) -> int:
        """The port to listen on."""
        return split_address(self.listen)[1]


class IntakeSettings(_Section):
    """How much may come in at hooks at once; more is asked to come back later.

    Attributes:
        rate: requests a second that a source may send for long, unless its file says otherwise; it may send five
            seconds' worth at once.
        requests: how many are read and stored at the same time, at most; one source gets half of the places.
        memory: bytes that their bodies may have together.
        patience: seconds in which a request is to be stored once its body is there; where that takes longer, there are
            fewer places until it does not.
    """

    rate: float = Field(default=2_000.0, gt=0, le=100_000)
    requests: int = Field(default=256, ge=32, le=10_000)
    memory: int = Field(default=67_108_864, ge=1_048_576, le=4_294_967_296)
    patience: float = Field(default=1.0, gt=0, le=60)


class WorkerSettings(_Section):
    """How runs are driven.

    Attributes:
        concurrency: how many runs this process drives at once.
        lease: seconds after which a process that is not heard of has lost its runs to the others; PostgreSQL only.
        health: `host:port` where `soar worker` answers `/healthz` and `/readyz`; port 0 takes a free one, empty means
            nowhere.
    """

    concurrency: int = Field(default=200, ge=1, le=10_000)
    lease: float = Field(default=15.0, ge=1, le=600)
    health: str = ""

    @field_validator("health")
    @classmethod
    def _check_health(cls, health: str) -> str:
        return _check_address(health) if health else health


class DatabaseSettings(_Section):
    """Where everything durable is: `sqlite:///path`, or `postgresql://user:password@host/name` for several machines."""

    url: str = "sqlite:///soar.db"


class TransitSettings(_Section):
    """A transit engine of HashiCorp Vault or OpenBao.

    Attributes:
        url: of the server, `https://host:port`.
        is_private: whether the server may be inside the network; then plain `http` will do as well.
        mount: where the engine is mounted.
        key: name of the first key.
        token_file: holds the token; read at each use, so that an agent may renew it.
    """

    url: str = Field(pattern=r"^https?://[^/?#@]+/?$")
    is_private: bool = False
    mount: str = Field(default="transit", pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$")
    key: str = Field(default="soar", pattern=r"^[A-Za-z0-9_-]{1,64}$")
    token_file: Path = Path("vault.token")


class ModuleSettings(_Section):
    """A hardware security module.

    Attributes:
        module: the vendor's PKCS #11 library.
        token: label of the token.
        pin_file: holds the user's PIN.
        key: label of the first key.
    """

    module: Path
    token: str
    pin_file: Path
    key: str = "soar"


class SecretServerSettings(_Section):
    """A HashiCorp Vault or OpenBao that credentials are kept in.

    Attributes:
        url: of the server, `https://host:port`.
        is_private: whether the server may be inside the network; then plain `http` will do as well.
        token_file: holds the token; read at each use, so that an agent may renew it.
    """

    url: str = Field(pattern=r"^https?://[^/?#@]+/?$")
    is_private: bool = False
    token_file: Path = Path("vault.token")


class ReferenceSettings(_Section):
    """Where credentials may be kept instead of in the vault; what is not named here cannot be referred to.

    Attributes:
        environment: names of variables for `env:NAME`.
        folders: for `file:/path`; only files beneath them are read.
        server: for `vault:mount/path#field`.
        aws: for `aws-sm:name#field`.
    """

    environment: tuple[str, ...] = ()
    folders: tuple[Path, ...] = ()
    server: SecretServerSettings | None = None
    aws: AwsPlaceSettings | None = None


class VaultSettings(_Section):
    """Where the key over all credentials lives; it stays out of the database and its backups.

    Attributes:
        provider: makes new keys. Whatever else is configured here still opens what it has wrapped.
        key_file: for `file`; later keys stand beside it.
        environment: for `env`: names of variables, the first is the one to begin with.
        transit: for `transit`.
        aws: for `aws-kms`.
        pkcs11: for `pkcs11`.
        references: where credentials may be kept instead.
    """

    provider: Literal["file", "env", "transit", "aws-kms", "pkcs11"] = "file"
    key_file: Path = Path("vault.key")
    environment: tuple[str, ...] = ()
    transit: TransitSettings | None = None
    aws: AwsSettings | None = None
    pkcs11: ModuleSettings | None = None
    references: ReferenceSettings = ReferenceSettings()

    @model_validator(mode="after")
    def _check_provider(self) -> Self:
        needed = {"env": self.environment, "transit": self.transit, "aws-kms": self.aws, "pkcs11": self.pkcs11}
        if not needed.get(self.provider, True):
            section = {"env": "environment", "aws-kms": "aws"}.get(self.provider, self.provider)
            raise ValueError(f"the provider {self.provider} needs vault.{section}")
        return self


class AuditSettings(_Section):
    """How the record proves itself.

    Attributes:
        key_file: signs checkpoints; not the vault's.
        origin: names this installation in checkpoints.
        anchors: where checkpoints are put out of our reach; a path is a file that they are appended to, a map with
            `kind` is something else.
        forward: who gets every event, over syslog or HTTP; followed up like an anchor.
        anchor_patience: seconds that an anchor may lag before there is an alarm.
        interval: seconds between checkpoints, as long as there is something new.
        post_quantum: whether checkpoints are signed with ML-DSA-44 as well.
    """

    key_file: Path = Path("audit.key")
    origin: str = "soar.local/audit"
    anchors: tuple[Path | AnchorSettings, ...] = ()
    forward: tuple[ForwardSettings, ...] = ()
    anchor_patience: float = Field(default=600.0, ge=1, le=604_800)
    interval: float = Field(default=1.0, gt=0, le=3600)
    post_quantum: bool = False


class LimitSettings(_Section):
    """How much of us, and of the products, anybody may take.

    Attributes:
        share: the largest share of `worker.concurrency` that runs of one playbook may take.
        queue: how many calls may wait for one connection; more fail with `unavailable` and are retried.
        patience: seconds that a call may have to wait for the product's limit; one that had to wait longer fails with
            `rate_limited` and is retried.
        failures: so many failed calls in a row open a connection's breaker.
        window: seconds after which a failure no longer counts.
        pause: seconds that an open breaker waits before it lets a trial call through.
    """

    share: float = Field(default=0.5, gt=0, le=1)
    queue: int = Field(default=1000, ge=1, le=100_000)
    patience: float = Field(default=60.0, ge=0, le=3600)
    failures: int = Field(default=5, ge=1, le=1000)
    window: float = Field(default=60.0, gt=0, le=3600)
    pause: float = Field(default=30.0, gt=0, le=3600)


class ApprovalSettings(_Section):
    """How people are asked.

    Attributes:
        quiet: hours of each day in which nobody is reminded of a question, such as `22:00-07:00`, unless its alert is
            critical; empty for none. What is escalated, and when it ends, stays as it is.
        zone: the time zone of these hours.
    """

    quiet: str = ""
    zone: str = "UTC"

    @model_validator(mode="after")
    def _check_quiet(self) -> Self:
        parse_quiet_hours(self.quiet, self.zone)
        return self


class ResponseSettings(_Section):
    """What becomes of active responses by themselves.

    Attributes:
        check_hours: hours after the last look at which one is looked at again, where its connector can; 0 for never.
        checks: how many of these looks are begun in a minute at most.
    """

    check_hours: float = Field(default=24.0, ge=0, le=8_760)
    checks: int = Field(default=10, ge=1, le=1_000)

    @property
    def check_every(self) -> timedelta | None:
        """The time from one look to the next; None for never."""
        return timedelta(hours=self.check_hours) or None


class PathSettings(_Section):
    """Where a site's own files are, by the folder that the service is started in.

    Attributes:
        playbooks: folder of `<id>.yaml`.
        connectors: folder of the site's own connectors, beside those that come with the product.
        sources: folder of `<id>.yaml`.
        policy: what stands above every playbook; the product's own holds where there is none.
        roles: which role allows what; the product's own holds where there is none.
        oncall: who is on call when; nobody is where there is none.
        connections: which products we speak to, and as whom.
        ledgers: folder where simulated products keep what was done to them.
    """

    playbooks: Path = Path("playbooks")
    connectors: Path = Path("connectors")
    sources: Path = Path("config/sources")
    policy: Path = Path("config/policy.yaml")
    roles: Path = Path("config/roles.yaml")
    oncall: Path = Path("config/oncall.yaml")
    connections: Path = Path("config/connections.yaml")
    ledgers: Path = Path("simulated")


class LogSettings(_Section):
    """How much is logged: `debug`, `info`, `warning` or `error`."""

    level: str = Field(default="info", pattern="^(debug|info|warning|error)$")


class SignOnSettings(_Section):
    """The identity provider that people log in through (OpenID Connect); without an issuer there is none.

    Attributes:
        name: what the button says after "Log in with".
        issuer: the provider's address, letter by letter as it calls itself.
        client_id: how the provider calls us.
        credential: name of the credential that holds our secret there; empty if it gave us none.
        scopes: what we ask for; `openid` has to be among them.
        subject_claim: the claim that names a person for ever; `oid` for Entra ID.
        groups_claim: the claim that names a person's groups.
        roles: role of each group, by the group's name as the claim has it; other groups count for nothing.
        mfa_acr: values of `acr` that mean a second factor.
        mfa_amr: values of `amr` that mean a second factor.
        private: whether the provider may be inside the network.
    """

    name: str = "single sign-on"
    issuer: str = ""
    client_id: str = ""
    credential: str = ""
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    subject_claim: Literal["sub", "oid"] = "sub"
    groups_claim: str = "groups"
    roles: dict[str, str] = Field(default_factory=dict)
    mfa_acr: tuple[str, ...] = ()
    mfa_amr: tuple[str, ...] = ()
    private: bool = False


class FirstAdminSettings(_Section):
    """Who is made administrator where there is nobody yet; it counts for nothing later.

    Attributes:
        name: what they log in with: lower-case letters, digits, `.` and `-`; empty draws one.
        email: theirs; empty is an address that is nobody's.
    """

    name: str = Field(default="", pattern=r"^([a-z0-9][a-z0-9.-]{0,63})?$")
    email: str = Field(default="", pattern=r"^([^\s@]{1,64}@[^\s@]{1,255})?$")


class Settings(BaseSettings):
    """All settings.

    Attributes:
        workspace: where everything goes that does not say otherwise.
        config: open settings that playbooks read as `config.x`.
        is_demo: whether this is `soar demo`.
    """

    model_config = SettingsConfigDict(env_prefix=_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True)

    server: ServerSettings = ServerSettings()
    intake: IntakeSettings = IntakeSettings()
    worker: WorkerSettings = WorkerSettings()
    database: DatabaseSettings = DatabaseSettings()
    vault: VaultSettings = VaultSettings()
    audit: AuditSettings = AuditSettings()
    limits: LimitSettings = LimitSettings()
    approvals: ApprovalSettings = ApprovalSettings()
    responses: ResponseSettings = ResponseSettings()
    paths: PathSettings = PathSettings()
    log: LogSettings = LogSettings()
    sign_on: SignOnSettings = SignOnSettings()
    first_admin: FirstAdminSettings = FirstAdminSettings()
    workspace: str = "default"
    config: dict[str, Any] = Field(default_factory=dict)
    is_demo: bool = False

    @classmethod
    def settings_customise_sources(  # noqa: D102 -- see the base class
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 -- the library's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- as above
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- as above
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- as above
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)  # `load_settings` merges file, environment and flags in its own order


def load_settings(file: Path | None, flags: Mapping[str, JsonValue] | None = None) -> Settings:
    """Return the settings.

    Args:
        file: `soar.yaml`; None means there is none.
        flags: what the command line says, by section; it wins over everything.

    Raises:
        InputError: the file cannot be read, or a setting is unknown or does not fit; each is named.
    """
    if file is not None and not file.exists():
        raise InputError(f"there is no {file}", code="settings.missing", hint="name the file with --config")
    document = read_yaml_file(file) if file else None
    if not isinstance(document, dict | None):
        raise InputError(f"{file} is no map of settings", code="settings.malformed")
    return build_settings(_merge(_merge(dict(document or {}), _read_environment()), flags or {}))


def build_settings(sections: Mapping[str, Any]) -> Settings:
    """Return the settings that these sections say, and the defaults for the rest.

    Raises:
        InputError: a setting is unknown or does not fit; each is named.
    """
    try:
        return Settings(**sections)
    except ValidationError as error:
        raise _explain(error) from error


def _merge(base: dict[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for name, content in over.items():
        nested = merged.get(name)
        merged[name] = _merge(nested, content) if isinstance(content, dict) and isinstance(nested, dict) else content
    return merged


def _read_environment() -> dict[str, Any]:
    """Return what the variables `SOAR_SECTION__KEY` say, by section."""
    names = [name for name in os.environ if name.startswith(_PREFIX)]
    for name in names:
        if "__" in name and _find_section(name) not in Settings.model_fields:
            raise InputError(
                f"{name} is no setting: there is no section {_find_section(name)}",
                code="settings.invalid",
                hint=f"the sections are {', '.join(Settings.model_fields)}",
            )
    source = EnvSettingsSource(Settings)
    files = _read_environment_files(names)
    taken = {plain + _FILE_SUFFIX.lower() for plain in files}
    source.env_vars = {name: text for name, text in source.env_vars.items() if name not in taken} | files
    try:
        return source()
    except SettingsError as error:
        raise InputError(
            f"a variable of the environment holds no JSON: {error}",
            code="settings.invalid",
            hint="lists and maps are written as JSON, such as SOAR_AUDIT__ANCHORS='[\"/srv/anchor.txt\"]'",
        ) from error


def _read_environment_files(names: Iterable[str]) -> dict[str, str]:
    """Take `SOAR_DATABASE__URL_FILE` as the file that holds `SOAR_DATABASE__URL`, as container platforms mount it."""
    found: dict[str, str] = {}
    for name in names:
        plain = name.removesuffix(_FILE_SUFFIX)
        if plain == name or not _is_setting(plain) or _is_setting(name):
            continue
        path = os.environ[name]
        try:
            found[plain.lower()] = Path(path).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise InputError(
                f"{name} names {path}, which cannot be read: {reason}",
                code="settings.invalid",
                hint="name a file that the service may read, or take the variable out",
            ) from error
    return found


def _find_section(name: str) -> str:
    return name.removeprefix(_PREFIX).lower().partition("__")[0]


def _is_setting(name: str) -> bool:
    kind: type[BaseModel] | None = Settings
    for part in name.removeprefix(_PREFIX).lower().split("__"):
        if kind is None or part not in kind.model_fields:
            return False
        kind = find_section(kind.model_fields[part].annotation)
    return True


def find_section(annotation: object) -> type[BaseModel] | None:
    """Return the section that a setting's type is, or may be; None if it is a plain setting."""
    kinds = (annotation, *get_args(annotation))
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)


def _explain(error: ValidationError) -> InputError:
    faults = [FieldFault("/" + "/".join(map(str, fault["loc"])), fault["msg"]) for fault in error.errors()]
    said = "; ".join(f"{fault.pointer.removeprefix('/').replace('/', '.')}: {fault.message}" for fault in faults)
    return InputError(f"the settings do not fit: {said}", code="settings.invalid", faults=faults)


def find_bundled(name: str) -> Path:
    """Return where `connectors`, `playbooks`, `config` or `examples` lie that come with the product.

    In an installed wheel that is inside the package; in a checkout beside it.
    """
    package = Path(soar.__file__).parent
    bundled = package / "_bundled" / name
    return bundled if bundled.exists() else package.parent / name
