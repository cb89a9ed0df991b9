import torch
from torch import Tensor

from training.digits.augmentation import augment


def squares(count: int) -> Tensor:
    images = torch.zeros(count, 28, 28, dtype=torch.uint8)
    images[:, 9:19, 10:18] = 200
    return images


def generator(seed: int = 3) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_same_seed_deforms_the_same_way_and_another_does_not() -> None:
    once, again = augment(squares(5), generator()), augment(squares(5), generator())

    torch.testing.assert_close(once, again)
    assert (augment(squares(5), generator(4)) - once).abs().max() > 20


def test_every_image_of_a_batch_is_deformed_in_its_own_way() -> None:
    first, second = augment(squares(2), generator())

    assert (first - second).abs().max() > 20


def test_strength_zero_returns_the_images() -> None:
    images = squares(3)

    torch.testing.assert_close(augment(images, generator(), strength=0.0), images.float())


def test_grey_levels_stay_between_0_and_255_and_ink_is_neither_lost_nor_made() -> None:
    deformed = augment(squares(400), generator())

    assert deformed.shape == (400, 28, 28)
    assert deformed.dtype == torch.float32
    assert 0.0 <= float(deformed.min()) <= float(deformed.max()) <= 255.0
    ink = deformed.sum(dim=(1, 2)) / (80 * 200)
    assert 0.95 < float(ink.mean()) < 1.1
    assert 0.4 < float(ink.min()) < float(ink.max()) < 2.0


def test_digits_are_shifted_around_the_place_they_had() -> None:
    deformed = augment(squares(400), generator())
    rows = torch.arange(28.0)

    centres = (deformed.sum(dim=2) @ rows) / deformed.sum(dim=(1, 2))

    assert abs(float(centres.mean()) - 13.5) < 0.2
    assert 0.8 < float(centres.std()) < 1.3  # 0.46 without the shift, by the other changes
