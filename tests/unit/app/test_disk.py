import asyncio
import threading
from collections.abc import Callable, Iterator

import pytest

from soar.app.disk import ThreadDisk


@pytest.fixture
def thread_disk() -> Iterator[ThreadDisk]:
    made = ThreadDisk("soar-test")
    yield made
    made.close()


async def test_work_is_done_in_order_and_one_piece_at_a_time(thread_disk: ThreadDisk) -> None:
    began: list[int] = []
    busy = threading.Lock()

    def make_work(number: int) -> Callable[[], int]:
        def work() -> int:
            assert busy.acquire(blocking=False), "two pieces of work at once"
            began.append(number)
            busy.release()
            return number

        return work

    assert await asyncio.gather(*(thread_disk.run(make_work(number)) for number in range(200))) == list(range(200))
    assert began == list(range(200))


async def test_work_is_done_beside_the_loop_in_one_named_thread(thread_disk: ThreadDisk) -> None:
    names = {await thread_disk.run(lambda: threading.current_thread().name) for _ in range(3)}
    assert len(names) == 1
    assert names.pop().startswith("soar-test")


async def test_what_the_work_raises_comes_back_and_the_next_is_done(thread_disk: ThreadDisk) -> None:
    def fail() -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        await thread_disk.run(fail)
    assert await thread_disk.run(lambda: 7) == 7


async def test_closing_lets_the_work_under_way_end_and_takes_no_more(thread_disk: ThreadDisk) -> None:
    may_end = threading.Event()
    under_way = asyncio.ensure_future(thread_disk.run(lambda: may_end.wait(30)))
    await asyncio.sleep(0)
    may_end.set()
    thread_disk.close()
    assert await under_way is True
    with pytest.raises(RuntimeError):
        await thread_disk.run(lambda: 1)
