import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from soar.model.errors import BugError, InputError, SoarError, UnavailableError
from soar.model.secret import CredentialVersion, Secret
from soar.sdk.egress import HttpEgress
from soar.store import Store
from soar.vault.lookups import AwsLookup, EnvironmentLookup, FileLookup, KvLookup
from soar.vault.references import KEPT, Lookup, References
from soar.vault.remote import Remote
from tests.support.aws import open_aws
from tests.support.builders import build_actor
from tests.support.clock import START, SteppedClock
from tests.support.secret_server import HOST, TOKEN, SecretServer
from tests.support.vault import VaultParts, open_vault

VALUE = "value kept elsewhere"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "secrets"
    made.mkdir()
    (made / "edr").write_text(f"{VALUE}\n")
    return made


@pytest.fixture
def environment() -> dict[str, str]:
    return {"EDR_TOKEN": VALUE, "SHORT": "1234567", "OWN": "the service's own"}


@pytest.fixture
def server() -> SecretServer:
    return SecretServer(secrets={"kv/soc/edr": {"token": VALUE, "number": 7}})


@pytest.fixture
def parts(store: Store, tmp_path: Path, folder: Path, environment: dict[str, str], server: SecretServer) -> VaultParts:
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "token").chmod(0o600)
    parts = open_vault(store, tmp_path / "kek")
    lookups: list[Lookup] = [
        EnvironmentLookup(["EDR_TOKEN", "SHORT", "NONE"], environment),
        FileLookup([folder]),
        KvLookup(Remote(server, f"https://{HOST}", is_private=False), tmp_path / "token"),
    ]
    return VaultParts(store, parts.keyring, parts.ids, parts.randomness, parts.clock, lookups)


async def refer(parts: VaultParts, reference: str, name: str = "edr_token") -> CredentialVersion:
    return await parts.vault.set_reference("w", name, reference, hosts=["edr.test"], actor=build_actor(), now=START)


@pytest.mark.parametrize("place", ["env:EDR_TOKEN", "file:{folder}/edr", "vault:kv/soc/edr#token"])
async def test_a_reference_is_resolved_when_it_is_needed(parts: VaultParts, folder: Path, place: str) -> None:
    reference = place.format(folder=folder)
    version = await refer(parts, reference)
    assert version.is_reference
    opened = await parts.vault.open("w", "edr_token")
    assert (opened.secret.reveal(), opened.hosts) == (VALUE, ("edr.test",))
    event, used = [entry.document for entry in await parts.store.read("w", lambda unit: unit.audit.range(0, 9))]
    assert event["after"] == {"version": 1, "hosts": ["edr.test"], "reference": reference}
    assert used["type"] == "credential.used"
    assert used["after"] == {"version": 1, "fingerprint": parts.vault.take_fingerprint(Secret(VALUE))}
    assert VALUE not in json.dumps([event, used])


@pytest.mark.parametrize(
    "reference",
    [
        "",
        "EDR_TOKEN",
        "env:OWN",
        "env:",
        "file:edr",
        "file:/etc/passwd",
        "file:{folder}/../kek",
        "file:{folder}x/edr",
        "vault:kv#token",
        "vault:kv/soc/edr",
        "vault:kv/../sys/seal#x",
        "vault:kv/..#x",
        "vault:kv/soc/.#x",
        "vault:kv/a?b#x",
        "aws-sm:name",
        "env:" + "X" * 1_000,
    ],
)
async def test_what_the_settings_do_not_allow_cannot_be_referred_to(
    parts: VaultParts, folder: Path, reference: str
) -> None:
    with pytest.raises(InputError) as caught:
        await refer(parts, reference.format(folder=folder))
    assert caught.value.code == "invalid_reference"
    assert await parts.store.read("w", parts.vault.list) == ()


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("env:NONE", "there is no such variable"),
        ("env:SHORT", "what is there has fewer than 8 characters"),
        ("file:{folder}/none", "No such file or directory"),
        ("file:{folder}/inner", "it is no file"),
        ("file:{folder}/outside", "it leads out of its folder"),
        ("file:{folder}/binary", "it is no text in UTF-8"),
        ("file:{folder}/long", "it has more than 65536 bytes"),
        ("vault:kv/soc/none#token", "the server answers 404"),
        ("vault:kv/soc/edr#none", "it has no such field with a text"),
        ("vault:kv/soc/edr#number", "it has no such field with a text"),
    ],
)
async def test_a_reference_to_nothing_says_so(parts: VaultParts, folder: Path, reference: str, reason: str) -> None:
    (folder / "inner").mkdir()
    (folder / "outside").symlink_to(folder.parent / "token")
    (folder / "binary").write_bytes(b"\xff" * 20)
    (folder / "long").write_bytes(b"x" * 65_537)
    await refer(parts, reference.format(folder=folder))
    with pytest.raises(UnavailableError) as caught:
        await parts.resolve()
    assert (caught.value.code, caught.value.message) == (
        "reference_unavailable",
        f"{reference.format(folder=folder)} cannot be read: {reason}",
    )


