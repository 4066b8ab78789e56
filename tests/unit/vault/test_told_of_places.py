"""What people are told where keys and credentials are kept elsewhere, and that place does not give them."""

import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from botocore.exceptions import ConnectTimeoutError

from soar.model.errors import NotFoundError, SoarError, UnavailableError
from soar.model.network import EgressRequest, EgressResponse
from soar.vault import FileKeyProvider, Keyring, create_key_file
from soar.vault.amazon import AwsClient, AwsPlace
from soar.vault.cipher import Place
from soar.vault.keys import say_missing
from soar.vault.lookups import EnvironmentLookup, FileLookup, KvLookup
from soar.vault.providers.local import EnvironmentKeyProvider
from soar.vault.providers.pkcs11 import Pkcs11KeyProvider
from soar.vault.providers.transit import TransitAddress, TransitKeyProvider
from soar.vault.references import KEPT, Lookup, References
from soar.vault.remote import Remote, read_token
from tests.support.clock import START, SteppedClock
from tests.support.randomness import SeededRandomness
from tests.support.secret_server import HOST, TOKEN, SecretServer

PLACE = Place(workspace="w", table="workspace_keys", row="wk_1", field="wrapped", version=1)
PLACE_OF_KMS = AwsPlace(region="eu-central-1")
KEYS_PAGE = "docs/howto/keep-the-keys.md"


def tell(error: SoarError) -> tuple[str, str, str | None]:
    return error.code, error.message, error.hint


async def fail(work: Awaitable[object]) -> tuple[str, str, str | None]:
    with pytest.raises(SoarError) as caught:
        await work
    return tell(caught.value)


async def test_a_provider_without_keys_and_a_key_without_provider(tmp_path: Path) -> None:
    write_token(tmp_path)
    ring = Keyring([make_transit(tmp_path, SecretServer())])
    assert await ring.list() == ()
    with pytest.raises(UnavailableError) as caught:
        await ring.find_first()
    assert tell(caught.value) == ("wrong_key", "the provider transit has no key", "make one: soar vault rotate")
    assert caught.value.retry_after == 60.0
    hint = f"bring back the key that this database was used with before; see {KEYS_PAGE}"
    assert await fail(ring.unwrap("aws-kms:a:b", b"", PLACE)) == (
        "wrong_key",
        "the credentials need the key aws-kms:a:b, but the service has transit:…",
        hint,
    )
    alone = say_missing("file:1", ())
    assert tell(alone) == ("wrong_key", "the credentials need the key file:1, but the service has none", hint)
    assert alone.retry_after == 60.0
    assert (await ring.create()).startswith("transit:soar-")


async def test_a_key_with_colons_in_its_name_is_its_providers(tmp_path: Path) -> None:
    write_token(tmp_path)
    ring = Keyring([make_transit(tmp_path, SecretServer(keys={"soar:a": b"\x01" * 32}))])
    with pytest.raises(UnavailableError, match="it answers 400"):
        await ring.wrap("transit:soar:a", bytes(32), PLACE)


def make_transit(folder: Path, server: SecretServer) -> TransitKeyProvider:
    address = TransitAddress(
        url=f"https://{HOST}:8200", is_private=False, mount="transit", key="soar", token_file=folder / "token"
    )
    return TransitKeyProvider(address, server, SeededRandomness(2))


def write_token(folder: Path, written: str = TOKEN) -> Path:
    (folder / "token").write_text(written)
    (folder / "token").chmod(0o600)
    return folder / "token"


async def test_a_token_file_that_is_not_in_order(tmp_path: Path) -> None:
    file = tmp_path / "token"
    code, said, hint = await fail(read_token(file))
    assert (code, hint) == ("token_file", "let the agent write it where the service can read it")
    assert said.startswith(f"the token file {file} cannot be read: [Errno 2]")
    for mode in (0o604, 0o602):
        write_token(tmp_path).chmod(mode)
        assert await fail(read_token(file)) == (
            "token_file",
            f"the token file {file} is open to everybody",
            f"chmod o-rwx {file}",
        )
    write_token(tmp_path, " \n")
    assert await fail(read_token(file)) == (
        "token_file",
        f"the token file {file} is empty",
        "let the agent write it",
    )
    write_token(tmp_path, "größer")
    assert (await fail(read_token(file)))[0] == "token_file"
    write_token(tmp_path, f" {TOKEN}\n").chmod(0o640)
    assert (await read_token(file)).reveal() == TOKEN
    write_token(tmp_path, "x" * 4_096)
    assert (await read_token(file)).reveal() == "x" * 4_096
    write_token(tmp_path, "x" * 4_096 + "\n")
    assert await fail(read_token(file)) == (
        "token_file",
        f"the token file {file} has more than 4096 characters",
        "name the file that holds the token and nothing else",
    )


