from datetime import timedelta

from soar.sdk.redelivery import Redelivery
from soar.sdk.testing import NOW


def test_messages_that_look_the_same_are_two_unless_the_queue_says_that_they_are_one() -> None:
    queue = Redelivery(None, NOW)
    first, second = queue.name(b"a", is_repeat=False), queue.name(b"a", is_repeat=False)
    assert first != second
    cursor = queue.mark()
    again = Redelivery(cursor, NOW + timedelta(hours=1))
    assert [again.name(b"a", is_repeat=True) for _ in range(2)] == [first, second]
    assert again.name(b"a", is_repeat=True) not in {first, second}, "there were only two"
    assert Redelivery(cursor, NOW).name(b"a", is_repeat=False) not in {first, second}


def test_what_was_handed_out_and_not_stored_is_new() -> None:
    queue = Redelivery(None, NOW)
    stored = queue.name(b"a", is_repeat=False)
    cursor = queue.mark()
    queue.name(b"b", is_repeat=False)
    again = Redelivery(cursor, NOW)
    assert again.name(b"a", is_repeat=True) == stored
    assert again.name(b"b", is_repeat=True) != stored


def test_what_is_still_to_come_again_is_known_behind_another_crash() -> None:
    queue = Redelivery(None, NOW)
    names = [queue.name(bytes([n]), is_repeat=False) for n in range(3)]
    second = Redelivery(queue.mark(), NOW)
    assert second.name(b"\0", is_repeat=True) == names[0]
    third = Redelivery(second.mark(), NOW)
    assert [third.name(bytes([n]), is_repeat=True) for n in range(3)] == names


def test_what_came_before_is_through_when_something_new_comes() -> None:
    queue = Redelivery(None, NOW)
    stored = queue.name(b"a", is_repeat=False)
    again = Redelivery(queue.mark(), NOW)
    again.name(b"b", is_repeat=False)
    assert again.name(b"a", is_repeat=True) != stored
    assert isinstance(cursor := again.mark(), dict)
    assert len(cursor["last"]) == 2


def test_parts_are_kept_apart_and_beginnings_too() -> None:
    cursor = (queue := Redelivery(None, NOW)).name(b"ab", b"c", is_repeat=False) and queue.mark()
    same = Redelivery(cursor, NOW).name(b"ab", b"c", is_repeat=True)
    assert same != Redelivery(cursor, NOW).name(b"a", b"bc", is_repeat=True)
    assert same != Redelivery(None, NOW + timedelta(seconds=1)).name(b"ab", b"c", is_repeat=False)
