"""From options to the graph: members with seeds of their own behind one view of the series."""

import numpy as np
from torch import nn

from models.step_forecaster import StepForecaster
from models.step_networks import Dense, Reader, SeriesNetwork, WindowNetwork, initialise
from models.step_views import GrowthView, LevelView
from training.devices import seed_everything
from training.errors import DataError
from training.forecast.series import Values
from training.next_value.config import NextValueTraining


def make_forecaster(
    config: NextValueTraining, training: Values, season_length: int
) -> StepForecaster:
    """An untrained forecaster, scaled to what it may see of the series.

    Raises:
        DataError: the options contradict one another.
    """
    members = [make_member(config, number) for number in range(config.n_members)]
    view = make_view(config, training, season_length)
    return StepForecaster(
        members, view, horizon=config.horizon, context_length=config.context_length
    )


def make_view(
    config: NextValueTraining, training: Values, season_length: int
) -> LevelView | GrowthView:
    """Scale by mean and standard deviation of the training values, or of their growth."""
    if config.view == "level" and config.mirror:
        return LevelView(0.0, float(np.sqrt((training**2).mean())))
    if config.view == "level":
        return LevelView(float(training.mean()), float(training.std()))
    logs = np.log(training)
    growth = logs[season_length:] - logs[:-season_length]
    return GrowthView(float(growth.mean()), float(growth.std()), season_length=season_length)


def make_member(config: NextValueTraining, number: int) -> WindowNetwork | SeriesNetwork:
    """A network with the weights that (seed, number) give it."""
    seed_everything(config.seed, number)
    member: WindowNetwork | SeriesNetwork
    if config.reads == "series":
        member = _series_network(config)
    else:
        try:
            member = WindowNetwork(_window_body(config), config.window, block=config.block)
        except ValueError as error:
            raise DataError(str(error)) from error
    initialise(member, config.initialisation)
    return member


def _series_network(config: NextValueTraining) -> SeriesNetwork:
    if config.body == "mlp":
        raise DataError("an mlp has no state to carry: set reads = window, or body = rnn")
    return SeriesNetwork(
        config.body, config.hidden_size, n_layers=config.n_layers, relu=config.relu_head
    )


def _window_body(config: NextValueTraining) -> nn.Module:
    if config.body == "mlp":
        return Dense(config.window // config.block, _sizes(config.layers))
    return Reader(config.body, config.hidden_size, config.n_layers)


def _sizes(layers: str) -> list[int]:
    sizes = [int(size) for size in layers.split("-") if size.isdecimal()]
    if not sizes or min(sizes) < 1 or layers.count("-") != len(sizes) - 1:
        raise DataError(f"layers must be whole numbers joined by '-', as 20-10-5, got {layers!r}")
    return sizes
