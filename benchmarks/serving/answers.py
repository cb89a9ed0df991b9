"""Whether all servers answer alike: compared with the export itself, run without any server."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.serving.cases import HORIZON, SEASON_LENGTH, Request
from benchmarks.serving.contestants import only
from benchmarks.serving.protocols import Numbers
from service.repository import Repository

TOLERANCE = 1e-3
MODEL_LEVELS = [2, 6, 10]  # of the thirteen of the forecaster: 0.1, 0.5 and 0.9


class OtherAnswer(Exception):
    """A server answered something else than the export does."""


class Reference:
    """The exports of a repository, in this process, in float32."""

    def __init__(self, repository: Path) -> None:
        self._repository = repository
        self._models: dict[str, Any] = {}

    def numbers(self, model: str, request: Request) -> Numbers:
        """What is right, as ``Dialect.numbers`` gives it."""
        run = self._model(model).run
        if model == "digits":
            images = np.array(request["images"], dtype=np.float32)
            probabilities = run({"images": images})["probabilities"].astype(np.float64)
            labels = probabilities.argmax(axis=1)[:, None]
            return np.concatenate([labels, probabilities], axis=1)
        return np.stack([_forecast(run, each) for each in request["series"]])

    def tolerance(self, model: str, *, ours: bool) -> float:
        """How far apart is the same: for this server as far as the export lets fewer bits deviate.

        The others compute in float32. What fewer bits do to accuracy is in the export's manifest.
        """
        (export,) = Repository(only(self._repository, model)).active_exports()
        reduced = export.manifest.reduced_precision
        return reduced.tolerance if ours and reduced else TOLERANCE

    def _model(self, model: str) -> Any:
        from service.runtime import TorchScriptModel  # noqa: PLC0415 - torch takes its time

        if model not in self._models:
            (export,) = Repository(only(self._repository, model)).active_exports()
            self._models[model] = TorchScriptModel(export.folder, export.manifest)
        return self._models[model]


def _forecast(run: Any, series: Sequence[float]) -> Numbers:
    """One series alone, so that no padding has a part in what is right."""
    outputs = run(
        {
            "values": np.array([series], dtype=np.float32),
            "season_length": np.array([SEASON_LENGTH]),
        }
    )
    levels = outputs["quantiles"][0, :HORIZON, MODEL_LEVELS].astype(np.float64)
    return np.concatenate([outputs["mean"][:, :HORIZON].astype(np.float64), levels])


def difference(model: str, right: Numbers, given: Numbers, tolerance: float = TOLERANCE) -> float:
    """The largest deviation: of a probability, or of a forecast relative to its size.

    Raises:
        OtherAnswer: other shapes, another label, or more than ``tolerance`` apart.
    """
    if right.shape != given.shape:
        raise OtherAnswer(f"{given.shape} numbers instead of {right.shape}")
    if model == "digits":
        if not np.array_equal(right[:, 0], given[:, 0]):
            raise OtherAnswer("another label")
        apart = np.abs(right - given).max()
    else:
        apart = (np.abs(right - given) / np.maximum(1, np.abs(right))).max()
    if not apart <= tolerance:  # NaN is not
        raise OtherAnswer(f"{apart:.2g} apart, at most {tolerance:g} is the same")
    return float(apart)
