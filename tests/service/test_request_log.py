"""The line of a request is the same whether logging wrote it or our shorter way."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from service.log_lines import LineHandler
from service.logs import JsonFormatter, LineFormatter, TextFormatter
from service.request_log import RequestLog, only_handler
from service.request_record import RequestRecord, current_record

pytestmark = pytest.mark.anyio

PREDICTED = RequestRecord(
    "r-7",
    "POST",
    "/classify",
    model="digits",
    version="3",
    rows=2,
    batch_rows=5,
    queue_s=0.001239,
    predict_s=0.0456,
)
PLAIN = RequestRecord("r-8", "GET", "/models")


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No handlers but those of the test."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    root.handlers[:] = []
    root.setLevel(logging.INFO)
    monkeypatch.setattr("service.request_log.time", lambda: 1_700_000_000.9876)
    yield
    root.handlers[:] = before[0]
    root.setLevel(before[1])


def written(formatter: LineFormatter, record: RequestRecord, *, with_another: bool) -> str:
    stream = io.StringIO()
    handler = LineHandler(stream, formatter.line)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler, *([logging.NullHandler()] if with_another else [])]
    token = current_record.set(record)
    RequestLog(wanted=True).write(record, 200, 0.0123456)
    current_record.reset(token)
    handler.flush()
    return stream.getvalue()


@pytest.mark.parametrize("record", [PREDICTED, PLAIN], ids=["prediction", "other"])
@pytest.mark.parametrize(
    "formatter",
    [JsonFormatter(), TextFormatter(colour=False), TextFormatter(colour=True)],
    ids=["json", "text", "coloured"],
)
async def test_both_ways_write_the_same_line(
    alone: None,
    monkeypatch: pytest.MonkeyPatch,
    formatter: LineFormatter,
    record: RequestRecord,
) -> None:
    monkeypatch.setattr("logging.time.time", lambda: 1_700_000_000.9876)
    short = written(formatter, record, with_another=False)

    assert short == written(formatter, record, with_another=True)
    assert short.count("\n") == 1


async def test_a_prediction_has_all_its_fields(alone: None) -> None:
    line = written(JsonFormatter(), PREDICTED, with_another=False)

    assert json.loads(line) == {
        "time": "2023-11-14T22:13:20.987+00:00",
        "level": "info",
        "logger": "seqserve.request",
        "message": "POST /classify",
        "request_id": "r-7",
        "status": 200,
        "total_ms": 12.35,
        "model": "digits",
        "version": "3",
        "rows": 2,
        "batch": 5,
        "queue_ms": 1.24,
        "predict_ms": 45.6,
    }


async def test_what_others_shall_get_or_filter_goes_through_logging(alone: None) -> None:
    handler = LineHandler(io.StringIO(), JsonFormatter().line)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    assert only_handler() is handler

    root.handlers[:] = [handler, logging.NullHandler()]
    assert only_handler() is None
    root.handlers[:] = [logging.NullHandler()]
    assert only_handler() is None
    root.handlers[:] = [handler]
    handler.setLevel(logging.ERROR)
    assert only_handler() is None


async def test_nothing_is_written_that_nobody_wants(alone: None) -> None:
    stream = io.StringIO()
    handler = LineHandler(stream, JsonFormatter().line)
    logging.getLogger().handlers[:] = [handler]
    RequestLog(wanted=False).write(PLAIN, 200, 1.0)
    RequestLog(wanted=True).write(RequestRecord("r", "GET", "/healthz/live"), 200, 1.0)
    logging.getLogger().setLevel(logging.WARNING)
    RequestLog(wanted=True).write(PLAIN, 200, 1.0)
    handler.flush()

    assert stream.getvalue() == ""
