"""What was given up on, and the runs that try others again."""

from soar.model.dead_letter import LetterKind, name_letter
from soar.store import Store
from tests.contract.works import Works
from tests.support.builders import build_dead_letter, build_run, build_timer
from tests.support.clock import START


async def test_a_letter_comes_back_as_it_was(write: Works, read: Works) -> None:
    letter = build_dead_letter(kind=LetterKind.EVENT, payload={"deep": [{"er": None}], "text": "Zoë \u202e"})
    await write(lambda unit: unit.dead_letters.put(letter))
    assert await read(lambda unit: unit.dead_letters.get(letter.id)) == letter
    assert await read(lambda unit: unit.dead_letters.get("dead_nowhere")) is None


async def test_there_is_one_letter_about_a_thing(write: Works, read: Works) -> None:
    id_ = name_letter(LetterKind.STUCK, "run_1")
    assert id_ != name_letter(LetterKind.RUN, "run_1")
    for tries in (1, 2):
        await write(lambda unit, tries=tries: unit.dead_letters.put(build_dead_letter(id=id_, tries=tries)))
    page = await read(lambda unit: unit.dead_letters.list(9))
    assert [(letter.id, letter.tries) for letter in page.items] == [(id_, 2)]


async def test_letters_are_listed_newest_first_in_pages_and_removed_once(
    store: Store, write: Works, read: Works
) -> None:
    letters = [build_dead_letter(id=f"dead_{number}") for number in range(3)]
    for letter in letters:
        await write(lambda unit, letter=letter: unit.dead_letters.put(letter))
    await store.write("elsewhere", lambda unit: unit.dead_letters.put(letters[0]))
    first = await read(lambda unit: unit.dead_letters.list(2))
    rest = await read(lambda unit: unit.dead_letters.list(2, first.next))
    assert [letter.id for letter in (*first.items, *rest.items)] == ["dead_2", "dead_1", "dead_0"]
    assert await write(lambda unit: unit.dead_letters.remove("dead_0")) is True
    assert await write(lambda unit: unit.dead_letters.remove("dead_0")) is False
    assert await store.read("elsewhere", lambda unit: unit.dead_letters.get("dead_0")) == letters[0]


async def test_a_timer_remembers_its_failures(write: Works, read: Works) -> None:
    timer = build_timer(tries=3, failed_at=START)
    await write(lambda unit: unit.timers.set(timer))
    assert await read(lambda unit: unit.timers.get(timer.id)) == timer


async def test_the_runs_that_try_one_again_are_found(write: Works, read: Works) -> None:
    runs = [build_run(id="run_1"), *(build_run(id=f"run_{number}", retry_of="run_1") for number in (2, 3))]
    for run in runs:
        await write(lambda unit, run=run: unit.runs.add(run))
    assert await read(lambda unit: unit.runs.list_retries("run_1")) == tuple(runs[1:])
    assert await read(lambda unit: unit.runs.list_retries("run_2")) == ()
