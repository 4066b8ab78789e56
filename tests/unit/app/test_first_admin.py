import re
from datetime import timedelta
from pathlib import Path

import pytest

from soar.app.first_admin import FIRST_CODE_LIFE, FirstInvitation, create_admin, invite_first
from soar.app.settings import FirstAdminSettings, Settings, load_settings
from soar.cli.main import main
from soar.model.clock import Clock
from soar.model.errors import ConflictError, InputError
from soar.model.factor import CodePurpose
from soar.model.identity import Role, User
from soar.people.codes import hash_code
from soar.store import Store
from tests.support.builders import build_user
from tests.support.clock import SteppedClock
from tests.support.ids import SeededIds
from tests.support.randomness import SeededRandomness

SECOND = timedelta(seconds=1)
NOBODY = FirstAdminSettings()
EVA = FirstAdminSettings(name="eva", email="eva@corp.example")


async def invite(
    store: Store, wanted: FirstAdminSettings = EVA, clock: Clock | None = None, seed: int = 0, **more: object
) -> FirstInvitation | None:
    return await invite_first(
        store,
        "north",
        wanted,
        clock=clock or SteppedClock(),
        ids=SeededIds(seed),
        randomness=SeededRandomness(seed),
        **more,
    )


async def find(store: Store, name: str) -> User:
    user = await store.read("north", lambda unit: unit.users.find_name(name))
    assert user is not None
    return user


async def counts(store: Store, code: str, clock: Clock) -> bool:
    key = hash_code(CodePurpose.INVITATION, code)
    return await store.read("north", lambda unit: unit.codes.find(key, clock.now())) is not None


async def test_the_operator_names_the_first_administrator_who_has_a_code_and_no_password(store: Store) -> None:
    made = await invite(store)
    assert made is not None
    eva = await find(store, "eva")
    assert (eva.email, eva.roles, eva.password_hash) == ("eva@corp.example", {Role.ADMIN}, None)
    page = await store.read("north", lambda unit: unit.audit.list(10))
    documents = [record.document for record in page.items]
    assert sorted(document["type"] for document in documents) == ["user.created", "user.invited"]
    assert made.code not in str(documents)


async def test_without_a_name_one_is_drawn(store: Store) -> None:
    made = await invite(store, NOBODY)
    assert made is not None
    assert re.fullmatch(r"admin-[0-9a-z]{6}", made.name)
    assert (await find(store, made.name)).email == f"{made.name}@soar.invalid"


async def test_the_code_counts_for_a_day_and_then_another_is_given_to_the_same_person(store: Store) -> None:
    clock = SteppedClock()
    first = await invite(store, clock=clock)
    assert first is not None
    clock.advance(FIRST_CODE_LIFE - SECOND)
    assert await counts(store, first.code, clock)
    assert await invite(store, clock=clock, seed=1) is None
    clock.advance(SECOND)
    assert not await counts(store, first.code, clock)
    second = await invite(store, FirstAdminSettings(name="eve"), clock=clock, seed=2)
    assert second is not None
    assert (second.name, second.expires_at) == ("eva", clock.now() + timedelta(hours=24))
    assert await counts(store, second.code, clock)
    assert not await counts(store, first.code, clock)


@pytest.mark.parametrize(
    "there",
    [
        [build_user(id="u_1", name="eva", password_hash="argon2", roles=frozenset({"admin"}))],
        [build_user(id="u_1", name="eva", password_hash=None, roles=frozenset({"viewer"}))],
        [build_user(id=f"u_{name}", name=name, password_hash=None, roles=frozenset({"admin"})) for name in ("a", "b")],
    ],
    ids=["has a password", "is no administrator", "is not alone"],
)
async def test_nobody_else_is_ever_made_or_invited(store: Store, there: list[User]) -> None:
    for user in there:
        await store.write("north", lambda unit, user=user: unit.users.add(user))
    assert await invite(store) is None
    assert len((await store.read("north", lambda unit: unit.users.list(9))).items) == len(there)


async def test_nobody_is_made_if_the_code_cannot_be_kept(store: Store) -> None:
    def fail(_: FirstInvitation) -> None:
        raise OSError(30, "Read-only file system")

    with pytest.raises(OSError, match="Read-only"):
        await invite(store, keep=fail)
    assert await store.read("north", lambda unit: unit.users.is_empty())
    told: list[FirstInvitation] = []
    assert await invite(store, keep=told.append) == told[0]


@pytest.mark.parametrize("section", [{"name": "Eva"}, {"name": "u_1"}, {"name": "a" * 65}, {"email": "nowhere"}])
def test_a_name_that_no_account_could_have_is_refused(section: dict[str, str]) -> None:
    with pytest.raises(InputError, match="first_admin"):
        load_settings(None, {"first_admin": section})


def test_it_can_be_named_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOAR_FIRST_ADMIN__NAME", "eva")
    assert load_settings(None).first_admin == FirstAdminSettings(name="eva")


def test_they_are_made_on_the_servers_own_machine_once(settings: Settings) -> None:
    named = settings.model_copy(update={"first_admin": EVA})
    assert create_admin(named).name == "eva"
    with pytest.raises(ConflictError) as caught:
        create_admin(named)
    assert caught.value.code == "not_the_first"


def test_the_command_line_names_them_and_prints_the_code_alone(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "soar.yaml"
    file.write_text(
        f"""
database: {{url: "{settings.database.url}"}}
vault: {{key_file: {settings.vault.key_file}}}
audit: {{key_file: {settings.audit.key_file}}}
paths: {{playbooks: {tmp_path}/playbooks, connectors: {tmp_path}/connectors, sources: {tmp_path}/sources}}
""",
        "utf-8",
    )
    with pytest.raises(SystemExit) as ended:
        main(["admin", "create", "--name", "eva", "--config", str(file)])
    assert ended.value.code == 0
    printed = capsys.readouterr()
    assert re.fullmatch(r"([0-9a-z]{4}-){3}[0-9a-z]{4}\n", printed.out)
    assert "eva sets a password with this code" in printed.err
