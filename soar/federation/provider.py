"""What a site says of its identity provider, and what it takes to trust that."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from soar.access.roles import RoleTable, check_roles
from soar.model.errors import DeniedError, FieldFault, InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """An identity provider.

    Attributes:
        name: for people, on the button.
        issuer: how it calls itself; compared letter by letter.
        client_id: how it calls us.
        credential: name of the credential that holds our secret there; None where we have none.
        scopes: what we ask for.
        subject_claim: the claim that names a person for ever: `sub`, or `oid` of Entra ID.
        groups_claim: the claim that names a person's groups.
        roles: role of each group; other groups count for nothing.
        mfa_acr: values of `acr` that mean a second factor.
        mfa_amr: values of `amr` that mean a second factor.
        is_private: whether it may be inside the network.
    """

    name: str
    issuer: str
    client_id: str
    credential: str | None
    scopes: tuple[str, ...]
    subject_claim: str
    groups_claim: str
    roles: Mapping[str, str]
    mfa_acr: frozenset[str]
    mfa_amr: frozenset[str]
    is_private: bool

    def map_groups(self, groups: Iterable[str]) -> frozenset[str]:
        """Return the roles that groups stand for."""
        return frozenset(self.roles[group] for group in groups if group in self.roles)

    @property
    def tells_of_factors(self) -> bool:
        """Whether the settings say what a login with a second factor looks like."""
        return bool(self.mfa_acr or self.mfa_amr)

    @property
    def is_here(self) -> bool:
        """Whether it runs on this very machine."""
        return _is_loopback(urlsplit(self.issuer))

    def may_be_at(self, url: str) -> bool:
        """Whether nobody can change on its way what is said at an address: https, or all on this very machine."""
        try:
            parts = urlsplit(url)
            is_whole = bool(parts.hostname) and parts.username is None and parts.port != 0
        except ValueError:
            return False
        is_plain = parts.scheme == "http" and self.is_here and _is_loopback(parts)
        return is_whole and (parts.scheme == "https" or is_plain)


def check_provider(provider: Provider, table: RoleTable) -> None:
    """Refuse what could not be trusted, or would let nobody in.

    Raises:
        InputError: the issuer, the scopes or a role does not fit; each is named.
    """
    faults = [
        FieldFault(f"/sign_on/roles/{group}", f"there is no role `{role}`")
        for group, role in provider.roles.items()
        if role not in table
    ]
    parts = urlsplit(provider.issuer)
    if not provider.may_be_at(provider.issuer) or parts.query or parts.fragment:
        faults.append(FieldFault("/sign_on/issuer", "write the https address that the provider calls itself by"))
    if not provider.client_id:
        faults.append(FieldFault("/sign_on/client_id", "name the client that the provider knows us as"))
    if "openid" not in provider.scopes:
        faults.append(FieldFault("/sign_on/scopes", "`openid` has to be among them"))
    if faults:
        said = "; ".join(f"{fault.pointer.removeprefix('/').replace('/', '.')}: {fault.message}" for fault in faults)
        raise InputError(
            f"single sign-on is not set up: {said}",
            code="sign_on.invalid",
            hint="correct these settings",
            faults=faults,
        )


def check_mapped(roles: frozenset[str], table: RoleTable) -> None:
    """Refuse roles, mapped from groups, that let somebody do nothing, or that nobody may hold together.

    Raises:
        DeniedError: there are none (`sign_on.no_role`), or they do not go together (`sign_on.roles`).
    """
    if not roles:
        raise DeniedError(
            "none of your groups has a role here",
            code="sign_on.no_role",
            hint="ask whoever runs this installation which group you need",
        )
    reasons = check_roles(roles, table=table)
    if reasons:
        raise DeniedError(
            f"your groups do not go together here: {'; '.join(reasons)}",
            code="sign_on.roles",
            hint="ask whoever keeps the groups to take you out of one",
        )


def _is_loopback(parts: SplitResult) -> bool:
    """Whether an address leads to this very machine."""
    try:
        return ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False
