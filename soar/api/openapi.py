"""The API described by itself: an OpenAPI 3.1 document made of the route table and its models."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from pydantic import BaseModel, TypeAdapter

import soar
from soar.access.permissions import Permission
from soar.api.errors import Problem
from soar.api.route import Access, Public, Route, Self, SourceOr
from soar.model.errors import InputError

Document: TypeAlias = dict[str, Any]

_PARTS = re.compile(r"\{(\w+)(?::[^}]*)?\}")
_REFERENCE = "#/components/schemas/{model}"
_ANY_ERROR = InputError("any")


def describe_api(routes: Sequence[Route]) -> Document:
    """Return the OpenAPI 3.1 document of a route table. Pages are left out; they are no API."""
    schemas: Document = {}
    problem = _add_schema(TypeAdapter(Problem).json_schema(ref_template=_REFERENCE), "Problem", schemas)
    paths: Document = {}
    for route in routes:
        operation = _describe_route(route, schemas)
        operation["responses"]["default"] = _describe_errors(route, problem)
        paths.setdefault(print_path(route), {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "soar", "version": soar.__version__},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "soar_session"},
            },
        },
    }


def print_path(route: Route) -> str:
    """Return a route's path as OpenAPI writes it."""
    return _PARTS.sub(r"{\1}", route.path)


def _describe_route(route: Route, schemas: Document) -> Document:
    operation: Document = {
        "summary": route.summary,
        "parameters": [_describe_part(name) for name in _PARTS.findall(route.path)],
        "responses": {str(route.status): _describe_answer(route, schemas)},
        "security": [] if isinstance(route.access, Public) else [{"token": []}, {"session": []}],
        "x-permission": _name_access(route.access),
    }
    if route.takes is None or not route.takes.model_fields:
        return operation
    if route.method == "GET":
        operation["parameters"] += _describe_query(route.takes, schemas)
    else:
        schema = _add_schema(route.takes.model_json_schema(ref_template=_REFERENCE), route.takes.__name__, schemas)
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return operation


def _describe_part(name: str) -> Document:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _describe_query(model: type[BaseModel], schemas: Document) -> list[Document]:
    schema = _share_parts(model.model_json_schema(ref_template=_REFERENCE), model.__name__, schemas)
    required = schema.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in required, "schema": described}
        for name, described in schema["properties"].items()
    ]


def _describe_answer(route: Route, schemas: Document) -> Document:
    answer: Document = {"description": route.summary}
    if route.answers is not None:
        schema = TypeAdapter(route.answers).json_schema(mode="serialization", ref_template=_REFERENCE)
        answer["content"] = {"application/json": {"schema": _add_schema(schema, route.answers.__name__, schemas)}}
    return answer


def _describe_errors(route: Route, problem: Document) -> Document:
    """Describe what is answered if not all is well; a protocol that is not ours has errors of its own."""
    content: Document = {"application/problem+json": {"schema": problem}}
    if route.refuse is None:
        return {"description": "A problem document (RFC 9457).", "content": content}
    own = route.refuse(_ANY_ERROR).content_type
    return {"description": "An error as that protocol has it, or a problem document.", "content": {own: {}, **content}}


def _add_schema(schema: Mapping[str, Any], name: str, schemas: Document) -> Document:
    """Move a schema and those it names to the shared ones, and return the reference to it."""
    schemas[name] = _share_parts(schema, name, schemas)
    return {"$ref": _REFERENCE.format(model=name)}


def _share_parts(schema: Mapping[str, Any], owner: str, schemas: Document) -> Document:
    """Move what a schema names to the shared ones; what has the name of another thing there gets its owner's before."""
    own = dict(schema)
    parts = own.pop("$defs", {})
    clashes = {part for part, said in parts.items() if schemas.get(part, said) != said}
    names = {_REFERENCE.format(model=part): _REFERENCE.format(model=owner + part) for part in clashes}
    for part, said in parts.items():
        schemas[owner + part if part in clashes else part] = _point_to(said, names)
    shared: Document = _point_to(own, names)
    return shared


def _point_to(node: Any, names: Mapping[str, str]) -> Any:  # noqa: ANN401 -- JSON of any shape
    """Return a schema whose references have other names."""
    match node:
        case dict():
            return {
                key: names.get(said, said) if key == "$ref" else _point_to(said, names) for key, said in node.items()
            }
        case list():
            return [_point_to(said, names) for said in node]
        case _:
            return node


def _name_access(access: Access) -> str | None:
    match access:
        case Permission():
            return access.value
        case Self():
            return "anybody who is logged in"
        case SourceOr(permission):
            return f"the source itself, or {permission}"
        case Public():
            return None
