"""Whether the service starts with an identity provider, and with which it does not."""

from collections.abc import AsyncIterator

import pytest

from soar.access.roles import DEFAULT_ROLES
from soar.app.settings import Settings, SignOnSettings, build_settings
from soar.app.sign_on import check_sign_on, make_provider, make_sign_on
from soar.app.site import read_site
from soar.federation.service import SignOnService
from soar.model.errors import InputError
from soar.model.secret import Secret
from soar.sdk.egress import HttpEgress
from tests.support.clock import SteppedClock
from tests.support.identity_provider import CLIENT, IdentityProvider, open_identity_provider

CLOCK = SteppedClock()


@pytest.fixture
async def there() -> AsyncIterator[IdentityProvider]:
    async with open_identity_provider(CLOCK) as opened:
        yield opened


@pytest.fixture
async def egress() -> AsyncIterator[HttpEgress]:
    made = HttpEgress()
    yield made
    await made.close()


async def resolve(_: str) -> Secret:
    return Secret("never asked for here")


def make(there: IdentityProvider, egress: HttpEgress) -> SignOnService | None:
    return make_sign_on(there.provider, egress=egress, resolve=resolve, clock=CLOCK, url="http://127.0.0.1")


async def test_it_starts_with_a_sound_provider_and_without_any(there: IdentityProvider, egress: HttpEgress) -> None:
    await check_sign_on(make(there, egress))
    assert there.count("/keys") == 1
    await check_sign_on(None)


async def test_it_does_not_start_with_one_that_signs_with_nothing(there: IdentityProvider, egress: HttpEgress) -> None:
    there.discovery = {"id_token_signing_alg_values_supported": ["none"]}
    with pytest.raises(InputError, match="signs with none of"):
        await check_sign_on(make(there, egress))


async def test_it_does_not_start_with_one_without_keys(there: IdentityProvider, egress: HttpEgress) -> None:
    there.published = []
    with pytest.raises(InputError, match="no key"):
        await check_sign_on(make(there, egress))


async def test_it_starts_while_the_provider_is_away(there: IdentityProvider, egress: HttpEgress) -> None:
    there.url = "http://127.0.0.1:1"
    await check_sign_on(make(there, egress))


def test_settings_become_a_provider(settings: Settings) -> None:
    assert read_site(settings).provider is None
    section = {"issuer": "https://id.test", "client_id": CLIENT, "roles": {"soc": "analyst"}, "subject_claim": "oid"}
    provider = read_site(settings.model_copy(update={"sign_on": SignOnSettings(**section)})).provider
    assert provider is not None
    assert (provider.credential, provider.subject_claim) == (None, "oid")
    assert provider.map_groups(["soc", "other"]) == {"analyst"}


@pytest.mark.parametrize("section", [{"subject_claim": "email"}, {"issuers": "https://id.test"}])
def test_an_unknown_setting_is_refused(section: dict[str, str]) -> None:
    with pytest.raises(InputError, match="sign_on"):
        build_settings({"sign_on": section})


def test_a_role_that_is_none_is_refused_at_once() -> None:
    section = SignOnSettings(issuer="https://id.test", client_id=CLIENT, roles={"soc": "king"})
    with pytest.raises(InputError, match="there is no role `king`"):
        make_provider(section, DEFAULT_ROLES)
