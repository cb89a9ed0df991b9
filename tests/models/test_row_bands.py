import pytest
import torch

from models.row_bands import FilteredBands, RawBands

# Batch, rows, pixels in a row, filters: pairwise different.
B, R, W, F = 3, 7, 5, 2


@pytest.mark.parametrize("reach", [0, 1, 3])
@pytest.mark.parametrize("row_step", [1, 2])
def test_raw_bands_hold_each_row_with_its_neighbours_and_blank_rows_outside(
    reach: int, row_step: int
) -> None:
    images = torch.arange(1.0, B * R * W + 1).view(B, R, W)

    bands = RawBands(W, reach=reach, row_step=row_step)(images)

    middles = range(0, R, row_step)
    assert bands.shape == (B, len(middles), (2 * reach + 1) * W)
    for step, middle in enumerate(middles):
        for i, row in enumerate(range(middle - reach, middle + reach + 1)):
            expected = images[:, row] if 0 <= row < R else torch.zeros(B, W)
            torch.testing.assert_close(bands[:, step, i * W : (i + 1) * W], expected)


@pytest.mark.parametrize("row_step", [1, 2, 3])
def test_a_filter_responds_alike_to_a_dot_wherever_it_stands(row_step: int) -> None:
    bands = FilteredBands(W, reach=1, row_step=row_step, n_filters=F)
    with torch.no_grad():
        bands.filters.weight.copy_(torch.arange(1.0, F * 15 + 1).view(F, 1, 3, 5))
        bands.filters.bias.zero_()  # type: ignore[union-attr]
    image = torch.zeros(1, R, W)
    image[0, row_step, 2] = 1.0  # the middle of the second step and of the second place

    features = bands(image).view(-1, F, 3)

    assert features.shape == (len(range(0, R, row_step)), F, 3)
    # The middle of the filters' second row is at 7; places are two pixels apart.
    assert features[1].tolist() == [[10.0, 8.0, 6.0], [25.0, 23.0, 21.0]]


def test_negative_responses_are_cut_off() -> None:
    bands = FilteredBands(W, reach=1, row_step=1, n_filters=F)

    assert float(bands(torch.randn(B, R, W)).detach().min()) == 0.0


@pytest.mark.parametrize("n_filters", [0, F])
def test_the_number_of_features_is_known_beforehand(n_filters: int) -> None:
    bands = (
        FilteredBands(W, reach=2, row_step=2, n_filters=n_filters)
        if n_filters
        else RawBands(W, reach=2, row_step=2)
    )

    assert bands(torch.zeros(B, R, W)).size(2) == bands.n_features
