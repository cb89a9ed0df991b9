import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from training.transduce.signals import NOISE, sines

N, T = 40, 900


def test_targets_are_the_inputs_a_quarter_period_ahead() -> None:
    signals = sines(N, T, 0, np.random.default_rng(3))
    assert signals.periods is not None
    steady = [row for row in range(N) if signals.periods[row] < 100]

    for row in steady:
        # A sine and its cosine together lie on a circle, whatever the phase.
        radius = np.hypot(signals.inputs[row], signals.targets[row])
        smooth = sliding_window_view(radius, 50).mean(axis=1)
        jump_or_waver = np.exp(1.0 + 2 * 0.2)
        assert smooth.max() / smooth.min() < jump_or_waver * (1 + NOISE)


def test_the_cosine_leads_the_sine() -> None:
    signals = sines(N, T, 0, np.random.default_rng(4))
    rising = np.diff(signals.inputs, axis=1) * signals.targets[:, 1:]

    assert (rising.mean(axis=1) > 0).all()


def test_errors_are_in_units_of_each_signal() -> None:
    signals = sines(N, T, 0, np.random.default_rng(5))

    np.testing.assert_allclose(
        np.sqrt((signals.targets**2).mean(axis=1)) / signals.scale, 1.0, atol=0.15
    )
    assert signals.scale.max() / signals.scale.min() > 5


def test_the_start_does_not_count_where_it_is_said_so() -> None:
    signals = sines(3, T, 70, np.random.default_rng(6))

    assert not signals.scored[:, :70].any()
    assert signals.scored[:, 70:].all()


def test_a_window_is_part_of_every_signal() -> None:
    signals = sines(3, 30, 0, np.random.default_rng(7))
    window = signals.window(10, 25)

    np.testing.assert_array_equal(window.targets, signals.targets[:, 10:25])
    assert window.scored.shape == (3, 15)
