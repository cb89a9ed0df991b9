import numpy as np
import pytest
import torch

from models.forecast_window import PATCH, fill_gaps, fit_length, make_window, to_values

NAN = float("nan")


def test_gaps_are_interpolated_the_end_held_and_the_start_left_at_zero() -> None:
    values = torch.tensor([[NAN, 2.0, NAN, NAN, 8.0, NAN], [1.0, NAN, 3.0, 4.0, 5.0, 6.0]])
    observed = ~values.isnan()

    filled = fill_gaps(values.nan_to_num(), observed)

    expected = [[0.0, 2.0, 4.0, 6.0, 8.0, 8.0], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]
    torch.testing.assert_close(filled, torch.tensor(expected))


@pytest.mark.parametrize(("n", "kept"), [(3, PATCH), (16, 16), (17, 32), (90, 48)])
def test_the_length_is_cut_to_the_context_and_padded_to_patches(n: int, kept: int) -> None:
    values = torch.arange(1.0, n + 1).expand(2, n)

    fitted = fit_length(values, 48)

    assert fitted.shape == (2, kept)
    assert fitted[0, -1] == n
    assert int(fitted[0].isfinite().sum()) == min(n, 48)


def test_scaling_is_undone_by_to_values() -> None:
    row = np.array([[NAN, 3.0, 5.0, NAN, -20.0]], dtype=np.float32)
    window = make_window(torch.from_numpy(row), 32)

    back = to_values(window.scaled.unsqueeze(2), window)[0, -5:, 0]

    torch.testing.assert_close(back[1:].float(), torch.tensor([3.0, 5.0, -7.5, -20.0]))
    assert window.length.tolist() == [4]
    assert float(window.scaled[:, -4:].abs().mean()) == pytest.approx(1.0)


@pytest.mark.parametrize("scale", [1e-30, 1e-3, 1e30])
def test_the_scaled_series_is_the_same_at_any_scale(scale: float) -> None:
    row = torch.tensor([[1.0, 2.0, 4.0, 3.0]])

    one, other = make_window(row, 16), make_window(row * scale, 16)

    torch.testing.assert_close(one.scaled, other.scaled, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(one.logs, other.logs, rtol=1e-5, atol=1e-6)


def test_signs_are_known() -> None:
    rows = torch.tensor([[1.0, 2.0], [0.0, 2.0], [-1.0, 2.0], [3.0, 3.0]])

    window = make_window(rows, 16)

    assert window.positive.tolist() == [True, False, False, True]
    assert window.nonnegative.tolist() == [True, True, False, True]
    assert (window.scale > 0).tolist() == [True, True, True, False]
