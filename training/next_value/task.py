"""What the training loop needs to know: batches, loss and validation.

Two forecasters with the same options are trained side by side: ``final`` on the whole training
part, and ``fold`` without its last values, which say how good the options are and how wide the
intervals must be. Their weights share nothing, so under Adam each trains as if it were alone.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple, cast

import numpy as np
import torch
from torch import Tensor, nn

from models.step_forecaster import StepForecaster
from models.step_networks import SeriesNetwork, WindowNetwork
from training.devices import step_generator
from training.errors import DataError
from training.forecast.series import Values
from training.next_value.build import make_forecaster
from training.next_value.config import NextValueTraining
from training.next_value.evaluation import one_step_ahead
from training.next_value.series import OneSeries


class Batch(NamedTuple):
    """Positions of the windows of each forecaster; all of the series where it is read whole."""

    final: Tensor
    fold: Tensor


class NextValueTask:
    """Teach every member to predict the next value of the same series.

    Raises:
        DataError: the options contradict one another, or leave nothing to learn.
    """

    monitor = "validation_rmse"
    goal: Literal["min", "max"] = "min"
    unit = "series"

    def __init__(self, series: OneSeries, config: NextValueTraining) -> None:
        _check_lengths(series, config)
        self._series = series
        self._config = config
        known = {
            "final": series.training,
            "fold": series.training[: -config.held_out],
        }
        self.forecasters = {
            name: make_forecaster(config, values, series.season_length)
            for name, values in known.items()
        }
        self._read = {
            name: scaled_series(self.forecasters[name], values) for name, values in known.items()
        }
        self.network: nn.Module = nn.ModuleDict(self.forecasters)

    def batch(self, step: int) -> Batch:
        """Every round through the windows has its own order; a series is read whole."""
        return Batch(self._positions("final", step), self._positions("fold", step))

    def size(self, batch: Batch) -> int:  # noqa: ARG002 - the loop's contract
        """Members see the same series."""
        return self._config.n_members

    def loss(self, batch: Batch) -> Tensor:
        """Mean squared error; every member gets the gradient of its own error alone."""
        final = self._losses("final", batch.final)
        fold = self._losses("fold", batch.fold)
        total = final.sum() + fold.sum()
        return total - total.detach() + final.mean().detach()

    def validate(self, network: nn.Module) -> Mapping[str, float]:
        """One-step error of ``fold`` on the training values that it never saw."""
        fold = cast(StepForecaster, cast(nn.ModuleDict, network)["fold"])
        values, cut = self._series.training, -self._config.held_out
        predicted = one_step_ahead(fold, values, len(values) + cut)
        error = values[cut:] - predicted
        return {"validation_rmse": float(np.sqrt((error**2).mean()))}

    def _positions(self, name: str, step: int) -> Tensor:
        n_windows = len(self._read[name]) - self._config.window
        size = min(self._config.batch_size, n_windows)
        rounds, place = divmod(step, -(-n_windows // size))
        order = step_generator(self._config.seed, rounds).permutation(n_windows)
        return torch.from_numpy(order[place * size : (place + 1) * size])

    def _losses(self, name: str, positions: Tensor) -> Tensor:
        scaled = self._read[name]
        members = cast(nn.ModuleDict, self.network)[name].members
        device = next(self.network.parameters()).device
        scaled, positions = scaled.to(device), positions.to(device)
        losses = [
            member_loss(member, scaled, positions, self._config)
            for member in cast(nn.ModuleList, members)
        ]
        return torch.stack(losses)


def _check_lengths(series: OneSeries, config: NextValueTraining) -> None:
    """A past to read and at least one value to predict must be left for the fold."""
    past = config.window if config.reads == "window" else 1 + config.unscored
    past += series.season_length if config.view == "growth" else 0
    if len(series.training) - config.held_out <= past:
        raise DataError(
            f"{len(series.training)} training values less held_out = {config.held_out} leave "
            f"nothing to learn where {past} are read first: lower held_out, window or unscored"
        )


def scaled_series(forecaster: StepForecaster, values: Values) -> Tensor:
    """(T,) what the members read of the whole series."""
    seen = forecaster.look(torch.from_numpy(values).unsqueeze(0), torch.zeros(1, dtype=torch.int64))
    return seen.scaled[seen.inside]


def member_loss(
    member: nn.Module, scaled: Tensor, positions: Tensor, config: NextValueTraining
) -> Tensor:
    """Mean squared error of one member on windows at ``positions``, or on the whole series."""
    if isinstance(member, SeriesNetwork):
        predicted = member.sequence(scaled[:-1].unsqueeze(0)).squeeze(0)
        return nn.functional.mse_loss(predicted[config.unscored :], scaled[1 + config.unscored :])
    window = cast(WindowNetwork, member)
    windows = scaled.unfold(0, window.window + 1, 1)[positions]  # (N, W + 1)
    if config.mirror:
        windows = torch.cat([windows, -windows])
    return nn.functional.mse_loss(window.predict(windows[:, :-1]), windows[:, -1])
