"""Log lines for people and for machines."""

import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from service.logs import JsonFormatter, TextFormatter
from service.main import build
from service.request_record import RequestRecord, current_record
from service.settings import Settings


def record(message: str = "asked %s", **fields: object) -> logging.LogRecord:
    made = logging.LogRecord("seqserve", logging.WARNING, __file__, 1, message, ("it",), None)
    if fields:
        made.fields = fields
    return made


@pytest.fixture
def in_request() -> Iterator[None]:
    token = current_record.set(RequestRecord("r-7"))
    yield
    current_record.reset(token)


def test_a_machine_gets_one_object_a_line(in_request: None) -> None:
    line = JsonFormatter().format(record(rows=3, model="a\nb"))

    assert "\n" not in line
    values = json.loads(line)
    assert values.pop("time").endswith("+00:00")
    assert values == {
        "level": "warning",
        "logger": "seqserve",
        "message": "asked it",
        "request_id": "r-7",
        "rows": 3,
        "model": "a\nb",
    }


def test_what_json_has_no_type_for_is_written_as_text() -> None:
    assert json.loads(JsonFormatter().format(record(what={1})))["what"] == "{1}"


def test_a_person_gets_a_short_line(in_request: None) -> None:
    line = TextFormatter(colour=False).format(record(rows=3))

    assert line.split(" ", 1)[1] == "WARNING  asked it rows=3 request_id=r-7"


def test_colours_are_for_terminals_only() -> None:
    assert "\033[33m" in TextFormatter(colour=True).format(record())
    assert "\033" not in TextFormatter(colour=False).format(record())


@pytest.mark.parametrize("formatter", [JsonFormatter(), TextFormatter(colour=False)])
def test_an_exception_is_written_in_full(formatter: logging.Formatter) -> None:
    failed = record()
    try:
        raise ArithmeticError("13 brings bad luck")
    except ArithmeticError:
        failed.exc_info = sys.exc_info()

    assert "ArithmeticError: 13 brings bad luck" in formatter.format(failed)


def test_outside_a_request_there_is_no_id() -> None:
    assert "request_id" not in json.loads(JsonFormatter().format(record()))


@pytest.fixture
def untouched_logging() -> Iterator[None]:
    root, uvicorn = logging.getLogger(), logging.getLogger("uvicorn.error")
    access = logging.getLogger("uvicorn.access")
    before = (root.handlers[:], root.level, uvicorn.level, access.disabled)
    yield
    root.handlers[:], level, uvicorn_level, access.disabled = before
    root.setLevel(level)
    uvicorn.setLevel(uvicorn_level)


@pytest.mark.parametrize(
    ("style", "formatter"),
    [("auto", JsonFormatter), ("json", JsonFormatter), ("text", TextFormatter)],
)
def test_all_loggers_write_one_format_and_auto_means_json_off_a_terminal(
    untouched_logging: None, style: Any, formatter: type
) -> None:
    logging.getLogger("uvicorn").addHandler(logging.StreamHandler())
    build(Settings(log_format=style, log_level="warning"))

    (handler,) = logging.getLogger().handlers
    assert isinstance(handler.formatter, formatter)
    assert logging.getLogger().level == logging.WARNING
    assert logging.getLogger("uvicorn").handlers == []
    assert logging.getLogger("uvicorn.access").disabled
