"""The thread of a model: work in, results back on the loop, one at a time."""

import asyncio
import threading
from typing import Any

import pytest

from service.model_thread import ModelThread

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(20)]


async def outcome(thread: ModelThread, work: Any) -> Any:
    done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    thread.start(work, done.set_result)
    return await done


async def test_work_happens_on_its_thread_and_the_result_comes_back_on_the_loop() -> None:
    thread = ModelThread("model-x")
    worked_on = await outcome(thread, lambda: threading.current_thread().name)
    thread.close()

    assert worked_on == "model-x"


async def test_an_exception_is_a_result_and_the_thread_goes_on() -> None:
    thread = ModelThread("model-x")
    failed = await outcome(thread, lambda: 1 / 0)

    assert isinstance(failed, ZeroDivisionError)
    assert thread.alive
    assert await outcome(thread, lambda: 5) == 5
    thread.close()


async def test_work_can_be_waited_for() -> None:
    thread = ModelThread("model-x")
    assert await thread.run(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        await thread.run(lambda: 1 / 0)
    thread.close()


async def test_closing_ends_the_thread_after_its_work() -> None:
    thread = ModelThread("model-x")
    last = outcome(thread, lambda: "done")
    task = asyncio.create_task(last)
    await asyncio.sleep(0)
    thread.close()

    assert await task == "done"
    await asyncio.to_thread(thread._thread.join, 10)
    assert not thread.alive


def test_a_thread_whose_loop_is_gone_ends() -> None:
    entered, go_on = threading.Event(), threading.Event()

    def work() -> None:
        entered.set()
        go_on.wait(10)

    async def leave_early() -> ModelThread:
        thread = ModelThread("model-x")
        thread.start(work, lambda _: None)
        await asyncio.to_thread(entered.wait, 10)
        return thread

    thread = asyncio.run(leave_early())
    go_on.set()
    thread._thread.join(10)

    assert not thread.alive
