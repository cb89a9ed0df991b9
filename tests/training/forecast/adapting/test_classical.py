import os
import signal
from typing import Any

import numpy as np
import pytest

from training.errors import Interrupted
from training.forecast.adapting import classical
from training.forecast.metrics import Case


def cases(n: int = 20, past: int = 24, season_length: int = 4) -> list[Case]:
    step = np.arange(past, dtype=np.float64)
    return [Case(f"c{i}", step + i, np.zeros(3), season_length) for i in range(n)]


class Last:
    """Stands in for a model: the last value, and intervals as wide as their level."""

    def __init__(self, season_length: int) -> None:
        self.season_length = season_length

    def forecast(self, y: Any, h: int, level: list[int]) -> dict[str, Any]:
        point = np.full(h, y[-1])
        low = {f"lo-{width}": point - width for width in level}
        return {"mean": point} | low | {f"hi-{width}": point + width for width in level}


class Failing(Last):
    def forecast(self, y: Any, h: int, level: list[int]) -> dict[str, Any]:
        raise ZeroDivisionError


def test_intervals_become_quantiles_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classical, "model_of", lambda _, season: Last(season))
    found = classical.answer("AutoETS", cases(1)[0])
    assert found is not None
    assert found.shape == (3, 9)
    assert found[0].tolist() == [23 - 80, 23 - 60, 23 - 40, 23 - 20, 23, 43, 63, 83, 103]


def test_a_method_that_fails_on_a_series_gives_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classical, "model_of", lambda _, season: Failing(season))
    found = classical.forecast_classical("AutoETS", cases(3), range(3), limit_s=9.0)
    assert found.quantiles == [None, None, None]


def test_a_season_longer_than_half_the_past_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []

    def model_of(_: str, season: int) -> Last:
        told.append(season)
        return Last(season)

    monkeypatch.setattr(classical, "model_of", model_of)
    for past, season in ((24, 12), (23, 12), (24, 0)):
        classical.answer("AutoETS", cases(1, past, season)[0])
    assert told == [12, 1, 1]


def test_when_time_is_up_a_few_windows_are_answered_in_the_order_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(classical, "model_of", lambda _, season: Last(season))
    monkeypatch.setattr(classical, "PATIENCE", float("inf"))
    order = list(reversed(range(20)))
    found = classical.forecast_classical("AutoETS", cases(), order, limit_s=0.0)
    answered = [place for place, row in enumerate(found.quantiles) if row is not None]
    assert answered == list(range(20 - classical.ENOUGH, 20))


def test_a_signal_stops_it_between_two_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(_: str, case: Case) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(classical, "model_of", lambda _, season: Last(season))
    monkeypatch.setattr(classical, "answer", answer)
    with pytest.raises(Interrupted, match="AutoTheta; --resume goes on"):
        classical.forecast_classical("AutoTheta", cases(3), range(3), limit_s=9.0)


@pytest.mark.parametrize(
    ("past", "season", "there"), [(300, 12, True), (301, 12, False), (99, 24, False)]
)
def test_autoarima_is_tried_only_where_it_takes_seconds(
    past: int, season: int, there: bool
) -> None:
    assert ("AutoARIMA" in classical.methods_for(cases(2, past, season))) == there


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(classical.METHODS))
def test_statsforecast_answers_under_every_name(name: str) -> None:
    rng = np.random.default_rng(0)
    past = 50 + np.arange(48) + 9 * np.sin(np.arange(48) * np.pi / 2) + rng.normal(size=48)
    found = classical.answer(name, Case("a", past, np.zeros(4), 4))
    assert found is not None
    assert (np.diff(found, axis=1) >= 0).all()
    assert 60 < found[:, 4].mean() < 140
