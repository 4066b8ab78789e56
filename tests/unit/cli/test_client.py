import socket
import threading
from collections.abc import Iterator

import pytest

from soar.cli.answer import Answer
from soar.cli.client import Client, find_url, locate, read_problem
from soar.model.errors import (
    ConflictError,
    DeniedError,
    InputError,
    NotFoundError,
    SoarError,
    UnavailableError,
)
from tests.unit.cli.fakes import TOKEN, FakeApi, Soar


def test_a_request_says_who_we_are_and_what_we_want(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/connectors", {"items": []})
    assert soar("connector", "list").code == 0
    (asked,) = api.asked
    assert asked.headers["Authorization"] == f"Bearer {TOKEN}"
    assert asked.headers["Accept"] == "application/json"


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (400, InputError, 2),
        (401, DeniedError, 4),
        (403, DeniedError, 5),
        (404, NotFoundError, 6),
        (409, ConflictError, 1),
        (412, ConflictError, 1),
        (422, InputError, 2),
        (429, UnavailableError, 3),
        (500, SoarError, 1),
        (503, UnavailableError, 3),
    ],
)
def test_a_problem_is_the_error_that_it_stands_for(
    soar: Soar, api: FakeApi, status: int, kind: type[SoarError], code: int
) -> None:
    assert type(read_problem(status, Answer({"detail": "so"}))) is kind
    api.refuse("GET", "/api/v1/connectors", status, "this is why", code="some_code", hint="do that")
    outcome = soar("connector", "list")
    assert outcome.code == code
    assert (
        outcome.err == f"error: this is why\nhint: {'soar login, or set SOAR_TOKEN' if status == 401 else 'do that'}\n"
    )


def test_a_refused_field_is_named(soar: Soar, api: FakeApi) -> None:
    errors = [{"pointer": "/days", "message": "must be at most 90"}]
    api.refuse("POST", "/api/v1/tokens", 422, "the request does not fit", errors=errors)
    outcome = soar("token", "create", "ci", "--scope", "alert:send")
    assert "the request does not fit; /days: must be at most 90" in outcome.err


def test_without_a_login_the_hint_says_how_to_get_one(soar: Soar, api: FakeApi) -> None:
    api.refuse("GET", "/api/v1/connectors", 401, "nobody is logged in")
    outcome = soar("connector", "list")
    assert outcome.code == 4
    assert "hint: soar login" in outcome.err


def test_where_nobody_listens_the_hint_is_to_start_one(soar: Soar, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    monkeypatch.setenv("SOAR_URL", f"http://127.0.0.1:{port}")
    outcome = soar("run", "list")
    assert outcome.code == 1
    assert outcome.err == f"error: no server at http://127.0.0.1:{port}\nhint: check SOAR_URL\n"


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A socket that SOAR_URL names, and that nobody answers on."""
    with socket.create_server(("127.0.0.1", 0)) as opened:
        monkeypatch.setenv("SOAR_URL", f"http://127.0.0.1:{opened.getsockname()[1]}")
        yield opened


def test_a_server_that_hangs_up_cannot_be_reached(soar: Soar, listener: socket.socket) -> None:
    def hang_up() -> None:
        connection, _ = listener.accept()
        connection.close()

    thread = threading.Thread(target=hang_up)
    thread.start()
    outcome = soar("run", "list")
    thread.join()
    assert outcome.code == 1
    assert "cannot be reached: " in outcome.err


def test_a_server_that_says_nothing_is_not_waited_for_for_ever(
    soar: Soar, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("soar.cli.client._TIMEOUT", 0.05)
    outcome = soar("run", "list")
    assert outcome.code == 1
    assert "did not answer in 0.05 s" in outcome.err


def test_the_usual_server_is_the_demo(soar: Soar) -> None:
    assert find_url() == "http://127.0.0.1:8600"


@pytest.mark.parametrize("content", [b"<html>hello</html>", b"[1]", b"\xff", b"[" * 100_000, b'{"items": 7}', b""])
def test_an_answer_that_is_not_the_apis_is_an_error_in_words(soar: Soar, api: FakeApi, content: bytes) -> None:
    api.answer("GET", "/api/v1/connectors", content)
    outcome = soar("connector", "list")
    assert outcome.code == 1
    assert outcome.err.startswith("error: ")
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize("url", ["soar.example", "ftp://soar.example", "http://", "http://a:b", "http://a b", "//x"])
def test_an_address_that_is_none_is_refused(soar: Soar, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("SOAR_URL", url)
    outcome = soar("run", "list")
    assert outcome.code == 2
    assert "SOAR_URL is no address of a server" in outcome.err


def test_a_token_cannot_smuggle_a_header(soar: Soar, api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOAR_TOKEN", "a\r\nX-Forged: 1")
    outcome = soar("run", "list")
    assert outcome.code == 2
    assert api.asked == []


def test_no_segment_leads_out_of_its_place(soar: Soar, api: FakeApi) -> None:
    assert locate("runs", "../x?y#z") == "/api/v1/runs/..%2Fx%3Fy%23z"
    soar("run", "show", "../tokens")
    assert api.asked[0].path == "/api/v1/runs/..%2Ftokens"


def test_an_address_may_have_a_path(api: FakeApi) -> None:
    api.answer("GET", "/soc/api/v1/session", {"csrf": ""})
    assert Client(f"{api.url}/soc").get("session").raw == {"csrf": ""}


def test_a_token_does_not_show_where_a_client_is_printed() -> None:
    assert TOKEN not in repr(Client("http://127.0.0.1", TOKEN))


def test_fields_of_the_wrong_kind_are_refused() -> None:
    answer = Answer({"text": {}, "number": "x", "moment": "soon", "list": {}})
    for read in (
        lambda: answer.text("text"),
        lambda: answer.number("number"),
        lambda: answer.moment("moment"),
        lambda: answer.parts("list"),
        lambda: Answer.of([]),
    ):
        with pytest.raises(SoarError) as refused:
            read()
        assert refused.value.code == "strange_answer"


def test_fields_that_are_absent_read_as_empty() -> None:
    answer = Answer({"is_on": True, "count": 3, "share": 0.5})
    assert (answer.text("x"), answer.number("x"), answer.flag("x"), answer.moment("x")) == ("", 0, False, None)
    assert (answer.part("x").raw, answer.parts("x"), answer.texts("x")) == ({}, [], [])
    assert (answer.text("is_on"), answer.text("count"), answer.text("share")) == ("true", "3", "0.5")
