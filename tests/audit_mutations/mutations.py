"""The ways to change a record, each with how it is judged."""

import json
from collections.abc import Callable, Mapping
from random import Random  # noqa: TID251 -- the same seed has to give the same changes

from soar.audit.leaf import hash_document
from soar.model.canonical import canonicalize
from tests.audit_mutations.judge import Judge
from tests.audit_mutations.record import CURRENT, STOLEN, write

Mutate = Callable[[Judge, Random, int], bool]
"""Makes the change of a number and says whether it was found."""


def change_byte(judge: Judge, random: Random, number: int) -> bool:
    """Change one byte; the numbers go through the events in turn, and through each one's bytes."""
    index = number % judge.size
    line = bytearray(judge.taken.lines[1 + index].encode())
    place = (number // judge.size) * 7 % len(line)  # 7 shares no factor with most lengths, so all are reached
    line[place] ^= random.randrange(1, 256)
    return judge.finds(index, [bytes(line)], 1)


def delete(judge: Judge, random: Random, _: int) -> bool:
    """Take an event out."""
    return judge.finds(random.randrange(judge.size), [], 1)


def insert(judge: Judge, random: Random, number: int) -> bool:
    """Put an event in that is good in itself, in its place of the chain."""
    index = random.randrange(judge.size)
    document = {**judge.taken.documents[index], "id": f"ev_forged{number}"}
    return judge.finds(index, [_write(judge, index, document)], 0)


def swap(judge: Judge, random: Random, _: int) -> bool:
    """Exchange two neighbours or two events far apart."""
    one, other = sorted(random.sample(range(judge.size), 2))
    if random.random() < 0.5:
        other = one + 1
    lines = [line.encode() for line in judge.taken.lines[1 + one : 2 + other]]
    lines[0], lines[-1] = lines[-1], lines[0]
    return judge.finds(one, lines, len(lines))


def duplicate(judge: Judge, random: Random, _: int) -> bool:
    """Let an event stand again, somewhere."""
    index, place = random.randrange(judge.size), random.randrange(judge.size + 1)
    return judge.finds(place, [judge.taken.lines[1 + index].encode()], 0)


def renumber(judge: Judge, random: Random, number: int) -> bool:
    """Give an event another number, and the hash that goes with it."""
    index = random.randrange(judge.size)
    document = json.loads(judge.taken.lines[1 + index])["event"]
    document["seq"] = index + random.choice((-1, 1)) * (1 + number % 50)
    return judge.finds(index, [_write_placed(document)], 1)


def rehash(judge: Judge, random: Random, _: int) -> bool:
    """Change an event and give it the hash that goes with it."""
    index = random.randrange(judge.size)
    document = json.loads(judge.taken.lines[1 + index])["event"]
    document["outcome"] = "denied"
    return judge.finds(index, [_write_placed(document)], 1)


def truncate(judge: Judge, random: Random, _: int) -> bool:
    """Cut the end off, its checkpoints too; the anchor has kept the newest."""
    index = random.randrange(judge.size)
    return judge.finds(index, [], judge.size - index)


def roll_back(judge: Judge, random: Random, _: int) -> bool:
    """Show an older state that was whole and signed then, as from a backup."""
    documents = judge.taken.documents[: random.randrange(1, judge.size)]
    return judge.finds_in_whole(write(documents, every=100, key=CURRENT))


def resign(judge: Judge, random: Random, number: int) -> bool:
    """Change an event, hash and chain all that follow, and sign anew with a key that was stolen long ago."""
    documents = [*judge.taken.documents]
    index = random.randrange(judge.size)
    documents[index] = {**documents[index], "reason": f"forged {number}"}
    return judge.finds_in_whole(write(documents, every=100, key=STOLEN))


def rewrite(judge: Judge, random: Random, number: int) -> bool:
    """The same with the current key: what an anchor has kept says otherwise."""
    documents = [*judge.taken.documents]
    index = random.randrange(judge.size)
    documents[index] = {**documents[index], "reason": f"forged {number}"}
    return judge.finds_in_whole(write(documents, every=100, key=CURRENT))


SHARES: Mapping[Mutate, int] = {
    change_byte: 640_000,
    delete: 60_000,
    insert: 60_000,
    swap: 60_000,
    duplicate: 60_000,
    renumber: 60_000,
    rehash: 60_000,
}
"""How many of a million; those of the next three cost a whole verification each, or next to nothing."""

WHOLE: tuple[Mutate, ...] = (roll_back, resign, rewrite)


def change_every_byte(judge: Judge) -> tuple[int, int]:
    """Change every byte of a short copy, heading and checkpoints too, and return how many were tried and found."""
    raw = "\n".join(judge.taken.lines).encode()
    tried = found = 0
    for place in range(len(raw)):
        changed = bytearray(raw)
        changed[place] ^= 1 << place % 8
        tried += 1
        try:
            found += judge.finds_in_whole(changed.decode("utf-8").split("\n"))
        except UnicodeDecodeError:
            found += 1
    return tried, found


def _write(judge: Judge, index: int, document: Mapping[str, object]) -> bytes:
    previous = json.loads(judge.taken.lines[index])["leaf"] if index else "0" * 64
    return _write_placed({**document, "seq": index, "prev": f"sha256:{previous}"})


def _write_placed(document: dict[str, object]) -> bytes:
    leaf = hash_document(document).hex()  # type: ignore[arg-type]  # read from JSON
    return canonicalize({"event": document, "leaf": leaf})  # type: ignore[dict-item]  # as above
