"""The figures of a back-test as rows: for the terminal, the report, the manifest."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from models.manifest import Metric
from training.forecast.adapting.contest import ADAPTED, Candidate
from training.forecast.adapting.scores import Scores

HEADER = ("candidate", "error", "MASE", "WQL", "sMAPE", "80 % holds", "seconds", "windows")
NOTE = (
    "error: mean pinball loss of nine quantiles, doubled, over the seasonal error of the series "
    "(its median alone is MASE); it decides. sMAPE 0 to 200. Lower is better; of the truth 80 % "
    "should lie inside the 80 % interval. A method that ran out of time is compared on the windows "
    "that it answered, and not at all where those are of fewer than 6 series."
)
FIGURES = {
    "scaled quantile error": "quantile_error",
    "MASE": "mase",
    "WQL": "wql",
    "sMAPE": "smape",
    "coverage of the 80 % interval": "coverage",
}


def rows(candidates: Sequence[Candidate]) -> list[tuple[str, ...]]:
    """A row a candidate, in the order of ``HEADER``."""
    return [
        (
            candidate.name,
            f"{candidate.scores.quantile_error:.3f}",
            f"{candidate.scores.mase:.3f}",
            f"{candidate.scores.wql:.4f}",
            f"{candidate.scores.smape:.2f}",
            f"{candidate.scores.coverage:.1%}",
            f"{candidate.seconds:.1f}",
            _answered(candidate.scores),
        )
        for candidate in candidates
    ]


def metrics_of(candidates: Sequence[Candidate], data: str, note: str) -> list[Metric]:
    """Each figure of the adapted network with those of its rivals, for the manifest."""
    own = next(candidate for candidate in candidates if candidate.name == ADAPTED)
    metrics = []
    for name, attribute in FIGURES.items():
        rivals = {
            c.name: float(getattr(c.scores, attribute))
            for c in candidates
            if c is not own and np.isfinite(getattr(c.scores, attribute))
        }
        value = float(getattr(own.scores, attribute))
        if np.isfinite(value):
            metrics.append(Metric(name, data, "back-test", value, rivals, note))
    return metrics


def as_json(candidates: Sequence[Candidate]) -> dict[str, Mapping[str, Any]]:
    """Every figure by candidate, ``None`` where there is none."""
    return {
        candidate.name: {
            name: _finite(getattr(candidate.scores, attribute))
            for name, attribute in FIGURES.items()
        }
        | {"seconds": round(candidate.seconds, 1), "windows": candidate.scores.n_answered}
        for candidate in candidates
    }


def _answered(scores: Scores) -> str:
    whole = len(scores.loss)
    return str(whole) if scores.n_answered == whole else f"{scores.n_answered} of {whole}"


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
