import numpy as np
import pytest

from training.transduce.baselines import TAPS, Baselines
from training.transduce.signals import Signals
from training.transduce.task import relative_error

N, T = 5, 300


def filtered(weights: dict[int, float], constant: float = 0.0) -> Signals:
    """Noise, and the sum of its delayed samples."""
    inputs = np.random.default_rng(2).normal(size=(N, T)).astype(np.float32)
    targets = np.full_like(inputs, constant)
    for delay, weight in weights.items():
        targets[:, delay:] += np.float32(weight) * inputs[:, : T - delay]
    scored = np.ones((N, T), dtype=np.bool_)
    return Signals(inputs, targets, scored, np.linspace(1, 2, N).astype(np.float32))


def test_a_delay_is_found() -> None:
    signals = filtered({7: -2.0})
    baselines = Baselines.fit(signals)

    assert relative_error(baselines.delay(signals), signals) == pytest.approx(0.0, abs=1e-4)
    assert baselines.delay.weights[7] == pytest.approx(-2.0, abs=1e-4)


def test_the_linear_filter_finds_several() -> None:
    signals = filtered({0: 1.0, 3: 0.5, TAPS - 1: -0.25})
    baselines = Baselines.fit(signals)

    assert relative_error(baselines.linear(signals), signals) < 1e-4
    assert relative_error(baselines.delay(signals), signals) > 0.3


def test_what_lies_further_back_is_not_found() -> None:
    signals = filtered({TAPS: 1.0})

    assert relative_error(Baselines.fit(signals).linear(signals), signals) > 0.5


def test_every_baseline_answers_every_sample() -> None:
    signals = filtered({1: 1.0})
    outputs = Baselines.fit(signals).outputs(signals)

    assert {answer.shape for answer in outputs.values()} == {(N, T)}
    assert len(outputs) == 3
