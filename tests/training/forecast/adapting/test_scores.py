import numpy as np
import pytest

from models.forecast_metrics import WQL_LEVELS
from training.forecast.adapting.scores import measure_all
from training.forecast.metrics import Case


def test_figures_can_be_checked_by_hand() -> None:
    # The seasonal error is 2; the point is 1 above the truth, the interval 2 wide each way.
    case = Case("a", np.array([0.0, 2.0, 4.0, 6.0]), np.array([9.0, np.nan, 9.0]), 1)
    quantiles = np.tile(10.0 + 5 * (np.array(WQL_LEVELS) - 0.5), (3, 1))

    scores = measure_all([case], [quantiles])

    assert scores.mase == 0.5
    assert scores.smape == pytest.approx(200 / 19)
    assert scores.coverage == 1.0
    loss = np.mean([max(q * e, (q - 1) * e) for q, e in zip(WQL_LEVELS, 9 - quantiles[0])])  # noqa: B905
    assert scores.quantile_error == pytest.approx(2 * loss / 2)
    assert scores.wql == pytest.approx(2 * loss / 9)


def test_a_point_forecast_has_the_same_quantile_error_as_mase() -> None:
    case = Case("a", np.arange(10.0), np.array([12.0, 13.0]), 1)
    scores = measure_all([case], [np.full((2, 9), 10.0)])
    assert scores.quantile_error == pytest.approx(scores.mase) == 2.5


def test_windows_without_an_answer_or_a_scale_are_left_out() -> None:
    cases = [
        Case("a", np.arange(10.0), np.array([11.0]), 1),
        Case("b", np.full(10, 3.0), np.array([4.0]), 1),
        Case("c", np.arange(10.0), np.array([11.0]), 1),
    ]
    scores = measure_all(cases, [np.full((1, 9), 10.0), np.full((1, 9), 3.0), None])

    assert np.isnan(scores.scaled_quantile).tolist() == [False, True, True]
    assert (scores.mase, scores.n_answered) == (1.0, 2)
    assert scores.wql == pytest.approx(2 / 15)
