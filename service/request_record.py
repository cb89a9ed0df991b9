"""What is known of the request at hand, gathered on its way and written to the log at its end."""

from contextvars import ContextVar
from dataclasses import dataclass
from time import perf_counter


@dataclass(slots=True)
class RequestRecord:
    """One request: who asked for what, which model answered, and where the time went.

    ``batch_rows`` is the largest batch that the rows of the request rode in; ``queue_s`` and
    ``predict_s`` are summed over the forward passes that the request took. ``deadline_s``, on the
    clock of ``time.perf_counter``, is when the answer must be ready. ``route`` is the pattern of
    the endpoint where the fast path answered; elsewhere the router knows it. On the same clock,
    ``read_s`` is when the body was there, ``asked_s`` when the first rows were given to the model,
    ``answered_s`` when the last outputs came back.
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
    read_s: float = 0.0
    asked_s: float = 0.0
    answered_s: float = 0.0

    def ask(self, n_rows: int) -> None:
        """Note the first rows that the request gives to the model; later chunks may hold more."""
        if not self.asked_s:
            self.rows = n_rows
            self.asked_s = perf_counter()

    def add_pass(self, *, batch_rows: int, queue_s: float, predict_s: float) -> None:
        """Count one trip through the batcher."""
        self.passes += 1
        self.batch_rows = max(self.batch_rows, batch_rows)
        self.queue_s += queue_s
        self.predict_s += predict_s
        self.answered_s = perf_counter()


current_record: ContextVar[RequestRecord | None] = ContextVar("current_record", default=None)
