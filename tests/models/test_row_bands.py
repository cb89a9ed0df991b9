import pytest
import torch

from models.row_bands import FilteredBands, RawBands

# Batch, rows, pixels in a row, filters: pairwise different.
B, R, W, F = 3, 13, 10, 2


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


def bands_of(width: int = W) -> FilteredBands:
    torch.manual_seed(0)
    bands = FilteredBands(width, n_filters=F)
    for name, buffer in bands.named_buffers():  # as after a training: no two filters alike
        if buffer.is_floating_point():
            buffer.uniform_(0.5, 2.0) if name.endswith("var") else buffer.normal_()
    return bands.eval().requires_grad_(False)


def test_filters_respond_alike_wherever_a_stroke_stands() -> None:
    bands = bands_of(64)
    image = torch.zeros(1, 80, 64)
    image[0, 34:40, 22:25] = torch.rand(6, 3)
    moved = image.roll((8, 12), dims=(1, 2))  # two steps and three places

    features, after = (bands(each).view(20, 3 * F, 16) for each in (image, moved))

    assert float(features[8:11].std()) > 0.01
    torch.testing.assert_close(after[7:14, :, 6:12], features[5:12, :, 3:9])


def test_a_step_sees_its_rows_and_no_further_than_the_reach() -> None:
    bands = bands_of()
    images = torch.rand(1, 60, W)
    step, reach = 7, bands.reach
    middle = step * bands.row_step

    def change(row: int) -> float:
        changed = images.clone()
        changed[0, row] += 5.0
        return float((bands(changed) - bands(images))[0, step].abs().max())

    assert min(change(middle - reach), change(middle), change(middle + reach)) > 0.0
    assert change(middle - reach - 1) == change(middle + reach + 1) == 0.0


def test_negative_responses_are_cut_off() -> None:
    assert float(bands_of()(torch.randn(B, R, W)).min()) == 0.0


@pytest.mark.parametrize("rows", [1, 2, 4, 5, R])
def test_rows_beyond_the_count_do_as_if_they_were_not_there(rows: int) -> None:
    bands, images = bands_of(), torch.rand(B, R, W)
    images[:, rows:] = 0.0

    counted = bands(images, torch.full((B,), rows))
    cut = bands(images[:, :rows])

    torch.testing.assert_close(counted[:, : cut.size(1)], cut)
    assert not counted[:, cut.size(1) :].any()


@pytest.mark.parametrize("width", [1, 4, 7, W])
def test_the_number_of_features_is_known_beforehand(width: int) -> None:
    for bands in (FilteredBands(width, n_filters=F), RawBands(width, reach=2, row_step=2)):
        assert bands(torch.zeros(B, R, width)).size(2) == bands.n_features
