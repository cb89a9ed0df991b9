"""Whether all servers answer alike: compared with the export itself, run without any server."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.serving.cases import HORIZON, SEASON_LENGTH, Request
from benchmarks.serving.protocols import LEVELS, Numbers

TOLERANCE = 1e-3


class OtherAnswer(Exception):
    """A server answered something else than the export does."""


class Reference:
    """The exports of a repository, in this process."""

    def __init__(self, repository: Path) -> None:
        self._repository = repository
        self._graphs: dict[str, Any] = {}

    def numbers(self, model: str, request: Request) -> Numbers:
        """What is right, as ``Dialect.numbers`` gives it."""
        import torch  # noqa: PLC0415 - seconds that `readme` need not wait

        graph = self._graph(model)
        with torch.inference_mode():
            if model == "digits":
                images = torch.tensor(request["images"], dtype=torch.float32)
                probabilities = graph(images).double().numpy()
                labels = probabilities.argmax(axis=1)[:, None]
                return np.concatenate([labels, probabilities], axis=1)
            rows = [self._forecast(graph, each) for each in request["series"]]
        return np.stack(rows)

    def _forecast(self, graph: Any, series: Sequence[float]) -> Numbers:
        import torch  # noqa: PLC0415 - as above

        values = torch.tensor([series], dtype=torch.float32)
        mean, quantiles, _ = graph(values, torch.tensor([SEASON_LENGTH]))
        levels = [2, 6, 10]  # of the forecaster's thirteen: 0.1, 0.5, 0.9
        assert len(levels) == len(LEVELS)  # noqa: S101 - a constant
        chosen = quantiles[0, :HORIZON, levels].double().numpy().T
        return np.concatenate([mean[:, :HORIZON].double().numpy(), chosen])

    def _graph(self, model: str) -> Any:
        import torch  # noqa: PLC0415 - as above

        if model not in self._graphs:
            torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
            path = self._repository / model / "1" / "model.pt"
            load: Any = torch.jit.load
            self._graphs[model] = torch.jit.freeze(load(str(path)).eval())
        return self._graphs[model]


def difference(model: str, right: Numbers, given: Numbers) -> float:
    """The largest deviation: of a probability, or of a forecast relative to its size.

    Raises:
        OtherAnswer: other shapes, another label, or more than ``TOLERANCE`` apart.
    """
    if right.shape != given.shape:
        raise OtherAnswer(f"{given.shape} numbers instead of {right.shape}")
    if model == "digits":
        if not np.array_equal(right[:, 0], given[:, 0]):
            raise OtherAnswer("another label")
        apart = np.abs(right - given).max()
    else:
        apart = (np.abs(right - given) / np.maximum(1, np.abs(right))).max()
    if not apart <= TOLERANCE:  # NaN is not
        raise OtherAnswer(f"{apart:.2g} apart, at most {TOLERANCE:g} is the same")
    return float(apart)
