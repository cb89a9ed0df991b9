"""The pinball loss of a row in the units in which forecasts are judged."""

import torch
from torch import Tensor

from models.forecast_window import Window
from models.forecaster import QUANTILE_LEVELS, Forecaster
from training.forecast.batches import Batch

SMALLEST_ERROR = 0.05  # of the scale of a row: floor of its seasonal error
MAGNITUDE_SHARE = 0.5  # of the weight of a row
MAGNITUDE_WEIGHT = 8.0  # makes a loss relative to the magnitude as large as one relative to MASE
STEEP = 4.0  # rows with a larger loss count by its logarithm only
LARGEST_PINBALL = 60.0


def forecast_loss(
    network: Forecaster, batch: Batch, magnitude_share: float = MAGNITUDE_SHARE
) -> Tensor:
    """Mean over rows of the pinball loss relative to the seasonal error and to the magnitude."""
    device = network.shares.device
    values, future = batch.values.to(device), batch.future.to(device)
    # Candidates and their errors need float32, whatever the network is trained in.
    with torch.no_grad(), torch.autocast(device.type, enabled=False):
        past = network.observe(values, batch.told.to(device))
        window = past.window
        unit = window.scale.where(window.scale > 0, torch.ones_like(window.scale))
        truth = (future / window.unit[:, None] - window.loc[:, None]) / unit[:, None]
        asked = torch.isfinite(truth) & (window.scale > 0)[:, None]
        truth = torch.where(asked, truth, torch.zeros_like(truth)).float()
        season_length = batch.season_length.to(device)
        weight = row_weight(window, truth, asked, season_length, magnitude_share)
    quantiles = network.scaled_quantiles(past)
    levels = torch.tensor(QUANTILE_LEVELS, device=device)
    error = truth.unsqueeze(2) - quantiles
    pinball = 2 * torch.maximum(levels * error, (levels - 1) * error).mean(2)
    pinball = pinball.clamp(max=LARGEST_PINBALL) * asked
    loss = pinball.sum(1) / asked.sum(1).clamp(min=1) * weight
    steep = STEEP * (1 + torch.log(loss.clamp(min=STEEP) / STEEP))
    return torch.where(loss > STEEP, steep, loss).mean()


def row_weight(
    window: Window,
    truth: Tensor,
    asked: Tensor,
    season_length: Tensor,
    magnitude_share: float = MAGNITUDE_SHARE,
) -> Tensor:
    """One over the seasonal error and one over the magnitude of the truth, usually half of each.

    Shape:
        truth, asked: (B, Q); season_length: (B,); returns (B,) float32.
    """
    error = in_sample_error(window, season_length).clamp(min=SMALLEST_ERROR)
    unit = window.scale.where(window.scale > 0, torch.ones_like(window.scale))
    level = (window.loc / unit).float().unsqueeze(1)
    magnitude = ((truth + level).abs() * asked).sum(1) / asked.sum(1).clamp(min=1)
    relative = MAGNITUDE_WEIGHT / (magnitude + 0.5)
    return (1 - magnitude_share) / error + magnitude_share * relative


def in_sample_error(window: Window, season_length: Tensor) -> Tensor:
    """(B,) mean absolute error of the seasonal naive on the scaled past; plain naive if short."""
    step = torch.arange(window.scaled.shape[1], device=season_length.device)
    errors: list[Tensor] = []
    counts: list[Tensor] = []
    for lag in (season_length, torch.ones_like(season_length)):
        before = step.unsqueeze(0) - lag.unsqueeze(1)
        known = before >= (step.shape[0] - window.length).unsqueeze(1)
        change = window.scaled - window.scaled.gather(1, before.clamp(min=0))
        counts.append(known.sum(1))
        errors.append((change.abs() * known).sum(1) / counts[-1].clamp(min=1))
    return torch.where(counts[0] > 2, errors[0], errors[1])
