"""One pass of a model: stack the parts, compute, cut the outputs; bisect what fails.

Nothing that is not finite leaves a pass: who asked for it gets an error, the others their answers.
"""

from dataclasses import dataclass
from time import thread_time

from service.batch_request import Lane, Part
from service.errors import BatchContractBroken, PredictError
from service.finite import is_finite
from service.rows import Arrays, Padding, Run, collate


@dataclass(slots=True, eq=False)
class Computed:
    """What a pass gave to each of its parts: outputs or an error.

    ``compute_s`` is the processor time of the pass, None if it failed and was bisected.
    """

    results: list[Arrays | BaseException]
    compute_s: float | None


class Pass:
    """Parts of one lane that are computed together; ``compute`` may run on any thread.

    ``predict_s`` is the time from start to finish, the way back to the event loop included.
    """

    __slots__ = ("_padding", "_run", "lane", "parts", "predict_s", "rows", "started_s")

    def __init__(
        self, lane: Lane, parts: list[Part], run: Run, padding: Padding | None, started_s: float
    ) -> None:
        self.lane = lane
        self.parts = parts
        self.rows = sum([part.selection.size for part in parts])
        self.started_s = started_s
        self.predict_s = 0.0
        self._run = run
        self._padding = padding

    def compute(self) -> Computed:
        """One pass; if it fails, one for each half of the batch, and so on."""
        started_s = thread_time()  # of this thread alone: waiting for the interpreter is no cost
        try:
            results = self._compute(self.parts)
        except Exception as error:  # noqa: BLE001 - whatever a model raises, only the culprit gets it
            return Computed(self._bisect(self.parts, error), None)
        return Computed(results, thread_time() - started_s)

    def failed(self, error: BaseException) -> Computed:
        """What every part gets when the worker itself failed."""
        return Computed([error] * len(self.parts), None)

    def _compute(self, parts: list[Part]) -> list[Arrays | BaseException]:
        inputs = collate([part.selection for part in parts], self._padding)
        outputs = self._run(inputs, self.lane.method)
        results = shares(parts, outputs)
        if not_finite(outputs) is None:  # asked once for all of them, as it nearly always is so
            return [*results]
        return [_only_finite(each) for each in results]

    def _bisect(self, parts: list[Part], error: Exception) -> list[Arrays | BaseException]:
        """The results of parts that failed together with ``error``."""
        if len(parts) == 1:
            return [error]
        results: list[Arrays | BaseException] = []
        middle = len(parts) // 2
        for half in (parts[:middle], parts[middle:]):
            try:
                results += self._compute(half)
            except Exception as failure:  # noqa: BLE001 - as above
                results += self._bisect(half, failure)
        return results


def shares(parts: list[Part], outputs: Arrays) -> list[Arrays]:
    """Cut the outputs of a pass into what belongs to each part.

    Raises:
        BatchContractBroken: an output has another number of rows than the batch.
    """
    n_rows = sum([part.selection.size for part in parts])
    for name, array in outputs.items():
        if len(array) != n_rows:
            raise BatchContractBroken(f"{n_rows} rows in, {len(array)} rows of {name!r} out")
    if len(parts) == 1:
        return [outputs]
    cut: list[Arrays] = []
    start = 0
    for part in parts:
        end = start + part.selection.size
        cut.append({name: array[start:end] for name, array in outputs.items()})
        start = end
    return cut


def not_finite(outputs: Arrays) -> str | None:
    """The name of an output that holds NaN or infinity, if one does."""
    for name, array in outputs.items():
        if not is_finite(array):
            return name
    return None


def _only_finite(outputs: Arrays) -> Arrays | PredictError:
    name = not_finite(outputs)
    return PredictError(f"the model answered a {name} that is not finite") if name else outputs
