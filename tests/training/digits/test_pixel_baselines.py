import numpy as np

from training.digits.data import LabelledImages
from training.digits.pixel_baselines import logistic_regression, nearest_neighbour


def bars(places: list[int], seed: int) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    """A bright row each, in some noise."""
    images = np.random.default_rng(seed).integers(0, 60, (len(places), 28, 28)).astype(np.uint8)
    for image, place in zip(images, places, strict=True):
        image[place] = 250
    return images


LABELS = np.array([0, 1, 2] * 4)
TRAINING = LabelledImages(bars([3, 13, 23] * 4, seed=1), LABELS)


def test_the_nearest_image_lends_its_label() -> None:
    assert nearest_neighbour(TRAINING, bars([23, 3, 13, 13], seed=2)).tolist() == [2, 0, 1, 1]


def test_a_linear_model_of_the_pixels_tells_bars_apart() -> None:
    probabilities = logistic_regression(TRAINING, bars([13, 23, 3], seed=3), 3)

    assert probabilities.argmax(axis=1).tolist() == [1, 2, 0]
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)
