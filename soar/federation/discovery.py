"""What an identity provider says of itself (OpenID Connect Discovery 1.0, section 3)."""

from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from soar.federation.provider import Provider
from soar.ingest.strict_json import parse_json
from soar.model.errors import InputError

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
"""How a token may be signed (RFC 7518, section 3.1; RFC 8037, section 3.1). Never `none`, never with our own secret."""

PATH = "/.well-known/openid-configuration"

_HINT = "correct the identity provider's set-up; it is not trusted as it is"

Said = TypeVar("Said", bound="Foreign")


class Foreign(BaseModel):
    """A document of the identity provider: what is not known is passed over, nothing is coerced."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, hide_input_in_errors=True, defer_build=True)


class _Discovered(Foreign):
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    end_session_endpoint: str | None = None
    id_token_signing_alg_values_supported: list[str]
    token_endpoint_auth_methods_supported: list[str] = ["client_secret_basic"]  # the default of the specification
    code_challenge_methods_supported: list[str] | None = None
    authorization_response_iss_parameter_supported: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """Where an identity provider does what, and how.

    Attributes:
        authorization: where people are sent to log in.
        token: where a code is exchanged.
        keys: where its keys are.
        userinfo: where more is said of a person, if anywhere.
        end_session: where people are sent to log out, if anywhere.
        algorithms: those of ours that it signs with.
        takes_basic: whether our secret goes into the header, and not into the form.
        names_issuer: whether it says with each code who it is (RFC 9207).
    """

    authorization: str
    token: str
    keys: str
    userinfo: str | None
    end_session: str | None
    algorithms: frozenset[str]
    takes_basic: bool
    names_issuer: bool


def parse_discovery(raw: bytes, provider: Provider) -> Discovery:
    """Read what a provider says of itself.

    Raises:
        InputError: it is another provider, signs with nothing that we trust, or names an address without TLS
            (`sign_on.insecure`); or the document does not fit (`sign_on.malformed`).
    """
    said = read_document(raw, _Discovered, "the discovery document")
    if said.issuer != provider.issuer:
        raise refuse_provider("it calls itself by another name than sign_on.issuer")
    algorithms = frozenset(ALGORITHMS) & frozenset(said.id_token_signing_alg_values_supported)
    if not algorithms:
        raise refuse_provider(f"it signs with none of {', '.join(ALGORITHMS)}")
    if said.code_challenge_methods_supported is not None and "S256" not in said.code_challenge_methods_supported:
        raise refuse_provider("it does not bind a code to whoever asked for it (PKCE with S256)")
    addresses = (
        said.authorization_endpoint,
        said.token_endpoint,
        said.jwks_uri,
        said.userinfo_endpoint,
        said.end_session_endpoint,
    )
    if not all(address is None or provider.may_be_at(address) for address in addresses):
        raise refuse_provider("it names an address without https")
    return Discovery(
        authorization=said.authorization_endpoint,
        token=said.token_endpoint,
        keys=said.jwks_uri,
        userinfo=said.userinfo_endpoint,
        end_session=said.end_session_endpoint,
        algorithms=algorithms,
        takes_basic="client_secret_basic" in said.token_endpoint_auth_methods_supported,
        names_issuer=said.authorization_response_iss_parameter_supported,
    )


def read_document(raw: bytes, model: type[Said], name: str) -> Said:
    """Read a document of the identity provider.

    Args:
        raw: strict JSON.
        model: what it has to hold.
        name: for people.

    Raises:
        InputError: it is no strict JSON, or does not fit the model (`sign_on.malformed`).
    """
    try:
        return model.model_validate(parse_json(raw))
    except ValidationError as error:
        where = ", ".join(".".join(map(str, fault["loc"])) or "the whole" for fault in error.errors())
        raise _refuse_document(name, where) from error
    except InputError as error:
        raise _refuse_document(name, error.message) from error


def refuse_provider(reason: str) -> InputError:
    """Return that an identity provider is not trusted."""
    return InputError(f"the identity provider cannot be trusted: {reason}", code="sign_on.insecure", hint=_HINT)


def _refuse_document(name: str, reason: str) -> InputError:
    return InputError(f"{name} of the identity provider does not fit: {reason}", code="sign_on.malformed", hint=_HINT)
