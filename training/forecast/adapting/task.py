"""What the training loop needs to know of adapting a forecaster."""

from collections.abc import Mapping, Sequence
from typing import Literal, cast

from torch import Tensor, nn

from models.forecaster import Forecaster
from training.forecast.adapting.batches import OwnBatches
from training.forecast.adapting.scores import measure_all
from training.forecast.batches import Batch
from training.forecast.evaluation import WQL_COLUMNS, forecast
from training.forecast.loss import forecast_loss
from training.forecast.metrics import Case


class AdaptingTask:
    """Windows of the user's series; the windows before the measured ones choose the step."""

    monitor = "error"
    goal: Literal["min", "max"] = "min"
    unit = "windows"

    def __init__(
        self,
        network: nn.Module,
        batches: OwnBatches,
        inner: Sequence[Case],
        magnitude_share: float,
    ) -> None:
        self.network = network
        self._batches = batches
        self._inner = list(inner)
        self._magnitude_share = magnitude_share

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
        """Mean scaled quantile error on the windows that choose the step."""
        answers = [answer[:, WQL_COLUMNS] for answer in forecast(network, self._inner)]
        return {"error": measure_all(self._inner, answers).quantile_error}
