from datetime import timedelta

from soar.ingest.authentication import Bearer, Hmac, Request
from soar.ingest.repeat import list_keys
from tests.support.clock import START

BODY = Request({}, b"{}")
TIMED = Hmac(header="x-sig", secrets=("k",), template="{timestamp}.{body}", timestamp="x-ts")
UNTIMED = Hmac(header="x-sig", secrets=("k",))
NAMED = Hmac(header="x-sig", secrets=("k",), template="{id}.{body}", id="x-id")
TOKEN = Bearer(secrets=("k",))


def is_repeat(recipe: Hmac | Bearer, first: Request, second: Request, later: timedelta) -> bool:
    return list_keys(recipe, first, START)[0] in list_keys(recipe, second, START + later)


def test_the_same_body_is_a_repeat_for_a_day_at_least() -> None:
    for recipe in (TIMED, TOKEN):
        assert is_repeat(recipe, BODY, BODY, timedelta())
        assert is_repeat(recipe, BODY, BODY, timedelta(days=1))
        assert not is_repeat(recipe, BODY, BODY, timedelta(days=2))
        assert not is_repeat(recipe, BODY, Request({}, b"[]"), timedelta())


def test_where_no_moment_is_signed_it_is_one_for_ever() -> None:
    assert is_repeat(UNTIMED, BODY, BODY, timedelta(days=3650))


def test_a_header_that_nobody_signed_makes_no_replay_new() -> None:
    again = Request({"idempotency-key": "other", "x-id": "other"}, b"{}")
    assert is_repeat(UNTIMED, BODY, again, timedelta())
    assert is_repeat(TIMED, BODY, again, timedelta())


def test_an_authentic_id_decides_alone() -> None:
    first, second = Request({"x-id": "1"}, b"{}"), Request({"x-id": "2"}, b"{}")
    assert is_repeat(NAMED, first, first, timedelta(days=30))
    assert not is_repeat(NAMED, first, second, timedelta())
    one, two = Request({"idempotency-key": "1"}, b"{}"), Request({"idempotency-key": "2"}, b"{}")
    assert is_repeat(TOKEN, one, one, timedelta(days=30))
    assert not is_repeat(TOKEN, one, two, timedelta())