async def test_a_transit_engine_that_is_away_refuses_or_talks_nonsense(tmp_path: Path) -> None:
    server = SecretServer(keys={"soar": b"\x01" * 32})
    provider, beginning = make_transit(tmp_path, server), f"the keys at https://{HOST}:8200 cannot be used: "
    hint = "look at its seal, at the token's file and at the token's policy"
    write_token(tmp_path, "another")
    for work in (provider.create(), provider.unwrap("transit:soar", b"", PLACE)):
        with pytest.raises(UnavailableError) as caught:
            await work
        assert tell(caught.value) == ("key_provider_unavailable", f"{beginning}it answers 403", hint)
        assert caught.value.retry_after == 5.0
    server.is_down = True
    assert await fail(provider.list()) == (
        "key_provider_unavailable",
        f"{beginning}{HOST} could not be reached",
        hint,
    )
    server.is_down = False
    write_token(tmp_path)
    for answer in (b"[]", b'{"data": 7}', b'{"data": {"keys": "soar"}}', b"nonsense", b""):
        assert await fail(make_transit(tmp_path, Answering(answer)).list()) == (
            "key_provider_unavailable",
            "the keys at the transit engine cannot be used: it answered something else than was asked for",
            hint,
        )
    answering = Answering(b'{"data": {"plaintext": "no base64"}}')
    assert await fail(make_transit(tmp_path, answering).unwrap("transit:soar", b"", PLACE)) == (
        "key_provider_unavailable",
        f"{beginning}it answers 200",
        hint,
    )


class Answering(SecretServer):
    """A server that says the same whatever it is asked."""

    def __init__(self, answer: bytes) -> None:
        super().__init__()
        self._answer = answer

    async def send(self, request: EgressRequest) -> EgressResponse:
        self.asked.append(request.url)
        return EgressResponse(status=200, headers=(), body=self._answer)


def make_references(lookups: Sequence[Lookup]) -> References:
    return References(lookups, shortest=8, clock=SteppedClock())


async def test_a_reference_that_may_not_be_used(tmp_path: Path) -> None:
    hint = f"see {KEYS_PAGE}"
    lookups = [EnvironmentLookup(["EDR"], {}), FileLookup([tmp_path])]
    for made, reference, said in (
        (lookups, "x" * 1_001, "a reference has at most 1000 characters"),
        (lookups, "vault:a", "a reference begins with a scheme that vault.references allows; allowed: env:, file:"),
        ([], "env:EDR", "a reference begins with a scheme that vault.references allows; allowed: none"),
        (lookups, "env:OWN", "the variable OWN is not among vault.references.environment"),
        (lookups, "file:/x", "the file /x is beneath none of vault.references.folders"),
        (lookups, f"file:{tmp_path}/a\0b", f"the file {tmp_path}/a\0b is beneath none of vault.references.folders"),
    ):
        with pytest.raises(SoarError) as caught:
            make_references(made).check(reference)
        assert tell(caught.value) == ("invalid_reference", said, hint)
    make_references([EnvironmentLookup(["E" * 996], {})]).check("env:" + "E" * 996)
    kv = KvLookup(Remote(SecretServer(), f"https://{HOST}", is_private=False), tmp_path / "token")
    for place in ("kv/soc", "kv/./soc#token"):
        with pytest.raises(SoarError) as caught:
            make_references([kv]).check(f"vault:{place}")
        said = f"write vault:mount/path#field, not vault:{place}"
        assert tell(caught.value) == ("invalid_reference", said, hint)


async def test_a_reference_behind_which_there_is_nothing(tmp_path: Path) -> None:
    hint = "look at what keeps it, and at our right to read it"
    (tmp_path / "short").write_text("1234567\r\n")
    (tmp_path / "exact").write_text("12345678\r\n")
    references = make_references([EnvironmentLookup(["EDR"], {}), FileLookup([tmp_path])])
    for reference, reason in (
        ("env:EDR", "there is no such variable"),
        (f"file:{tmp_path}/none", "No such file or directory"),
        (f"file:{tmp_path}/short", "what is there has fewer than 8 characters"),
        (f"file:{tmp_path}/exact/more", "Not a directory"),
    ):
        with pytest.raises(UnavailableError) as caught:
            await references.read(reference)
        assert tell(caught.value) == ("reference_unavailable", f"{reference} cannot be read: {reason}", hint)
        assert caught.value.retry_after == 5.0
    assert (await references.read(f"file:{tmp_path}/exact")).reveal() == "12345678"


