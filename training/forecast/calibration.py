"""After training: intervals widened or narrowed until they hold what they promise.

A network that shrinks its loss on 128 short windows at a time need not have honest intervals on
series that it never saw. One factor for each class of seasons is set on validation data: too few
to fit its noise.
"""

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
from torch import nn

from models.forecast_heads import SEASON_EDGES
from models.forecaster import QUANTILE_LEVELS, Forecaster
from training.forecast.evaluation import forecast
from training.forecast.metrics import Case
from training.forecast.series import Values
from training.forecast.sources import ForecastData

LOW, HIGH = 0.1, 0.9
LOWER, MIDDLE, UPPER = (QUANTILE_LEVELS.index(level) for level in (LOW, 0.5, HIGH))
CLOSE_ENOUGH = 0.01  # of the coverage: no correction
FEWEST_CASES = 30  # of a class in a data set
WIDTHS = np.arange(0.80, 1.2501, 0.01)

Answered = tuple[Case, Values]


def calibrate(network: nn.Module, data: ForecastData) -> None:
    """Set the widths of the intervals of ``network``.

    Series never trained on decide; the last steps of the training series where there are none of
    a class.
    """
    width = cast(Forecaster, network).spread.width
    width.fill_(1.0)
    found = [
        {name: list(zip(cases, forecast(network, cases), strict=True)) for name, cases in g.items()}
        for g in (data.zero_shot, data.own)
    ]
    for place in range(len(SEASON_EDGES) + 1):
        for answered in found:
            groups = of_class(answered, place)
            if groups:
                width[place] = best_width(groups)
                break


def of_class(answered: Mapping[str, Sequence[Answered]], place: int) -> list[list[Answered]]:
    """The cases of one class, by data set; data sets with few of them are left out."""
    groups = [
        [pair for pair in pairs if season_class(pair[0].season_length) == place]
        for pairs in answered.values()
    ]
    return [group for group in groups if len(group) >= FEWEST_CASES]


def season_class(season_length: int) -> int:
    """How many of ``SEASON_EDGES`` it exceeds; a season to be detected counts as none."""
    return sum(season_length > edge for edge in SEASON_EDGES)


def best_width(groups: Sequence[Sequence[Answered]]) -> float:
    """The factor nearest to one whose coverage, the mean over data sets, is what was promised."""
    promised = HIGH - LOW
    if abs(coverage_with(groups, 1.0) - promised) <= CLOSE_ENOUGH:
        return 1.0
    misses = [abs(coverage_with(groups, float(width)) - promised) for width in WIDTHS]
    return float(WIDTHS[int(np.argmin(misses))])


def coverage_with(groups: Sequence[Sequence[Answered]], width: float) -> float:
    """Share of the truth inside the interval at that width, the mean over data sets."""
    shares = []
    for group in groups:
        inside = [
            _within(case.future, answer[:, [LOWER, MIDDLE, UPPER]], width) for case, answer in group
        ]
        shares.append(np.concatenate(inside).mean())
    return float(np.mean(shares))


def _within(truth: Values, answer: Values, width: float) -> Values:
    middle = answer[:, 1]
    low = middle + (answer[:, 0] - middle) * width
    high = middle + (answer[:, 2] - middle) * width
    known = np.isfinite(truth)
    return ((truth >= low) & (truth <= high))[known].astype(np.float64)
