from typing import Any

import numpy as np
import pytest
from torch import nn

from models.step_networks import SeriesNetwork, WindowNetwork
from models.step_views import GrowthView, LevelView
from training.errors import DataError
from training.forecast.series import Values
from training.next_value.build import make_forecaster, make_view
from training.next_value.config import NextValueTraining

TRAINING: Values = np.array([100.0 * 1.01**step for step in range(30)])


def built(**options: Any) -> nn.Module:
    return make_forecaster(NextValueTraining(**options), TRAINING, 12).members[0]


def test_the_notes_networks_have_their_sizes() -> None:
    mlp = built(window=3, layers="20-10-5")
    sizes = [layer.out_features for layer in mlp.modules() if isinstance(layer, nn.Linear)]
    assert isinstance(mlp, WindowNetwork)
    assert sizes == [20, 10, 5, 1]
    lstm = built(body="lstm", reads="series", hidden_size=5, n_layers=2, relu_head=True)
    assert isinstance(lstm, SeriesNetwork)
    assert lstm.relu
    assert [getattr(lstm.cell, name) for name in ("hidden_size", "num_layers")] == [5, 2]


def test_members_start_from_different_weights() -> None:
    forecaster = make_forecaster(NextValueTraining(n_members=2), TRAINING, 12)
    one, two = (next(member.parameters()) for member in forecaster.members)
    assert not one.equal(two)


def test_views_are_scaled_to_the_training_values() -> None:
    level = make_view(NextValueTraining(), TRAINING, 12)
    assert isinstance(level, LevelView)
    assert (level.loc, level.scale) == (TRAINING.mean(), TRAINING.std())
    swing = make_view(NextValueTraining(mirror=True), np.array([3.0, -1.0]), 1)
    assert isinstance(swing, LevelView)
    assert swing.loc == 0.0
    assert swing.scale == pytest.approx(5**0.5)
    growth = make_view(NextValueTraining(view="growth"), TRAINING, 12)
    assert isinstance(growth, GrowthView)
    assert growth.loc == pytest.approx(12 * np.log(1.01))


@pytest.mark.parametrize("layers", ["", "20-", "a-b", "20--5", "0"])
def test_layers_that_are_no_sizes_are_refused(layers: str) -> None:
    with pytest.raises(DataError, match="whole numbers joined by '-'"):
        built(layers=layers)


def test_contradicting_options_are_refused() -> None:
    with pytest.raises(DataError, match="an mlp has no state"):
        built(body="mlp", reads="series")
    with pytest.raises(DataError, match="multiple of block"):
        built(window=5, block=2)
