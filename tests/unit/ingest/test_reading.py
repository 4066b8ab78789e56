import gzip

import pytest

from soar.ingest.bodies.rule import ONE_OBJECT, Format, Parcel, Rule
from soar.ingest.guess import guess_alert
from soar.ingest.reading import SMALL_BODY, Errand, Reading, is_heavy, list_documents, read_body
from soar.model.errors import InputError

PACKED = {"content-encoding": "gzip"}


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        ({}, b" " * SMALL_BODY, False),
        ({}, b" " * (SMALL_BODY + 1), True),
        (PACKED, gzip.compress(b" " * SMALL_BODY, mtime=0), False),
        (PACKED, gzip.compress(b" " * (SMALL_BODY + 1), mtime=0), True),
        (PACKED, b"no gzip", False),
    ],
)
def test_a_body_is_heavy_by_what_it_holds_unpacked(headers: dict[str, str], body: bytes, *, expected: bool) -> None:
    assert is_heavy(Parcel(headers, body)) is expected


def test_the_type_is_looked_at_and_the_proof_within_is_hidden() -> None:
    body = b'{"value": [{"clientState": "k", "id": 1}]}'
    parcel = Parcel({"content-type": "application/json"}, body)
    assert list_documents(Errand(rule=ONE_OBJECT, parcel=parcel, has_state=True)) == [{"value": [{"id": 1}]}]
    assert list_documents(Errand(rule=ONE_OBJECT, parcel=parcel)) == [{"value": [{"clientState": "k", "id": 1}]}]
    with pytest.raises(InputError) as caught:
        list_documents(Errand(rule=ONE_OBJECT, parcel=Parcel({"content-type": "text/html"}, body)))
    assert caught.value.code == "unsupported_media_type"


def test_each_document_goes_with_what_it_seems_to_say_where_that_is_wanted() -> None:
    first, second = {"title": "Login of ann", "severity": "high"}, {"title": "Logout"}
    parcel = Parcel({}, b'[{"title": "Login of ann", "severity": "high"}, {"title": "Logout"}]')
    errand = Errand(rule=Rule(format=Format.ARRAY), parcel=parcel, is_guessed=True)
    assert list(read_body(errand).pair()) == [(first, guess_alert(first)), (second, guess_alert(second))]
    assert list(Reading([first, second]).pair()) == [(first, None), (second, None)]