async def test_a_link_that_leads_to_itself_is_told(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    code, said, _ = await fail(make_references([FileLookup([tmp_path])]).read(f"file:{tmp_path}/loop"))
    assert code == "reference_unavailable"
    assert said.startswith(f"file:{tmp_path}/loop cannot be read: ")


async def test_a_file_is_read_whole_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "most").write_text("x" * 65_536)
    (tmp_path / "lines").write_text("\r\nfirst\nsecond\n\n")
    references = make_references([FileLookup([tmp_path / "elsewhere", tmp_path])])
    assert (await references.read(f"file:{tmp_path}/most")).reveal() == "x" * 65_536
    assert (await references.read(f"file:{tmp_path}/lines")).reveal() == "\r\nfirst\nsecond\n"
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnavailableError, match=r"cannot be read: it is no file\Z"):
        await references.read(f"file:{tmp_path}/pipe")


def list_open() -> set[str]:
    """Return what this process holds open, but for the listing itself."""
    return {f"{link.name} {link.readlink()}" for link in Path("/proc/self/fd").iterdir() if link.exists()}


async def test_no_file_is_left_open(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "edr").write_text("value kept here")
    (tmp_path / "inner" / "binary").write_bytes(b"\xff" * 9)
    before = list_open()
    references = make_references([FileLookup([tmp_path])])
    await references.read(f"file:{tmp_path}/inner/edr")
    for name in ("inner", "inner/binary", "inner/edr/more"):
        with pytest.raises(UnavailableError):
            await references.read(f"file:{tmp_path}/{name}")
    assert list_open() <= before


async def test_a_value_is_not_kept_longer_because_another_is_looked_up() -> None:
    environment, clock = {"ONE": "value of one", "TWO": "value of two"}, SteppedClock()
    references = References([EnvironmentLookup(["ONE", "TWO"], environment)], shortest=8, clock=clock)
    await references.read("env:ONE")
    clock.advance(START.resolution * int(KEPT * 500_000))
    await references.read("env:TWO")
    environment.update(ONE="another one", TWO="another two")
    clock.advance(START.resolution * int(KEPT * 500_000))
    assert (await references.read("env:ONE")).reveal() == "another one"
    assert (await references.read("env:TWO")).reveal() == "value of two"


@pytest.mark.parametrize(
    ("extra", "module", "asked", "ask"),
    [
        ("aws", "botocore.session", "AWS", lambda _: AwsClient("kms", PLACE_OF_KMS, SecretServer())),
        (
            "pkcs11",
            "pkcs11",
            "a security module",
            lambda folder: Pkcs11KeyProvider(
                module=folder, token="soar", pin_file=folder, key="soar", randomness=SeededRandomness()
            ),
        ),
    ],
)
def test_an_extra_that_is_not_installed(
    extra: str, module: str, asked: str, ask: Callable[[Path], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(SoarError) as caught:
        ask(tmp_path)
    assert tell(caught.value) == (
        "extra_missing",
        f"{asked} is asked for, and its library is not installed",
        f"install soar with the extra `{extra}`",
    )


async def test_an_aws_that_is_not_reached() -> None:
    def refuse(_: object) -> None:
        raise ConnectTimeoutError(endpoint_url="https://kms.test")

    with pytest.raises(UnavailableError) as caught:
        await AwsClient("kms", PLACE_OF_KMS, SecretServer()).call(refuse, NotFoundError)
    assert tell(caught.value) == (
        "key_provider_unavailable",
        "AWS did not do what was asked: ConnectTimeoutError",
        "look at the service's role, its policy and the region",
    )
    assert caught.value.retry_after == 5.0


async def test_keys_that_are_local_and_not_in_order(tmp_path: Path) -> None:
    with pytest.raises(SoarError) as caught:
        EnvironmentKeyProvider(["ONE"], {}, SeededRandomness())
    assert tell(caught.value) == (
        "key_missing",
        "there is no variable ONE",
        "set it, or take it out of the list",
    )
    with pytest.raises(SoarError) as caught:
        EnvironmentKeyProvider(["ONE"], {"ONE": "x"}, SeededRandomness())
    assert tell(caught.value) == (
        "key_weak",
        "the variable ONE does not hold 32 random bytes in base64",
        "make a key: head -c 32 /dev/urandom | base64",
    )
    assert await fail(EnvironmentKeyProvider([], {}, SeededRandomness()).create()) == (
        "key_not_made",
        "a key cannot be made in the environment",
        "name one more variable in vault.environment, start again, then: soar vault rotate --key ID",
    )
    create_key_file(tmp_path / "kek", SeededRandomness())
    provider = FileKeyProvider(tmp_path / "kek", SeededRandomness(1))
    (key,) = await provider.list()
    assert await fail(provider.wrap("file:none", b"", PLACE)) == (
        "wrong_key",
        f"the credentials need the key file:none, but the service has {key}",
        f"bring back the key that this database was used with before; see {KEYS_PAGE}",
    )
