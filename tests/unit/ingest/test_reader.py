import io
import json
import signal
import subprocess
import sys

import pytest

from soar.ingest.bodies.rule import ONE_OBJECT, Format, Parcel, Rule
from soar.ingest.reader import answer_all
from soar.ingest.reading import Errand, Reading, read_body
from soar.ingest.wire import LENGTH, Message, parse_answer, write_errand
from soar.model.errors import InputError
from tests.support.heavy_bodies import BOMBS

TIRED = "from soar.ingest import reader; reader._PROCESSOR = 0.001; reader.main()"


def write(*errands: Errand) -> bytes:
    return b"".join(message.prefix + message.body for message in map(write_errand, errands))


def split(answers: bytes) -> list[bytes]:
    found = []
    while answers:
        end = LENGTH + int.from_bytes(answers[:LENGTH], "big")
        found.append(answers[LENGTH:end])
        answers = answers[end:]
    return found


def answer(sent: bytes) -> list[bytes]:
    answers = io.BytesIO()
    answer_all(io.BytesIO(sent), answers)
    return split(answers.getvalue())


def test_message_after_message_is_answered_until_there_are_no_more() -> None:
    errands = [Errand(rule=ONE_OBJECT, parcel=Parcel({}, b'{"a": %d}' % number)) for number in range(3)]
    assert [parse_answer(one) for one in answer(write(*errands))] == [Reading([{"a": n}]) for n in range(3)]


@pytest.mark.parametrize("missing", [1, 12, 50])
def test_a_service_that_ends_in_the_middle_of_a_message_ends_the_reader(missing: int) -> None:
    whole = write(Errand(rule=ONE_OBJECT, parcel=Parcel({}, b'{"a": 1}')))
    assert len(answer(whole + whole[:-missing])) == 1


def test_what_a_sender_proves_itself_with_is_not_told_to_the_reader() -> None:
    headers = {"authorization": "Bearer k", "x-signature": "ab", "content-type": "text/plain", "ce-id": "7"}
    head = json.loads(write_errand(Errand(rule=ONE_OBJECT, parcel=Parcel(headers, b"{}"))).head)
    assert head["headers"] == {"content-type": "text/plain", "ce-id": "7"}


def test_half_of_a_surrogate_pair_in_a_header_comes_back_as_it_was() -> None:
    headers = {"ce-id": "\udcff", "ce-source": "s", "ce-type": "t", "ce-specversion": "1.0", "ce-time": "2026-01-02"}
    errand = Errand(rule=Rule(format=Format.CLOUDEVENTS), parcel=Parcel(headers, b""), is_guessed=True)
    [got] = answer(write(errand))
    assert parse_answer(got) == read_body(errand)
    assert "\udcff" in json.dumps(parse_answer(got).documents, ensure_ascii=False)


def test_a_refusal_comes_back_with_its_code_its_hint_and_its_places() -> None:
    [got] = answer(write(Errand(rule=Rule(format=Format.NDJSON), parcel=Parcel({}, b'{}\n{"a": [{"b": 1e999}]}'))))
    with pytest.raises(InputError) as caught:
        parse_answer(got)
    error = caught.value
    assert (error.code, error.message) == ("invalid_json", "/a/0/b: this number is too large")
    assert [(fault.pointer, fault.message) for fault in error.faults] == [("/a/0/b", "this number is too large")]


def test_a_body_that_takes_too_much_processor_time_ends_the_reader() -> None:
    rule, parcel = BOMBS["keys of CEF"]
    command = [sys.executable, "-c", TIRED]
    ended = subprocess.run(command, input=write(Errand(rule=rule, parcel=parcel)), stdout=subprocess.PIPE, check=False)
    assert (ended.returncode, ended.stdout) == (-signal.SIGPROF, b"")


def test_a_message_has_each_part_behind_its_length() -> None:
    assert Message(b"head", b"body").prefix == b"\0\0\0\4head\0\0\0\4"
