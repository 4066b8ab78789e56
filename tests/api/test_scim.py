"""The identity provider keeps people and groups, over real HTTP."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from soar.app.passwords import Passwords
from soar.store import Unit
from tests.support.clock import SteppedClock
from tests.support.identity_provider import IdentityProvider
from tests.support.service import Answer, Face, Person, open_face

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
SCOPE = frozenset({"scim:write"})


@dataclass
class Keeper:
    """The identity provider at our door."""

    face: Face
    person: Person

    async def send(self, method: str, path: str, body: object = None) -> Answer:
        return await self.person.send(
            method, f"/scim/v2/{path}", body, {} if body is None else {"Content-Type": "application/scim+json"}
        )

    async def add_user(self, name: str, **more: object) -> str:
        answer = await self.send("POST", "Users", {"schemas": [USER], "userName": name, **more})
        assert answer.status == 201, answer.body
        return str(answer.json["id"])

    async def add_group(self, name: str, *members: str) -> str:
        listed = [{"value": member} for member in members]
        answer = await self.send("POST", "Groups", {"schemas": [GROUP], "displayName": name, "members": listed})
        assert answer.status == 201, answer.body
        return str(answer.json["id"])

    async def patch(self, path: str, *operations: dict[str, Any]) -> Answer:
        return await self.send("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)})

    async def roles_of(self, user: str) -> frozenset[str]:
        found = await self.face.read(lambda unit: unit.users.get(user))
        return found.roles


@pytest.fixture
async def keeper(tmp_path: Path, passwords: Passwords) -> AsyncIterator[Keeper]:
    clock = SteppedClock()
    provider = IdentityProvider("https://id.test", clock).provider
    async with open_face(tmp_path, passwords, provider=provider, clock=clock) as face:
        yield Keeper(face, await face.person("root", scopes=SCOPE))
        assert face.faults == []


async def test_what_is_spoken_is_described(keeper: Keeper) -> None:
    config = await keeper.send("GET", "ServiceProviderConfig")
    assert config.headers["Content-Type"] == "application/scim+json; charset=utf-8"
    assert (config.json["patch"], config.json["bulk"]["supported"]) == ({"supported": True}, False)
    types = (await keeper.send("GET", "ResourceTypes")).json
    assert [found["schema"] for found in types["Resources"]] == [USER, GROUP]
    schemas = (await keeper.send("GET", "Schemas")).json
    assert [found["id"] for found in schemas["Resources"]] == [USER, GROUP]
    assert "userName" in [attribute["name"] for attribute in schemas["Resources"][0]["attributes"]]


async def test_a_person_is_made_as_the_standard_writes_one(keeper: Keeper) -> None:
    body = {
        "schemas": [USER, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
        "externalId": "2819c223",
        "userName": "bjensen@corp.example",
        "displayName": "Babs Jensen",
        "name": {"familyName": "Jensen", "givenName": "Barbara"},
        "emails": [
            {"value": "babs@home.example", "type": "home"},
            {"value": "bjensen@corp.example", "type": "work", "primary": True},
        ],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Tour"},
        "favouriteColour": "blue",
    }
    refused = await keeper.send("POST", "Users", body)
    assert (refused.status, refused.json["scimType"]) == (400, "invalidPath")
    del body["favouriteColour"]
    answer = await keeper.send("POST", "Users", body)
    made = answer.json
    assert answer.status == 201
    assert answer.headers["Location"] == made["meta"]["location"]
    assert made["meta"]["location"] == f"{keeper.face.services.url}/scim/v2/Users/{made['id']}"
    assert made["emails"] == [{"value": "bjensen@corp.example", "type": "work", "primary": True}]
    shown = await keeper.send("GET", f"Users/{made['id']}")
    assert shown.json == made
    assert (made["externalId"], made["active"], made["groups"]) == ("2819c223", True, [])
    (event,) = await keeper.face.events("user.created")
    assert (event["actor"]["kind"], event["actor"]["id"]) == ("token", "u_root")


async def test_people_are_found_paged_and_cut_to_what_is_wanted(keeper: Keeper) -> None:
    ids = [await keeper.add_user(f"user{number}", externalId=f"x{number}") for number in range(5)]
    for text, found in (
        ('userName eq "USER3"', [ids[3]]),
        ('username Eq "user3"', [ids[3]]),
        ('externalId eq "x1"', [ids[1]]),
        (f'id eq "{ids[2]}"', [ids[2]]),
        ('userName eq "nobody"', []),
        ('userName eq "ann"', []),
        ('id eq "u_ann"', []),
    ):
        page = (await keeper.send("GET", f"Users?filter={text.replace(' ', '%20')}")).json
        assert [one["id"] for one in page["Resources"]] == found, text
        assert page["totalResults"] == len(found)
    page = (await keeper.send("GET", "Users?startIndex=2&count=2")).json
    assert ([one["id"] for one in page["Resources"]], page["totalResults"]) == (ids[1:3], 5)
    assert (page["startIndex"], page["itemsPerPage"]) == (2, 2)
    page = (await keeper.send("GET", "Users?startIndex=-1&count=-5")).json
    assert (page["startIndex"], page["itemsPerPage"], page["totalResults"]) == (1, 0, 5)
    (cut, *_) = (await keeper.send("GET", "Users?attributes=userName")).json["Resources"]
    assert cut.keys() == {"schemas", "id", "userName"}
    (cut, *_) = (await keeper.send("GET", "Users?excludedAttributes=emails,groups,id")).json["Resources"]
    assert {"emails", "groups"}.isdisjoint(cut)
    assert "id" in cut


@pytest.mark.parametrize(
    "query", ["filter=userName%20sw%20%22a%22", "filter=password%20eq%20%22a%22", "filter=", "count=many", "count=9e9"]
)
async def test_a_list_that_is_asked_for_otherwise_is_refused(keeper: Keeper, query: str) -> None:
    answer = await keeper.send("GET", f"Users?{query}")
    assert (answer.status, answer.json["schemas"]) == (400, [ERROR])
    assert answer.json["scimType"] in {"invalidFilter", "invalidValue"}


async def test_a_name_and_an_id_are_taken_once(keeper: Keeper) -> None:
    first = await keeper.add_user("jane", externalId="x")
    other = await keeper.add_user("other")
    for body in ({"userName": "JANE"}, {"userName": "new", "externalId": "x"}):
        answer = await keeper.send("POST", "Users", {"schemas": [USER], **body})
        assert (answer.status, answer.json["scimType"], answer.json["status"]) == (409, "uniqueness", "409")
        answer = await keeper.send("PUT", f"Users/{other}", {"schemas": [USER], **body})
        assert (answer.status, answer.json["scimType"]) == (409, "uniqueness")
    same = await keeper.send("PUT", f"Users/{first}", {"schemas": [USER], "userName": "Jane", "externalId": "x"})
    assert (same.status, same.json["userName"]) == (200, "Jane")


@pytest.mark.parametrize(
    ("operation", "changed"),
    [
        ({"op": "replace", "path": "userName", "value": "new"}, {"userName": "new"}),
        ({"op": "Replace", "value": {"displayName": "New", "name.givenName": "N"}}, {"displayName": "New"}),
        ({"op": "add", "path": f"{USER}:displayName", "value": "New"}, {"displayName": "New"}),
        ({"op": "remove", "path": "displayName"}, {"displayName": ""}),
        ({"op": "add", "path": "externalId", "value": "y"}, {"externalId": "y"}),
        ({"op": "replace", "path": "name.familyName", "value": "Doe"}, {}),
        (
            {"op": "replace", "path": 'emails[type eq "work"].value', "value": "n@corp.example"},
            {"emails": [{"value": "n@corp.example", "type": "work", "primary": True}]},
        ),
        ({"op": "Replace", "path": "active", "value": "False"}, {"active": False}),
    ],
)
async def test_a_person_is_changed(keeper: Keeper, operation: dict[str, Any], changed: dict[str, Any]) -> None:
    id_ = await keeper.add_user("jane", displayName="Jane")
    before = (await keeper.send("GET", f"Users/{id_}")).json
    answer = await keeper.patch(f"Users/{id_}", operation)
    assert answer.status == 200, answer.body
    assert {**answer.json, "meta": None} == {**before, **changed, "meta": None}


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ({"op": "replace", "path": "shoeSize", "value": 1}, "invalidPath"),
        ({"op": "replace", "path": "a[b", "value": 1}, "invalidPath"),
        ({"op": "replace", "path": 5, "value": 1}, "invalidPath"),
        ({"op": "remove"}, "noTarget"),
        ({"op": "remove", "path": "userName"}, "invalidValue"),
        ({"op": "replace", "path": "userName", "value": " "}, "invalidValue"),
        ({"op": "replace", "path": "userName", "value": "a" * 256}, "invalidValue"),
        ({"op": "replace", "path": "active", "value": "maybe"}, "invalidValue"),
        ({"op": "replace", "path": "emails", "value": [1]}, "invalidValue"),
        ({"op": "replace", "value": 1}, "invalidValue"),
        ({"op": "move", "path": "userName"}, "invalidSyntax"),
        ({"path": "userName"}, "invalidSyntax"),
        ({"op": "replace", "path": "emails[x pr].value", "value": "a"}, "invalidFilter"),
    ],
)
async def test_a_change_that_does_not_fit_changes_nothing(keeper: Keeper, operation: dict[str, Any], kind: str) -> None:
    id_ = await keeper.add_user("jane")
    answer = await keeper.patch(f"Users/{id_}", {"op": "replace", "path": "displayName", "value": "New"}, operation)
    assert (answer.status, answer.json["scimType"], answer.json["schemas"]) == (400, kind, [ERROR])
    assert (await keeper.send("GET", f"Users/{id_}")).json["displayName"] == ""


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"schemas": []}', b'{"schemas": ["%s"], "Operations": []}' % PATCH.encode(), b"\xff"]
)
async def test_a_body_that_is_none_is_refused(keeper: Keeper, body: bytes) -> None:
    id_ = await keeper.add_user("jane")
    for method, path in (("PATCH", f"Users/{id_}"), ("POST", "Users"), ("PUT", f"Users/{id_}"), ("POST", "Groups")):
        answer = await keeper.send(method, path, body)
        assert (answer.status, answer.json["scimType"]) == (400, "invalidSyntax")


async def test_a_body_of_another_type_is_refused(keeper: Keeper) -> None:
    answer = await keeper.person.send("POST", "/scim/v2/Users", b"{}", {"Content-Type": "text/plain"})
    assert (answer.status, answer.json["status"], answer.json["schemas"]) == (415, "415", [ERROR])


async def test_groups_give_and_take_roles_at_once(keeper: Keeper) -> None:
    jane, john = await keeper.add_user("jane"), await keeper.add_user("john")
    assert await keeper.roles_of(jane) == frozenset()
    soc = await keeper.add_group("soc", jane)
    assert await keeper.roles_of(jane) == {"analyst"}
    leads = await keeper.add_group("leads")
    added = await keeper.patch(
        f"Groups/{leads}", {"op": "Add", "path": "members", "value": [{"value": jane}, {"value": john}]}
    )
    assert [member["value"] for member in added.json["members"]] == sorted([jane, john])
    assert (await keeper.roles_of(jane), await keeper.roles_of(john)) == ({"analyst", "soc-lead"}, {"soc-lead"})
    shown = (await keeper.send("GET", f"Users/{jane}")).json["groups"]
    assert shown == [{"value": soc, "display": "soc"}, {"value": leads, "display": "leads"}]
    await keeper.patch(f"Groups/{leads}", {"op": "remove", "path": f'members[value eq "{jane}"]'})
    assert await keeper.roles_of(jane) == {"analyst"}
    await keeper.patch(f"Groups/{leads}", {"op": "Remove", "path": "members", "value": [{"value": john}]})
    assert await keeper.roles_of(john) == frozenset()
    await keeper.send(
        "PUT", f"Groups/{leads}", {"schemas": [GROUP], "displayName": "leads", "members": [{"value": john}]}
    )
    assert await keeper.roles_of(john) == {"soc-lead"}
    await keeper.patch(f"Groups/{leads}", {"op": "replace", "value": {"displayName": "others", "id": leads}})
    assert await keeper.roles_of(john) == frozenset()
    assert (await keeper.send("DELETE", f"Groups/{soc}")).status == 204
    assert await keeper.roles_of(jane) == frozenset()
    kinds = [event["type"] for event in await keeper.face.events("group.")]
    assert kinds == ["group.created", "group.created", *["group.changed"] * 5, "group.removed"]


async def test_groups_are_found(keeper: Keeper) -> None:
    first = await keeper.add_group("soc")
    second = (await keeper.send("POST", "Groups", {"schemas": [GROUP], "displayName": "b", "externalId": "x"})).json[
        "id"
    ]
    for text, found in (
        ('displayName eq "soc"', [first]),
        ('externalId eq "x"', [second]),
        (f'id eq "{first}"', [first]),
    ):
        page = (await keeper.send("GET", f"Groups?filter={text.replace(' ', '%20')}&excludedAttributes=members")).json
        assert [one["id"] for one in page["Resources"]] == found
        assert all("members" not in one for one in page["Resources"])
    taken = await keeper.send("POST", "Groups", {"schemas": [GROUP], "displayName": "soc"})
    assert (taken.status, taken.json["scimType"]) == (409, "uniqueness")
    renamed = await keeper.patch(f"Groups/{second}", {"op": "replace", "path": "displayName", "value": "soc"})
    assert renamed.status == 409


async def test_only_people_of_the_provider_can_be_members_or_be_changed(keeper: Keeper) -> None:
    answer = await keeper.send(
        "POST", "Groups", {"schemas": [GROUP], "displayName": "admins", "members": [{"value": "u_ann"}]}
    )
    assert (answer.status, answer.json["scimType"]) == (400, "invalidValue")
    for method, body in (
        ("GET", None),
        ("PUT", {"schemas": [USER], "userName": "ann", "active": False}),
        ("PATCH", {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "active", "value": False}]}),
        ("DELETE", None),
    ):
        refused = await keeper.send(method, "Users/u_ann", body)
        assert (refused.status, refused.json["schemas"]) == (404, [ERROR])
    ann = await keeper.face.read(lambda unit: unit.users.get("u_ann"))
    assert (ann.roles, ann.disabled_at) == ({"analyst"}, None)


async def test_who_is_switched_off_is_out_at_once(keeper: Keeper) -> None:
    jane = await keeper.add_user("jane")
    await keeper.add_group("soc", jane)
    token = Person(keeper.face.http, keeper.face.running.url, {"Authorization": f"Bearer {await _token(keeper, jane)}"})
    assert (await token.get("/runs")).status == 200
    answer = await keeper.patch(f"Users/{jane}", {"op": "replace", "path": "active", "value": False})
    assert answer.json["active"] is False
    assert (await token.get("/runs")).status == 401
    assert len(await keeper.face.events("user.disabled")) == 1
    await keeper.patch(f"Users/{jane}", {"op": "replace", "path": "active", "value": True})
    assert (await token.get("/runs")).status == 401, "a token that was gone came back"
    assert len(await keeper.face.events("user.enabled")) == 1


async def test_who_was_switched_off_here_is_not_switched_on_there(keeper: Keeper) -> None:
    jane = await keeper.add_user("jane")

    def switch_off(unit: Unit) -> None:
        unit.users.update(replace(unit.users.get(jane), disabled_at=keeper.face.clock.now()))

    await keeper.face.write(switch_off)
    body = {"schemas": [USER], "userName": "jane", "displayName": "Jane", "active": True}
    assert (await keeper.send("PUT", f"Users/{jane}", body)).status == 200
    found = await keeper.face.read(lambda unit: unit.users.get(jane))
    assert found.disabled_at is not None


async def test_a_person_made_switched_off_cannot_act(keeper: Keeper) -> None:
    jane = await keeper.add_user("jane", active=False)
    found = await keeper.face.read(lambda unit: unit.users.get(jane))
    assert found.disabled_at is not None
    assert (await keeper.send("GET", f"Users/{jane}")).json["active"] is False


async def test_who_is_removed_is_gone_there_and_kept_here_switched_off(keeper: Keeper) -> None:
    jane = await keeper.add_user("jane")
    soc = await keeper.add_group("soc", jane)
    assert (await keeper.send("DELETE", f"Users/{jane}")).status == 204
    for method in ("GET", "DELETE"):
        assert (await keeper.send(method, f"Users/{jane}")).status == 404
    assert (await keeper.send("GET", f"Groups/{soc}")).json["members"] == []
    found = await keeper.face.read(lambda unit: unit.users.get(jane))
    assert found.disabled_at is not None
    assert (await keeper.add_user("jane")) != jane


async def test_the_last_admin_cannot_be_taken(keeper: Keeper) -> None:
    jane = await keeper.add_user("jane")
    admins = await keeper.add_group("admins", jane)
    assert await keeper.roles_of(jane) == {"admin"}

    def demote_root(unit: Unit) -> None:
        unit.users.update(replace(unit.users.get("u_root"), roles=frozenset({"provisioner"})))

    keeper.person = Person(
        keeper.face.http, keeper.face.running.url, {"Authorization": f"Bearer {await _token(keeper, jane)}"}
    )
    await keeper.face.write(demote_root)
    for answer in (
        await keeper.patch(f"Users/{jane}", {"op": "replace", "path": "active", "value": False}),
        await keeper.send("DELETE", f"Users/{jane}"),
        await keeper.patch(f"Groups/{admins}", {"op": "remove", "path": "members"}),
        await keeper.patch(f"Groups/{admins}", {"op": "replace", "path": "displayName", "value": "soc"}),
        await keeper.send("DELETE", f"Groups/{admins}"),
    ):
        assert (answer.status, "last admin" in answer.json["detail"]) == (409, True)
    assert await keeper.roles_of(jane) == {"admin"}
    assert (await keeper.send("GET", f"Groups/{admins}")).json["members"] == [{"value": jane, "type": "User"}]


async def test_roles_that_do_not_go_together_are_refused(keeper: Keeper) -> None:
    jane = await keeper.add_user("jane")
    await keeper.add_group("auditors", jane)
    answer = await keeper.send(
        "POST", "Groups", {"schemas": [GROUP], "displayName": "admins", "members": [{"value": jane}]}
    )
    assert (answer.status, "auditor" in answer.json["detail"]) == (409, True)
    assert await keeper.roles_of(jane) == {"auditor"}


async def test_somebody_else_is_told_no_as_scim_has_it(face: Face) -> None:
    for person, status in (
        (face.stranger, 401),
        (await face.person("ann"), 403),
        (await face.person("root", scopes=frozenset({"user:read"})), 403),
    ):
        answer = await person.send("GET", "/scim/v2/Users")
        assert (answer.status, answer.json["schemas"], answer.json["status"]) == (status, [ERROR], str(status))
    assert (await face.stranger.send("GET", "/scim/v2/Users")).headers["WWW-Authenticate"].startswith("Bearer")


async def test_without_an_identity_provider_there_is_nothing_to_keep(face: Face) -> None:
    root = await face.person("root", scopes=SCOPE)
    answer = await root.send("GET", "/scim/v2/Users")
    assert (answer.status, answer.json["schemas"]) == (404, [ERROR])


async def _token(keeper: Keeper, user: str) -> str:
    text = await keeper.face.make_token("root")
    token_id = text.removeprefix("soar_pat_")[:14]

    def give(unit: Unit) -> None:
        unit.tokens.update(replace(unit.tokens.get(token_id), user=user))

    await keeper.face.write(give)
    return text
