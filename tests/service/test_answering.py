"""A caller who closes the connection is no longer worked for."""

import asyncio
import threading
from pathlib import Path

import httpx
import orjson
import pytest
from fastapi import FastAPI

from service.asgi import Message, Scope
from service.disconnect import UNWATCHED_S, Reception, unless_gone
from service.rows import Arrays
from service.settings import Settings
from tests.service.harness import serving

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(30)]

BODY = orjson.dumps({"series": [[1], [2], [3]], "horizon": 5})


class Caller:
    """Sends a request straight to the application; leaves when told to."""

    def __init__(self, app: FastAPI) -> None:
        self.leaves = asyncio.Event()
        self.sent: list[Message] = []
        self._body_read = False
        self.task = asyncio.create_task(app(self._scope(), self._receive, self._send))

    def _scope(self) -> Scope:
        return {
            "type": "http",
            "method": "POST",
            "path": "/forecast",
            "raw_path": b"/forecast",
            "query_string": b"",
            "headers": [],
            "root_path": "",
            "scheme": "http",
            "http_version": "1.1",
            "asgi": {"version": "3.0"},
        }

    async def _receive(self) -> Message:
        if not self._body_read:
            self._body_read = True
            return {"type": "http.request", "body": BODY}
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])


async def turns(n_turns: int = 20) -> None:
    for _ in range(n_turns):
        await asyncio.sleep(0)


async def test_rows_of_a_caller_who_left_are_dropped_before_compute(tiny_repository: Path) -> None:
    entered, go_on = threading.Event(), threading.Event()
    async with serving(Settings(repository=tiny_repository, warmup_max_s=0)) as app:
        batcher = app.state.service.registry.find("forecast").batcher
        run = batcher._run

        def gated(inputs: Arrays, method: str) -> Arrays:
            entered.set()
            go_on.wait(timeout=20)
            outputs: Arrays = run(inputs, method)
            return outputs

        batcher._run = gated
        first = Caller(app)
        await asyncio.to_thread(entered.wait, 20)
        leaver, stayer = Caller(app), Caller(app)
        await turns()
        assert batcher.waiting_rows == 6
        leaver.leaves.set()
        while batcher.waiting_rows == 6:  # noqa: ASYNC110 - noticed within 2 x UNWATCHED_S
            await asyncio.sleep(0.001)
        assert batcher.waiting_rows == 3
        go_on.set()
        await asyncio.gather(first.task, leaver.task, stayer.task)

        assert (first.status, leaver.status, stayer.status) == (200, 499, 200)
        assert (batcher.stats.rows, batcher.stats.dropped_rows) == (6, 3)


async def test_nobody_is_watched_who_is_answered_at_once_and_nobody_afterwards() -> None:
    watched = 0

    async def receive() -> Message:
        nonlocal watched
        watched += 1
        await asyncio.Event().wait()
        raise AssertionError

    async def work(seconds: float) -> float:
        await asyncio.sleep(seconds)
        return seconds

    assert await unless_gone(receive, work(0)) == 0
    assert watched == 0
    assert await unless_gone(receive, work(3 * UNWATCHED_S)) == 3 * UNWATCHED_S
    assert watched == 1
    await asyncio.sleep(3 * UNWATCHED_S)  # the timer ends by itself
    assert not Reception.here()._ticking


async def test_a_caller_who_stays_gets_one_answer(app: FastAPI) -> None:
    caller = Caller(app)
    await caller.task

    assert [message["type"] for message in caller.sent] == [
        "http.response.start",
        "http.response.body",
    ]
    assert len(orjson.loads(caller.sent[1]["body"])["forecasts"]) == 3


async def test_a_cancelled_task_stays_cancelled(app: FastAPI) -> None:
    caller = Caller(app)
    await asyncio.sleep(0)
    caller.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller.task


async def test_mixed_lengths_together_equal_each_alone(client: httpx.AsyncClient) -> None:
    series = [[float(at % 5) for at in range(n)] for n in (1, 3, 16, 17, 40, 64, 200)]
    together = (await client.post("/forecast", json={"series": series})).json()["forecasts"]
    answers = await asyncio.gather(*(client.post("/forecast", json={"series": s}) for s in series))

    for forecast, answer in zip(together, answers, strict=True):
        (alone,) = answer.json()["forecasts"]
        assert alone["mean"] == pytest.approx(forecast["mean"], rel=1e-5)
        assert alone["quantiles"]["0.9"] == pytest.approx(forecast["quantiles"]["0.9"], rel=1e-5)
