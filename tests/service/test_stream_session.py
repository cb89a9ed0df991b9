"""A stream whose model is held up, overloaded or broken."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from models.export_folder import read_manifest
from service.errors import PredictError, ServiceError, ServiceOverloaded, ServiceStopping
from service.rows import Arrays, Rows
from service.served_model import ServedModel
from service.settings import Settings
from service.stream_session import StreamSession, shortened
from service.stream_stats import StreamStats
from service.tasks.transduce import TransduceTask
from tests.service.socket_client import Socket

pytestmark = pytest.mark.anyio

MOST = 10  # samples that may be unanswered


class GatedSum:
    """The running sum, as a model that answers when the gate is open; remembers its passes."""

    def __init__(self, folder: Path) -> None:
        self.task = TransduceTask(read_manifest(folder), folder)
        self.gate = asyncio.Event()
        self.passes: list[int] = []
        self.error: ServiceError | None = None

    async def submit(self, rows: Rows) -> Arrays:
        self.passes.append(int(rows.inputs["lengths"][0]))
        await self.gate.wait()
        if self.error:
            raise self.error
        sums = rows.inputs["states"][:, :1] + rows.inputs["signals"].cumsum(axis=1)
        states = rows.inputs["states"] + 0
        states[:, 0] = sums[:, -1]
        return {"outputs": sums.astype(np.float32), "states": states}


class Held:
    """A session under way: its model, its socket, and its close code once it is over."""

    def __init__(self, model: GatedSum) -> None:
        self.model = model
        self.socket = Socket()
        self.stats = StreamStats()
        session = StreamSession(
            cast(ServedModel, model),
            self.socket.to_app.get,
            self.socket.take,
            Settings(max_stream_samples=MOST),
            self.stats,
        )
        self.over = asyncio.ensure_future(session.run())

    async def settled(self) -> None:
        """Until nothing happens any more without the outside."""
        for _ in range(20):
            await asyncio.sleep(0)


@pytest.fixture
async def held(tiny_repository: Path) -> AsyncIterator[Held]:
    held = Held(GatedSum(tiny_repository / "transducer" / "1"))
    async with asyncio.timeout(20):
        yield held
        held.over.cancel()
        await asyncio.wait([held.over])


async def test_while_the_model_is_busy_samples_gather_into_one_pass(held: Held) -> None:
    for sample in range(5):
        held.socket.send(samples=[sample])
        await held.settled()
    held.model.gate.set()

    outputs = [(await held.socket.answer())["outputs"] for _ in range(5)]

    assert outputs == [[0], [1], [3], [6], [10]]
    assert held.model.passes == [1, 4]


async def test_a_new_state_begins_a_pass_of_its_own(held: Held) -> None:
    held.socket.send(samples=[1])
    await held.settled()
    for message in ({"samples": [1]}, {"state": None, "samples": [5]}, {"samples": [1]}):
        held.socket.send(**message)
    await held.settled()
    held.model.gate.set()

    assert [(await held.socket.answer())["outputs"] for _ in range(4)] == [[1], [2], [5], [6]]
    assert held.model.passes == [1, 1, 2]


async def test_beyond_so_many_unanswered_samples_nothing_more_is_read(held: Held) -> None:
    for _ in range(MOST + 5):
        held.socket.send_samples(1.0)
    await held.settled()

    assert held.stats.samples == MOST
    assert held.socket.to_app.qsize() == 5

    held.model.gate.set()
    assert [(await held.socket.samples())[0] for _ in range(MOST + 5)] == list(range(1, MOST + 6))


async def test_a_message_larger_than_the_bound_is_taken_alone(held: Held) -> None:
    held.socket.send_samples(*[1.0] * (MOST + 7))
    held.socket.send_samples(1.0)
    await held.settled()
    assert held.socket.to_app.qsize() == 1

    held.model.gate.set()
    assert len(await held.socket.samples()) == MOST + 7
    assert await held.socket.samples() == [MOST + 8]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ServiceOverloaded("8192 rows are waiting already"), 1013),
        (ServiceStopping("the service is stopping"), 1012),
        (PredictError("secret details"), 1011),
    ],
    ids=["overloaded", "stopping", "failed"],
)
async def test_a_failing_model_ends_the_stream_with_the_state_before_it(
    held: Held, error: ServiceError, code: int
) -> None:
    held.model.gate.set()
    held.socket.send(samples=[1, 2])
    await held.socket.answer()
    held.model.error = error
    held.socket.send(samples=[3])

    problem = await held.socket.answer()
    assert (await held.socket.closed())[0] == code
    assert await held.over == code
    assert "secret" not in str(problem)
    assert problem["n_samples"] == 2
    assert held.model.task.tokens.open(problem["state"]).tolist() == [3, 0]


async def test_a_client_that_leaves_ends_the_work(held: Held) -> None:
    held.socket.send(samples=[1])
    await held.settled()
    held.socket.leave(1001)

    assert await held.over == 1001
    assert held.socket.from_app.empty()


async def test_a_client_that_leaves_while_nothing_more_is_read_ends_it_as_well(held: Held) -> None:
    held.model.gate.set()
    held.socket.gone = True
    held.socket.send(samples=[1])

    assert await held.over == 1006


async def test_a_reader_that_breaks_does_not_leave_the_client_waiting(held: Held) -> None:
    held.socket.to_app.put_nowait({"type": "websocket.receive"})

    assert (await held.socket.answer())["type"].endswith(":internal-error")
    assert (await held.socket.closed())[0] == 1011


def test_a_reason_fits_into_a_close_frame_and_stays_text() -> None:
    assert shortened("short") == "short"
    assert len(shortened("ü" * 100).encode()) == 122
