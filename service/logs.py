"""Log lines: coloured for a person on a terminal, JSON for a machine elsewhere."""

import logging
import sys
from datetime import UTC, datetime
from typing import Literal

import orjson

from service.request_record import current_record

COLOURS = {"DEBUG": "2", "INFO": "32", "WARNING": "33", "ERROR": "31", "CRITICAL": "1;31"}


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, request id, and the ``fields``."""

    def format(self, record: logging.LogRecord) -> str:
        """Render ``record``; what JSON has no type for is written as text."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {"request_id": request_id} if (request_id := _request_id()) else {}
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


class TextFormatter(logging.Formatter):
    """``12:00:00.123 INFO  message name=value ...``, the level coloured if ``colour``."""

    def __init__(self, *, colour: bool) -> None:
        super().__init__()
        self.colour = colour

    def format(self, record: logging.LogRecord) -> str:
        """Render ``record``; an exception follows on lines of its own."""
        time = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S.%f")[:-3]
        line = f"{time} {self._level(record.levelname)} {record.getMessage()}"
        fields = getattr(record, "fields", {})
        if request_id := _request_id():
            fields = {**fields, "request_id": request_id}
        line += "".join(f" {self._dim(name)}={value}" for name, value in fields.items())
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line

    def _level(self, name: str) -> str:
        padded = f"{name:<8}"
        return f"\033[{COLOURS.get(name, '0')}m{padded}\033[0m" if self.colour else padded

    def _dim(self, name: str) -> str:
        return f"\033[2m{name}\033[0m" if self.colour else name


def _request_id() -> str:
    record = current_record.get()
    return record.request_id if record else ""


def configure_logging(level: str, style: Literal["auto", "text", "json"]) -> None:
    """Send every log line, uvicorn's included, to standard error in one format."""
    terminal = sys.stderr.isatty()
    text = style == "text" or (style == "auto" and terminal)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(TextFormatter(colour=terminal) if text else JsonFormatter())
    root = logging.getLogger()
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
