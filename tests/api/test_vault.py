"""The keys over the credentials, over the API."""

from dataclasses import replace
from urllib.parse import quote

from soar.model.identity import Role
from tests.support.service import Answer, Face, Person


async def find_current(person: Person) -> str:
    keys = (await person.get("/vault")).json["keys"]
    (current,) = [key["id"] for key in keys if key["status"] == "wrapping"]
    return str(current)


async def ask(person: Person, key: str, verb: str) -> Answer:
    return await person.post(f"/vault/keys/{quote(key, safe='')}/{verb}")


async def make_admin(face: Face, name: str) -> Person:
    user = await face.read(lambda unit: unit.users.get(f"u_{name}"))
    assert user is not None
    await face.write(lambda unit: unit.users.update(replace(user, roles=frozenset({Role.ADMIN.value}))))
    return await face.person(name)


async def test_a_key_goes_from_current_to_destroyed_by_two_people(face: Face) -> None:
    root, other = await face.person("root"), await make_admin(face, "vera")
    first = await find_current(root)
    made = await root.post("/vault/keys")
    assert (made.status, made.json["status"]) == (200, "wrapping")
    assert (await ask(root, first, "retire")).code == "key_in_use"
    assert (await root.post("/vault/rewrap")).json == {"credentials": 1, "damaged": []}
    assert (await ask(root, first, "retire")).json["status"] == "retired"
    asked = await ask(root, first, "destroy")
    assert (asked.json["status"], asked.json["condemned_by"]) == ("condemned", "u_root")
    again = await ask(root, first, "destroy")
    assert (again.status, again.code) == (403, "second_person")
    assert (await ask(other, first, "destroy")).json["status"] == "destroyed"
    shown = (await root.get("/vault")).json
    assert [(key["id"], key["status"], key["is_here"], key["credentials"]) for key in shown["keys"]] == [
        (first, "destroyed", False, 0),
        (made.json["id"], "wrapping", True, 1),
    ]
    assert (shown["credentials"], shown["current"]) == (1, 1)
    assert (await face.report_mail()).status == 202  # the hook's key still opens
    kinds = [(event["type"], event["actor"]["id"]) for event in await face.events("vault_key.")]
    assert kinds == [
        ("vault_key.rotated", "u_root"),
        ("vault_key.rewrapped", "vault"),
        ("vault_key.retired", "u_root"),
        ("vault_key.condemned", "u_root"),
        ("vault_key.destroyed", "u_vera"),
    ]


async def test_keys_are_named_and_never_shown_and_only_admins_change_them(face: Face) -> None:
    root, olga, carol = await face.person("root"), await face.person("olga"), await face.person("carol")
    first = await find_current(olga)
    assert first.startswith("file:")
    for person in (olga, carol):
        assert (await person.post("/vault/keys")).status == 403
        assert (await ask(person, first, "destroy")).status == 403
    assert (await carol.get("/vault")).status == 403
    assert (await ask(root, "file:none", "retire")).status == 404
    assert (await root.post("/vault/keys", {"key": first})).code == "key_known"
