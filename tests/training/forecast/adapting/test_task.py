import numpy as np
import pytest
import torch

from models.forecaster import Forecaster
from training.forecast.adapting.batches import OwnBatches
from training.forecast.adapting.task import AdaptingTask
from training.forecast.config import ForecastTraining
from training.forecast.loss import forecast_loss
from training.forecast.series import Series


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_the_loss_of_an_adaptation_weighs_the_magnitude_as_the_options_say(share: float) -> None:
    torch.manual_seed(0)
    network = Forecaster(hidden_size=4, width=6, horizon=8, context_length=64).eval()
    series = [Series("a", 1000 + 10 * np.sin(np.arange(90.0)), 7)]
    settings = ForecastTraining(batch_size=4, context_length=64, horizon=8, magnitude_share=share)
    task = AdaptingTask(network, OwnBatches(series, settings, ahead=5), [], share)
    batch = task.batch(0)

    with torch.no_grad():
        both = task.loss(batch), forecast_loss(network, batch, share)
        other = forecast_loss(network, batch, 1 - share)

    torch.testing.assert_close(*both)
    assert not torch.allclose(both[0], other, rtol=0.01)
