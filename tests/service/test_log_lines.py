"""Lines of requests are gathered, those of everything else are not, and all stay in order."""

import asyncio
import io
import logging
from select import PIPE_BUF

import pytest

from service.log_lines import LONGEST_WAIT_S, LineHandler, chunks
from service.logs import JsonFormatter

pytestmark = pytest.mark.anyio


class Counted(io.StringIO):
    writes = 0

    def write(self, text: str) -> int:
        self.writes += 1
        return super().write(text)


@pytest.fixture
def stream() -> Counted:
    return Counted()


@pytest.fixture
def handler(stream: Counted) -> LineHandler:
    return LineHandler(stream, JsonFormatter().line)


def note(text: str) -> logging.LogRecord:
    return logging.LogRecord("seqserve", logging.INFO, __file__, 1, text, (), None)


async def test_gathered_lines_are_written_together_and_soon(
    handler: LineHandler, stream: Counted
) -> None:
    for at in range(3):
        handler.gather(f"line {at}")
    assert stream.getvalue() == ""
    await asyncio.sleep(LONGEST_WAIT_S * 2)

    assert stream.getvalue() == "line 0\nline 1\nline 2\n"
    assert stream.writes == 1
    handler.gather("later")
    await asyncio.sleep(LONGEST_WAIT_S * 2)
    assert stream.getvalue().endswith("later\n")


async def test_another_line_comes_after_what_was_gathered_before(
    handler: LineHandler, stream: Counted
) -> None:
    handler.gather("first")
    handler.emit(note("second"))
    handler.gather("third")
    handler.flush()

    assert stream.getvalue() == "first\nsecond\nthird\n"


async def test_a_closed_stream_harms_nobody(handler: LineHandler, stream: Counted) -> None:
    handler.gather("for nobody")
    stream.close()
    failures: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, told: failures.append(told))
    await asyncio.sleep(LONGEST_WAIT_S * 2)

    assert failures == []


def test_a_chunk_is_what_a_pipe_takes_at_once() -> None:
    lines = ["é" * 700, "b" * 1000, "c" * 1693, "d", "e" * (PIPE_BUF * 2), "f"]
    found = list(chunks(lines))

    assert "".join(found) == "".join(f"{line}\n" for line in lines)
    assert [len(chunk.encode()) for chunk in found] == [PIPE_BUF, 2, PIPE_BUF * 2 + 1, 2]


def test_nothing_makes_no_chunk() -> None:
    assert list(chunks([])) == []
