from pathlib import Path

import numpy as np
import pytest
import torch

from training.forecast.adapting.parent import Start, settle, with_seasons
from training.forecast.config import ForecastTraining
from training.forecast.series import Series
from training.options import configure


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Start:
    folder = tmp_path_factory.mktemp("parent")
    flags = {"from_": "forecaster", "repository": folder, "smoke": True}
    return settle(configure(ForecastTraining, flags), Path("Shop sales.csv"))


def test_sizes_come_from_the_export_whatever_the_defaults_are(start: Start) -> None:
    made_of = {name: start.parent.options[name] for name in ("hidden_size", "width", "horizon")}
    assert {name: getattr(start.config, name) for name in made_of} == made_of
    assert start.config.name == "forecaster-shop-sales"


def test_every_copy_of_the_network_has_the_weights_of_the_export(start: Start) -> None:
    torch.manual_seed(0)
    one = start.network()
    with torch.no_grad():
        next(one.parameters()).add_(1.0)
    for name, weight in start.parent.weights().items():
        torch.testing.assert_close(start.network().state_dict()[name], weight)


def test_seasons_that_nobody_told_are_found_in_the_first_halves(start: Start) -> None:
    step = np.arange(96.0)
    weekly = np.where(step < 48, np.sin(2 * np.pi * step / 7), 0.0)
    same_name = [
        Series("a", weekly + 3, 0),
        Series("a", np.sin(2 * np.pi * step / 12) + 3, 0),
        Series("b", step, 24),
    ]
    found = with_seasons(start.trained, same_name)
    assert [series.season_length for series in found] == [7, 12, 24]
    np.testing.assert_array_equal(found[0].values, weekly + 3)
