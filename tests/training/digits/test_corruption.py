import pytest
import torch

from training.digits import corruption
from training.digits.corruption import (
    STRETCHING_WAYS,
    Way,
    blurred,
    coarse,
    corrupt,
    noisy,
    stretched,
    thick,
    thin,
)


def generator(seed: int = 3) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def bars() -> torch.Tensor:
    images = torch.zeros(40, 28, 28)
    images[:, 6:22, 12:16] = 255.0
    return images


def test_about_the_share_is_spoilt_and_the_rest_stays_as_it_was() -> None:
    images = bars().repeat(25, 1, 1)

    result = corrupt(images, generator(), share=0.3)

    changed = (result != images).flatten(1).any(dim=1).double().mean()
    assert 0.25 < changed < 0.35
    assert torch.equal(corrupt(images, generator(), share=0.0), images)
    assert images.equal(bars().repeat(25, 1, 1))


def test_levels_stay_between_black_and_white() -> None:
    result = corrupt(bars(), generator(), share=1.0)

    assert result.min() == 0.0
    assert result.max() <= 255.0


@pytest.mark.parametrize("way", STRETCHING_WAYS)
def test_each_image_is_spoilt_by_an_amount_of_its_own(way: object) -> None:
    result = way(bars(), generator())  # type: ignore[operator]

    assert result.shape == (40, 28, 28)
    if way is not coarse:  # one size a batch
        assert not torch.equal(result[0], result[1])


def test_a_blur_keeps_the_ink_and_spreads_it() -> None:
    result = blurred(bars(), generator())

    torch.testing.assert_close(result.sum(dim=(1, 2)), bars().sum(dim=(1, 2)), rtol=1e-3, atol=0.0)
    assert (result[:, 14, 10] > 0).all()


def test_coarse_images_lose_detail_only() -> None:
    fine = torch.zeros(2, 28, 28)
    fine[:, ::2] = 200.0

    result = coarse(fine, generator())

    assert result.std() < 0.5 * fine.std()
    assert result.mean() == pytest.approx(100.0, abs=8.0)


def test_noise_spreads_to_either_side() -> None:
    result = noisy(torch.full((400, 9, 9), 128.0), generator())

    assert result.mean() == pytest.approx(128.0, abs=2.0)
    assert 0.0 < result.std(dim=(1, 2)).min() < 20.0
    assert 60.0 < result.std(dim=(1, 2)).max() < 1.4 * corruption.NOISE_LEVELS


def test_strokes_become_thicker_and_thinner() -> None:
    ink = bars()[0].sum()

    thicker = thick(bars(), generator()).sum(dim=(1, 2)) / ink
    thinner = thin(bars(), generator()).sum(dim=(1, 2)) / ink

    assert (thicker > 1.0).all()
    assert thicker.max() == pytest.approx(18 * 6 / 64, rel=0.1)
    assert (thinner < 1.0).all()
    assert thinner.min() == pytest.approx(15 * 3 / 64, rel=0.1)


def test_most_images_are_stretched_to_something_wider() -> None:
    square = torch.zeros(200, 28, 28)
    square[:, 9:19, 9:19] = 255.0

    result = stretched(square, generator())

    widths = (result.amax(dim=1) > 127).sum(dim=1).double()
    heights = (result.amax(dim=2) > 127).sum(dim=1).double()
    assert 8 <= widths.min() < 9
    assert 18 <= widths.max() <= 21
    assert (widths > 10).double().mean() > 0.6
    assert 8 <= heights.min() < 10 < heights.max() <= 13


def test_only_the_given_ways_are_gone() -> None:
    images = bars()

    def widest(way: Way) -> int:
        result = corrupt(images, generator(), share=1.0, ways=[way])
        return int((result.amax(dim=1) > 200).sum(dim=1).max())

    assert widest(thin) <= 4
    assert widest(stretched) >= 6
