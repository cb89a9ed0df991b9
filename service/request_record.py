"""What is known of the request at hand, gathered on its way and written to the log at its end."""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class RequestRecord:
    """One request: who asked for what, which model answered, and where the time went.

    ``batch_rows`` is the largest batch that the rows of the request rode in; ``queue_s`` and
    ``predict_s`` are summed over the forward passes that the request took. ``deadline_s``, on the
    clock of ``time.perf_counter``, is when the answer must be ready. ``route`` is the pattern of
    the endpoint where the fast path answered; elsewhere the router knows it.
    """

    request_id: str
    method: str = ""
    path: str = ""
    route: str = ""
    model: str = ""
    version: str = ""
    rows: int = 0
    passes: int = 0
    batch_rows: int = 0
    queue_s: float = 0.0
    predict_s: float = 0.0
    deadline_s: float | None = None

    def add_pass(self, *, batch_rows: int, queue_s: float, predict_s: float) -> None:
        """Count one trip through the batcher."""
        self.passes += 1
        self.batch_rows = max(self.batch_rows, batch_rows)
        self.queue_s += queue_s
        self.predict_s += predict_s


current_record: ContextVar[RequestRecord | None] = ContextVar("current_record", default=None)
