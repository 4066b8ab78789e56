"""The API describes itself, wholly."""

import json

from soar.api.authentication import Authenticator
from soar.api.openapi import print_path
from soar.api.route import Public
from soar.api.routes import build_routes
from tests.support.service import Face


async def test_every_route_of_the_api_is_described(face: Face) -> None:
    ann = await face.person("ann")
    document = (await ann.send("GET", "/api/openapi.json")).json
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    pages = {("GET", "/"), ("GET", "/assets/{file}")}
    table = build_routes(face.services, Authenticator(face.services))
    routed = {(route.method, print_path(route)) for route in table if "{page" not in route.path}
    assert described == routed - pages
    for route in table:
        if (route.method, print_path(route)) in described:
            operation = document["paths"][print_path(route)][route.method.lower()]
            assert operation["summary"].endswith(".")
            assert (operation["security"] == []) is isinstance(route.access, Public)


async def test_every_model_that_is_named_is_there(face: Face) -> None:
    ann = await face.person("ann")
    document = (await ann.send("GET", "/api/openapi.json")).json
    schemas = document["components"]["schemas"]
    named = set(_find_references(document))
    assert named <= {f"#/components/schemas/{name}" for name in schemas}
    assert document["openapi"] == "3.1.0"
    assert set(schemas["Problem"]["properties"]) == {"type", "title", "status", "detail", "code", "hint", "errors"}
    body = document["paths"]["/api/v1/approvals/{id}/votes"]["post"]["requestBody"]
    assert "VoteSent" in json.dumps(body)
    limit = document["paths"]["/api/v1/runs"]["get"]["parameters"][0]
    assert (limit["name"], limit["in"], limit["schema"]["maximum"]) == ("limit", "query", 200)


def _find_references(node: object) -> list[str]:
    if isinstance(node, list):
        return [found for element in node for found in _find_references(element)]
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [found for element in node.values() for found in _find_references(element)]
    return []
