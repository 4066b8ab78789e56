"""Who may what, over the whole table."""

from dataclasses import replace
from datetime import timedelta

import pytest

from soar.access.permissions import Permission
from soar.access.roles import DEFAULT_ROLES
from soar.api.authentication import Authenticator
from soar.api.openapi import print_path
from soar.api.route import Public, Route, SourceOr
from soar.api.routes import build_routes, check_routes
from soar.model.errors import BugError
from soar.model.identity import Role
from tests.support.service import Face, Person

PUBLIC = {
    ("POST", "/hooks/{source}"),
    ("GET", "/hooks/{source}"),
    ("POST", "/chat/slack"),
    ("POST", "/chat/mattermost"),
    ("POST", "/chat/discord"),
    ("POST", "/chat/teams"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/version"),
    ("POST", "/api/v1/session"),
    ("GET", "/api/v1/sign-on"),
    ("GET", "/login/sso/start"),
    ("GET", "/login/sso/callback"),
    ("POST", "/login/sso/back-channel"),
    ("POST", "/api/v1/session/challenge"),
    ("POST", "/api/v1/invitations"),
    ("GET", "/"),
    ("GET", "/assets/{file}"),
    ("GET", "/{page}"),
}


def list_routes(face: Face) -> tuple[Route, ...]:
    return build_routes(face.services, Authenticator(face.services))


def fill(route: Route) -> str:
    return print_path(route).replace("{source}", "probe").replace("{", "").replace("}", "")


def list_private(face: Face) -> list[Route]:
    return [route for route in list_routes(face) if not isinstance(route.access, Public)]


async def test_the_public_routes_are_these_and_no_others(face: Face) -> None:
    found = {
        (route.method, print_path(route).split(":")[0])
        for route in list_routes(face)
        if isinstance(route.access, Public)
    }
    assert {(method, path if path.endswith("}") or "{" not in path else path + "}") for method, path in found} == PUBLIC


async def test_every_other_route_wants_to_know_who_asks(face: Face) -> None:
    token = await face.make_token("ann")
    revoked = (await face.make_token("ann")).split("_")
    ann = await face.person("ann")
    assert (await ann.send("DELETE", f"/api/v1/tokens/{revoked[2]}_{revoked[3]}")).status == 204
    strangers = {
        "nobody": {},
        "garbage": {"Authorization": "Bearer nonsense"},
        "another's secret": {"Authorization": f"Bearer {token[:-4]}AAAA"},
        "revoked": {"Authorization": f"Bearer {'_'.join(revoked)}"},
        "a made-up cookie": {"Cookie": "soar_session=made-up"},
    }
    for route in list_private(face):
        for name, headers in strangers.items():
            body = None if route.method == "GET" else b"{}"
            answer = await face.stranger.send(route.method, fill(route), body, headers)
            assert answer.status == 401, (route.method, route.path, name)
            assert route.refuse is not None or answer.code == "unauthenticated", (route.method, route.path, name)


async def test_every_route_refuses_whose_roles_do_not_hold_its_permission(face: Face) -> None:
    vera = await face.person("vera")
    refused = 0
    for route in list_private(face):
        permission = route.access.permission if isinstance(route.access, SourceOr) else route.access
        if isinstance(permission, Permission) and permission not in DEFAULT_ROLES[Role.VIEWER.value]:
            answer = await vera.send(route.method, fill(route), None if route.method == "GET" else b"{}")
            assert answer.status == 403, route.path
            assert route.refuse is not None or answer.code == "missing_permission", route.path
            assert f"`{permission}`" in answer.json["detail"]
            refused += 1
    assert refused > 10


async def test_a_token_reaches_no_further_than_its_scopes(face: Face) -> None:
    ann = await face.person("ann", scopes=frozenset({"run:read"}))
    assert (await ann.get("/runs")).status == 200
    answer = await ann.get("/alerts")
    assert (answer.status, answer.code) == (403, "outside_scope")


async def test_an_expired_token_is_refused_and_so_is_that_of_somebody_switched_off(face: Face) -> None:
    ann = await face.person("ann")
    bob = await face.person("bob")

    def switch_off(unit) -> None:  # noqa: ANN001 -- the store's unit
        unit.users.update(replace(unit.users.get("u_bob"), disabled_at=face.clock.now()))

    await face.write(switch_off)
    assert (await bob.get("/runs")).status == 401
    assert (await ann.get("/runs")).status == 200
    face.clock.advance(timedelta(days=1))
    assert (await ann.get("/runs")).status == 401


async def test_denials_are_recorded_but_a_flood_of_them_is_not(face: Face) -> None:
    vera = await face.person("vera")
    for _ in range(30):
        assert (await vera.get("/users")).status == 403
    events = await face.events("access.denied")
    assert len(events) == 20
    assert events[0]["target"] == {"kind": "route", "id": "GET /api/v1/users"}
    assert (events[0]["actor"]["id"], events[0]["outcome"]) == ("u_vera", "denied")


def test_a_route_that_says_nothing_of_who_may_does_not_start() -> None:
    async def serve(*_: object) -> None: ...

    route = Route(method="GET", path="/x", access=None, serve=serve, takes=None, answers=None, status=200, summary="x")
    with pytest.raises(BugError, match="does not say who may"):
        check_routes([route])
    open_route = replace(route, access=Public("a test"))
    with pytest.raises(BugError, match="twice"):
        check_routes([open_route, open_route])


async def test_an_unknown_address_is_not_found(face: Face) -> None:
    ann = await face.person("ann")
    for path in ("/api/v1/nothing", "/api/", "/hooks", "/healthz/more", "/assets/none.js"):
        answer = await ann.send("GET", path)
        assert (answer.status, answer.code) == (404, "not_found"), path


async def test_a_wrong_method_is_told_the_right_ones(face: Face) -> None:
    for method, path, allowed in (
        ("PUT", "/api/v1/runs", "GET"),
        ("GET", "/api/v1/approvals/x/votes", "DELETE,POST"),
        ("PUT", "/hooks/probe", "GET,POST"),
        ("DELETE", "/healthz", "GET"),
    ):
        answer = await face.stranger.send(method, path)
        assert (answer.status, answer.code, answer.headers["Allow"]) == (405, "method_not_allowed", allowed)


async def test_a_path_written_in_another_way_finds_no_other_guard(face: Face) -> None:
    stranger: Person = face.stranger
    for path in ("/api/v1/runs/", "//api/v1/runs", "/api/v1/%72uns", "/api/v1/../v1/runs", "/api/v1/runs;.css"):
        assert (await stranger.send("GET", path)).status in {401, 404}, path