async def test_a_link_within_its_folder_is_followed_as_container_platforms_lay_them(
    parts: VaultParts, folder: Path
) -> None:
    (folder / "..2026").mkdir()
    (folder / "..2026" / "token").write_text(VALUE)
    (folder / "..data").symlink_to("..2026")
    (folder / "token").symlink_to("..data/token")
    await refer(parts, f"file:{folder}/token")
    assert await parts.resolve() == VALUE


async def test_a_value_is_looked_up_again_after_a_minute(
    parts: VaultParts, environment: dict[str, str], clock: SteppedClock
) -> None:
    assert KEPT <= 60
    await refer(parts, "env:EDR_TOKEN")
    assert await parts.resolve() == VALUE
    environment["EDR_TOKEN"] = "another value"
    assert await parts.resolve() == VALUE
    assert isinstance(parts.clock, SteppedClock)
    parts.clock.advance(START.resolution * int(KEPT * 1_000_000))
    assert await parts.resolve() == "another value"


async def test_a_server_that_is_away_or_refuses_is_told(
    parts: VaultParts, server: SecretServer, tmp_path: Path
) -> None:
    await refer(parts, "vault:kv/soc/edr#token")
    server.is_down = True
    with pytest.raises(
        UnavailableError, match=rf"\Avault:kv/soc/edr#token cannot be read: {HOST} could not be reached"
    ):
        await parts.resolve()
    server.is_down = False
    (tmp_path / "token").write_text("another")
    with pytest.raises(UnavailableError, match=r"\Avault:kv/soc/edr#token cannot be read: the server answers 403\Z"):
        await parts.resolve()


@pytest.mark.parametrize("shown", [0, 1])
async def test_who_can_write_the_database_cannot_make_a_value_a_reference_nor_the_other_way_round(
    parts: VaultParts, shown: int
) -> None:
    if shown:
        await parts.set("env:EDR_TOKEN")
    else:
        await refer(parts, "env:EDR_TOKEN")
    statement = text("UPDATE credentials SET is_reference = :shown")
    await parts.store.write("w", lambda unit: unit._connection.execute(statement, {"shown": shown}))
    with pytest.raises(BugError) as caught:
        await parts.resolve()
    assert caught.value.code == "sealed_value_damaged"


async def test_a_reference_is_sealed_again_with_the_others(parts: VaultParts) -> None:
    await refer(parts, "env:EDR_TOKEN")
    await parts.rotation.rotate("w", None, actor=build_actor(), now=START)
    assert (await parts.rewrapper.rewrap("w")).credentials == 1
    assert await parts.resolve() == VALUE


@pytest.fixture
async def aws(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[References]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    egress = HttpEgress()
    with open_aws() as fake:
        client = fake.open_client("secretsmanager")
        client.create_secret(Name="soc/edr", SecretString=json.dumps({"token": VALUE}))
        client.create_secret(Name="plain", SecretString=VALUE)
        client.create_secret(Name="binary", SecretBinary=b"12345678")
        yield References([AwsLookup(fake.place, egress)], shortest=8, clock=SteppedClock())
        await egress.close()


@pytest.mark.parametrize("reference", ["aws-sm:soc/edr#token", "aws-sm:plain"])
async def test_secrets_manager_is_asked(aws: References, reference: str) -> None:
    aws.check(reference)
    assert (await aws.read(reference)).reveal() == VALUE


@pytest.mark.parametrize(
    ("reference", "kind", "reason"),
    [
        ("aws-sm:none", UnavailableError, "ResourceNotFound"),
        ("aws-sm:soc/edr#none", UnavailableError, "cannot be read: it has no such field with a text"),
        ("aws-sm:plain#token", UnavailableError, "cannot be read: it holds no JSON"),
        ("aws-sm:binary", UnavailableError, "cannot be read: it holds no text"),
        ("aws-sm:a b", InputError, "write aws-sm:name or aws-sm:name#field, not aws-sm:a b"),
    ],
)
async def test_what_secrets_manager_does_not_have_is_told(
    aws: References, reference: str, kind: type[SoarError], reason: str
) -> None:
    with pytest.raises(kind, match=rf"{reason}\w*\Z") as caught:
        await aws.read(reference)
    assert reference in caught.value.message
