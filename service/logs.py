"""Log lines: coloured for a person on a terminal, JSON for a machine elsewhere."""

import logging
import sys
from abc import ABC, abstractmethod
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal

import orjson

from service.log_lines import LineHandler, Rendered
from service.request_record import current_record

COLOURS = {"DEBUG": "2", "INFO": "32", "WARNING": "33", "ERROR": "31", "CRITICAL": "1;31"}


class LineFormatter(logging.Formatter, ABC):
    """What both formats share: they make a line of its parts, with a record or without one."""

    def format(self, record: logging.LogRecord) -> str:
        """Render ``record``."""
        failure = self.formatException(record.exc_info) if record.exc_info else ""
        return self.line(
            Rendered(
                record.created,
                record.levelname,
                record.name,
                record.getMessage(),
                _request_id(),
                getattr(record, "fields", {}),
                failure,
            )
        )

    @abstractmethod
    def line(self, parts: Rendered) -> str:
        """The line, without its end."""


class JsonFormatter(LineFormatter):
    """One JSON object a line: time, level, logger, message, request id, and the ``fields``."""

    def line(self, parts: Rendered) -> str:
        """Render ``parts``; what JSON has no type for is written as text."""
        second, millisecond = _split(parts.created_s)
        line: dict[str, object] = {
            "time": f"{_utc(second)}.{millisecond:03d}+00:00",
            "level": parts.level.lower(),
            "logger": parts.logger,
            "message": parts.message,
        }
        if parts.request_id:
            line["request_id"] = parts.request_id
        line.update(parts.fields)
        if parts.failure:
            line["exception"] = parts.failure
        return orjson.dumps(line, default=str).decode()


class TextFormatter(LineFormatter):
    """``12:00:00.123 INFO  message name=value ...``, the level coloured if ``colour``."""

    def __init__(self, *, colour: bool) -> None:
        super().__init__()
        self.colour = colour

    def line(self, parts: Rendered) -> str:
        """Render ``parts``; an exception follows on lines of its own."""
        second, millisecond = _split(parts.created_s)
        line = f"{_local(second)}.{millisecond:03d} {self._level(parts.level)} {parts.message}"
        for name, value in parts.fields.items():
            line += f" {self._dim(name)}={value}"
        if parts.request_id and "request_id" not in parts.fields:
            line += f" {self._dim('request_id')}={parts.request_id}"
        return f"{line}\n{parts.failure}" if parts.failure else line

    def _level(self, name: str) -> str:
        padded = f"{name:<8}"
        return f"\033[{COLOURS.get(name, '0')}m{padded}\033[0m" if self.colour else padded

    def _dim(self, name: str) -> str:
        return f"\033[2m{name}\033[0m" if self.colour else name


def _split(created_s: float) -> tuple[int, int]:
    """Whole seconds, and the milliseconds beyond."""
    return divmod(round(created_s * 1e6) // 1000, 1000)


@lru_cache(maxsize=4)
def _utc(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@lru_cache(maxsize=4)
def _local(second: int) -> str:
    return datetime.fromtimestamp(second).astimezone().strftime("%H:%M:%S")


def _request_id() -> str:
    record = current_record.get()
    return record.request_id if record else ""


def configure_logging(level: str, style: Literal["auto", "text", "json"]) -> None:
    """Send every log line, uvicorn's included, to standard error in one format."""
    terminal = sys.stderr.isatty()
    text = style == "text" or (style == "auto" and terminal)
    formatter = TextFormatter(colour=terminal) if text else JsonFormatter()
    handler = LineHandler(sys.stderr, formatter.line)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    for former in root.handlers:
        former.flush()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    # Ours says more, and who runs `uvicorn --factory` would get two lines a request.
    logging.getLogger("uvicorn.access").disabled = True
    # "Started server process", "Waiting for application startup": five lines that say nothing.
    logging.getLogger("uvicorn.error").setLevel(max(logging.WARNING, root.level))
