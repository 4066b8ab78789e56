"""Names for messages of queues that give them none which last."""

import hashlib
from collections import defaultdict
from datetime import datetime

from pydantic import AwareDatetime, BaseModel, JsonValue


class _State(BaseModel):
    """What a cursor holds: `last` are the messages of the batch that it belongs to, by what they look like."""

    begun: AwareDatetime
    count: int = 0
    last: list[tuple[str, int]] = []


class Redelivery:
    """Numbers messages, and knows those that a queue hands out again because it has heard of no acknowledgement.

    A message gets the number that it had before if the queue says that it was handed out before, and the last batch
    that was stored holds one that looks the same; every other gets the next number. Two messages that look the same are
    thus two, however often they come, unless the service was broken off between them.

    Args:
        cursor: what `mark` returned for the last batch that was stored; None at the very beginning.
        now: when this is; numbers that are begun at different moments are different.
    """

    def __init__(self, cursor: JsonValue, now: datetime) -> None:
        self._state = _State(begun=now) if cursor is None else _State.model_validate(cursor)
        self._earlier: defaultdict[str, list[int]] = defaultdict(list)
        for print_, number in self._state.last:
            self._earlier[print_].append(number)
        self._batch: list[tuple[str, int]] = []

    def name(self, *parts: bytes, is_repeat: bool) -> str:
        """Return the key of a message.

        Args:
            parts: what it looks like.
            is_repeat: whether the queue says that it has handed it out before. It does so with those before any others.
        """
        print_ = hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()[:32]
        if not is_repeat:
            self._earlier.clear()
        if numbers := self._earlier[print_]:
            number = numbers.pop(0)
        else:
            self._state.count += 1
            number = self._state.count
        self._batch.append((print_, number))
        return f"{self._state.begun.isoformat()} {number}"

    def mark(self) -> JsonValue:
        """Return the cursor of a batch: of all that was named since the last one."""
        waiting = [(print_, number) for print_, numbers in self._earlier.items() for number in numbers]
        self._state.last = [*waiting, *self._batch]
        self._batch = []
        cursor: JsonValue = self._state.model_dump(mode="json")
        return cursor
