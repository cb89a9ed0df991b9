"""The log line of every request, as cheap as it can be where nobody else wants to have it."""

import logging
from time import time

from service.log_lines import LineHandler, Rendered
from service.request_record import RequestRecord

# Asked every few seconds by machines: logged at level debug only.
ROUTINE = ("/healthz/", "/metrics")

logger = logging.getLogger("seqserve.request")
ABOVE = logging.getLogger("seqserve")
ROOT = logging.getLogger()


class RequestLog:
    """Writes a line for each request, or none if it is not ``wanted``."""

    def __init__(self, *, wanted: bool) -> None:
        self._wanted = wanted

    def is_on(self) -> bool:
        """Whether requests for predictions get a line."""
        return self._wanted and logger.isEnabledFor(logging.INFO)

    def write(self, record: RequestRecord, status: int, total_s: float) -> None:
        """Tell of a request that ended now after ``total_s`` seconds."""
        if not self._wanted:
            return
        level = logging.DEBUG if record.path.startswith(ROUTINE) else logging.INFO
        if not logger.isEnabledFor(level):
            return
        fields: dict[str, object] = {"status": status, "total_ms": round(total_s * 1000, 2)}
        if record.model:
            fields |= prediction_fields(record)
        handler = only_handler()
        if handler is None:
            extra = {"fields": fields}
            logger.log(level, "%s %s", record.method, record.path, extra=extra)
            return
        message = f"{record.method} {record.path}"
        name = "INFO" if level == logging.INFO else "DEBUG"
        parts = Rendered(time(), name, logger.name, message, record.request_id, fields)
        handler.gather(handler.line(parts))


def only_handler() -> LineHandler | None:
    """Our own handler, if no other one would get the line and nothing would filter it."""
    if len(ROOT.handlers) != 1 or ABOVE.handlers or logger.handlers or logger.filters:
        return None
    handler = ROOT.handlers[0]
    if not isinstance(handler, LineHandler) or handler.filters or handler.level:
        return None
    return handler


def prediction_fields(record: RequestRecord) -> dict[str, object]:
    """What the log says about a prediction."""
    return {
        "model": record.model,
        "version": record.version,
        "rows": record.rows,
        "batch": record.batch_rows,
        "queue_ms": round(record.queue_s * 1000, 2),
        "predict_ms": round(record.predict_s * 1000, 2),
    }
