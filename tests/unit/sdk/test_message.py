import pytest

from soar.sdk.message import read_message


@pytest.mark.parametrize(
    ("content", "document"),
    [
        (b'{"kind": "login"}', {"kind": "login"}),
        (b"[1]", {"text": "[1]"}),
        (b"plain \xff", {"text": "plain \ufffd"}),
        (b"", {"text": ""}),
        (b"[" * 100_000, {"text": "[" * 100_000}),
    ],
)
def test_a_message_is_its_object_or_its_text(content: bytes, document: dict[str, object]) -> None:
    assert read_message(content) == document


def test_what_the_queue_says_stands_where_it_is_wanted_and_not_where_the_message_would_have_it() -> None:
    content = b'{"queue": {"topic": "forged"}, "n": 1}'
    assert read_message(content, "queue", {"topic": "door"}) == {"queue": {"topic": "door"}, "n": 1}
    assert read_message(content, "", {"topic": "door"}) == {"queue": {"topic": "forged"}, "n": 1}
