import numpy as np
import pytest
import torch

from models.forecast_window import make_window
from models.forecaster import Forecaster
from training.forecast.batches import Batch
from training.forecast.loss import forecast_loss, in_sample_error

Q = 6


def network() -> Forecaster:
    torch.manual_seed(0)
    return Forecaster("mlp", hidden_size=4, width=6, horizon=Q, context_length=32)


def batch_of(past: torch.Tensor, future: torch.Tensor) -> Batch:
    season = torch.ones(len(past), dtype=torch.int64)
    return Batch(past, future, season, season)


def test_the_loss_does_not_depend_on_the_unit_of_the_series() -> None:
    past = torch.from_numpy(np.random.default_rng(1).normal(size=(3, 20)).cumsum(1) + 9).float()
    future = past[:, -Q:] + 1

    small = forecast_loss(network(), batch_of(past, future))
    large = forecast_loss(network(), batch_of(past * 4096, future * 4096))

    torch.testing.assert_close(small, large)


def test_steps_that_were_not_asked_and_constant_rows_cost_nothing() -> None:
    past = torch.stack([torch.arange(20.0), torch.full((20,), 3.0)])
    future = torch.full((2, Q), float("nan"))
    future[0, 0] = 20.0
    some = forecast_loss(network(), batch_of(past, future))
    future[1] = 1e6
    more = forecast_loss(network(), batch_of(past, future))

    assert some.item() > 0
    torch.testing.assert_close(some, more)


def test_a_truth_nearer_to_the_forecast_costs_less_and_gradients_are_finite() -> None:
    past = torch.from_numpy(np.random.default_rng(2).normal(size=(4, 30))).float() + 20
    net = network()
    median = net(past, torch.ones(4, dtype=torch.int64))[1][:, :, 6].detach()

    near = forecast_loss(net, batch_of(past, median))
    far = forecast_loss(net, batch_of(past, median + 5))
    near.backward()  # type: ignore[no-untyped-call]

    assert near.item() < far.item()
    gradients = [p.grad for p in net.parameters() if p.grad is not None]
    assert gradients
    assert all(bool(torch.isfinite(g).all()) for g in gradients)


def test_the_seasonal_error_falls_back_to_the_naive_one_where_the_past_is_short() -> None:
    values = torch.tensor([[0.0, 4.0, 0.0, 4.0, 0.0, 4.0]]).repeat(2, 1)
    window = make_window(values, 16)

    error = in_sample_error(window, torch.tensor([2, 5]))

    assert float(error[0]) == 0.0
    assert float(error[1]) == pytest.approx(2.0)  # a step of 4 is twice the mean deviation of 2


def test_the_share_of_the_magnitude_weighs_between_the_two_metrics() -> None:
    past, future = torch.arange(20.0).remainder(5)[None] + 1000, torch.full((1, Q), 1010.0)
    net, batch = network(), batch_of(past, future)

    with torch.no_grad():
        scaled, both, relative = (forecast_loss(net, batch, x).item() for x in (0.0, 0.5, 1.0))

    assert scaled > both > relative
