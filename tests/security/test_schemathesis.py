"""The whole API, driven from its own description as three people with different rights: nothing falls over, and nothing
is answered that the description does not say."""

import asyncio
import json
import os
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from soar.api.authentication import Authenticator
from soar.api.routes import build_routes
from soar.app.passwords import Passwords
from tests.support.service import Face, Person, open_face

EXAMPLES = int(os.environ.get("SOAR_SCHEMATHESIS", "3"))
"""How often each operation is called as each person."""

pytestmark = pytest.mark.timeout(120 + 20 * EXAMPLES)

ROLES = {"viewer": "vera", "analyst": "ann", "admin": "root"}
FAULTS = frozenset(range(500, 600)) - {503}
"""Statuses that say we are broken; 503 says that something is not there now, and when to ask again."""

CHECKS = (status_code_conformance, content_type_conformance, response_schema_conformance)


@dataclass
class Served:
    """A served installation, and the tokens of three people."""

    url: str
    document: dict[str, Any]
    tokens: dict[str, str]
    faults: list[Exception] = field(default_factory=list)


async def serve_until(told: Future[Served], stop: asyncio.Event, folder: Path) -> None:
    passwords = Passwords()
    try:
        async with open_face(folder, passwords) as face:
            tokens = {role: await read_token(face, name) for role, name in ROLES.items()}
            table = build_routes(face.services, Authenticator(face.services))
            described = [route for route in table if route.path == "/api/openapi.json"]
            person = Person(face.http, face.running.url, {"Authorization": f"Bearer {tokens['admin']}"})
            document = (await person.send("GET", described[0].path)).json
            told.set_result(Served(face.running.url, document, tokens, face.faults))
            await stop.wait()
    finally:
        passwords.close()


async def read_token(face: Face, name: str) -> str:
    return await face.make_token(name)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve an installation in a thread of its own: what drives it is synchronous."""
    told: Future[Served] = Future()
    loop, stop = asyncio.new_event_loop(), asyncio.Event()
    work = serve_until(told, stop, tmp_path_factory.mktemp("served"))
    thread = threading.Thread(target=loop.run_until_complete, args=(work,), daemon=True)
    thread.start()
    try:
        yield told.result(timeout=60)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(timeout=60)
        loop.close()


def list_operations(document: dict[str, Any]) -> list[tuple[str, str]]:
    """Return every operation but the stream, which does not end."""
    return [
        (path, method)
        for path, methods in document["paths"].items()
        for method in methods
        if not path.endswith("/stream")
    ]


@pytest.mark.parametrize("role", ROLES)
def test_nothing_falls_over_and_nothing_is_answered_that_is_not_described(served: Served, role: str) -> None:
    schema = schemathesis.openapi.from_dict(served.document)
    schema.config.update(base_url=served.url)
    headers = {"Authorization": f"Bearer {served.tokens[role]}"}
    found: dict[str, str] = {}
    called = 0
    for path, method in list_operations(served.document):
        operation = schema[path][method]

        @settings(
            max_examples=EXAMPLES,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(data=st.data())
        def call(data: st.DataObject) -> None:
            nonlocal called
            case = data.draw(operation.as_strategy())  # noqa: B023 -- used up within this turn
            answer = case.call(headers=headers)
            called += 1
            if answer.status_code in FAULTS:
                found[f"{method} {path}: {answer.status_code}"] = answer.text  # noqa: B023 -- as above
            try:
                case.validate_response(answer, checks=CHECKS)
            except FailureGroup as failures:
                said = "; ".join(str(failure) for failure in failures.exceptions)
                found.setdefault(f"{method} {path}: {answer.status_code}", said)  # noqa: B023 -- as above

        call()
    assert called >= len(list_operations(served.document))
    assert json.dumps(found, indent=1) == "{}"
    assert served.faults == []
