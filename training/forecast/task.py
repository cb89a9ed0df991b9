"""What the training loop needs to know of forecasting: batches, loss and validation."""

from collections.abc import Mapping
from typing import Literal, cast

from torch import Tensor, nn

from models.forecaster import Forecaster
from training.devices import seed_everything
from training.forecast.batches import Batch, BatchMaker
from training.forecast.config import ForecastTraining
from training.forecast.evaluation import baseline_scores, compare, summary
from training.forecast.loss import forecast_loss
from training.forecast.sources import ForecastData


def make_network(config: ForecastTraining) -> Forecaster:
    """A network with random weights, of the sizes that the options say."""
    return Forecaster(
        config.cell,
        hidden_size=config.hidden_size,
        width=config.width,
        horizon=config.horizon,
        context_length=config.context_length,
        dropout=config.dropout,
    )


class ForecastTask:
    """Batches of windows; judged on series never trained on, or on last steps held out."""

    monitor = "relative"
    goal: Literal["min", "max"] = "min"
    unit = "windows"

    def __init__(self, data: ForecastData, config: ForecastTraining) -> None:
        self._batches = BatchMaker(data.bank, config)
        self._magnitude_share = config.magnitude_share
        self._judged = data.zero_shot or data.own
        self._baselines = baseline_scores(self._judged)
        seed_everything(config.seed)
        self.network: nn.Module = make_network(config)

    def batch(self, step: int) -> Batch:
        """Windows of this step."""
        return self._batches.batch(step)

    def size(self, batch: Batch) -> int:
        """Number of windows."""
        return len(batch.values)

    def loss(self, batch: Batch) -> Tensor:
        """Scaled pinball loss."""
        return forecast_loss(cast(Forecaster, self.network), batch, self._magnitude_share)

    def validate(self, network: nn.Module) -> Mapping[str, float]:
        """Geometric means over data sets relative to the seasonal naive; 1 is as good as it."""
        return summary(compare(network, self._judged, self._baselines))
