import base64
from pathlib import Path

import pytest
from pydantic import ValidationError

from soar.app.doctor import doctor
from soar.app.settings import ReferenceSettings, SecretServerSettings, Settings, TransitSettings, VaultSettings
from soar.app.site import read_site
from soar.app.vault import make_keyring, make_references
from soar.app.wiring import open_service
from soar.model.errors import InputError, UnavailableError
from soar.model.secret import BoundSecret, Secret
from tests.support.builders import build_actor
from tests.support.clock import START, SteppedClock
from tests.support.randomness import SeededRandomness
from tests.support.secret_server import HOST, TOKEN, SecretServer

KEY = base64.b64encode(SeededRandomness(8).bytes(32)).decode()
URL = "http://127.0.0.1"


def put_into_environment(settings: Settings) -> Settings:
    vault = settings.vault.model_copy(update={"provider": "env", "environment": ("THE_KEY",)})
    return settings.model_copy(update={"vault": vault})


async def test_every_provider_that_is_configured_opens_and_the_named_one_comes_first(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THE_KEY", KEY)
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "token").chmod(0o600)
    vault = VaultSettings(
        provider="transit",
        key_file=settings.vault.key_file,
        environment=("THE_KEY",),
        transit=TransitSettings(url=f"https://{HOST}", token_file=tmp_path / "token"),
    )
    server = SecretServer(keys={"soar": b"\x01" * 32})
    ring = make_keyring(vault, egress=server, randomness=SeededRandomness())
    assert await ring.find_first() == "transit:soar"
    assert [key.partition(":")[0] for key in await ring.list()] == ["transit", "file", "env"]
    server.keys.clear()
    with pytest.raises(UnavailableError) as caught:
        await ring.find_first()
    assert caught.value.code == "wrong_key"


@pytest.mark.parametrize("provider", ["env", "transit", "aws-kms", "pkcs11", "none"])
def test_a_provider_without_its_settings_is_refused(provider: str) -> None:
    with pytest.raises(ValidationError):
        VaultSettings.model_validate({"provider": provider})


async def test_references_go_where_the_settings_allow_and_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDR", "value of the variable")
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "token").chmod(0o600)
    server = SecretServer(secrets={"kv/edr": {"token": "value of the engine"}})
    allowed = ReferenceSettings(
        environment=("EDR",),
        folders=(tmp_path,),
        server=SecretServerSettings(url=f"https://{HOST}", token_file=tmp_path / "token"),
    )
    references = make_references(allowed, shortest=8, egress=server, clock=SteppedClock())
    found = [await references.read(each) for each in ("env:EDR", f"file:{tmp_path}/token", "vault:kv/edr#token")]
    assert [secret.reveal() for secret in found] == ["value of the variable", TOKEN, "value of the engine"]
    none = make_references(ReferenceSettings(), shortest=8, egress=server, clock=SteppedClock())
    with pytest.raises(InputError, match="allowed: none"):
        none.check("env:EDR")


def test_a_key_in_the_environment_is_good_and_warned_of(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THE_KEY", KEY)
    checks = {check.name: check for check in doctor(put_into_environment(settings))}
    assert checks["vault key"].is_good
    assert (checks["vault provider"].is_good, checks["vault provider"].is_warning) == (False, True)


def test_a_key_that_is_not_in_the_environment_is_bad(settings: Settings) -> None:
    (check,) = [check for check in doctor(put_into_environment(settings)) if check.name == "vault key"]
    assert (check.is_good, check.is_warning) == (False, False)
    assert "THE_KEY" in check.message


async def test_an_exchanged_token_becomes_the_credentials_next_version_for_the_same_hosts(settings: Settings) -> None:
    async with open_service(read_site(settings), URL) as service:
        actor, vault = build_actor(), service.vault
        await vault.set_credential(
            service.workspace, "refresh", Secret("token number 1"), hosts=["a.test"], actor=actor, now=START
        )
        former = await vault.open(service.workspace, "refresh")
        await service._keep_credential(service.workspace, "refresh", Secret("token number 2"), former)
        opened = await vault.open(service.workspace, "refresh")
        assert isinstance(opened, BoundSecret)
        assert (opened.secret.reveal(), opened.hosts) == ("token number 2", ("a.test",))
        records = await service.store.read(service.workspace, lambda unit: unit.audit.range(0, 9))
        assert [entry.document["actor"]["id"] for entry in records] == [actor.id, "vault", "oauth2", "vault"]  # type: ignore[index,call-overload]
