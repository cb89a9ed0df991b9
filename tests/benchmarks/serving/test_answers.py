from pathlib import Path

import numpy as np
import pytest

from benchmarks.serving.answers import TOLERANCE, OtherAnswer, Reference, difference
from models.export_folder import read_manifest

RIGHT = np.array([[1.0, 0.2, 0.8], [0.0, 0.6, 0.4]])


def test_small_deviations_are_the_same_answer_and_are_told() -> None:
    assert difference("digits", RIGHT, RIGHT + np.array([0, 4e-4, -2e-4])) == pytest.approx(4e-4)


def test_forecasts_are_compared_relative_to_their_size() -> None:
    right = np.array([[[2000.0, 0.001]]])
    assert difference("forecaster", right, right + 5e-4) == pytest.approx(5e-4)
    with pytest.raises(OtherAnswer):
        difference("forecaster", right, right + np.array([0, 2e-3]))


def test_reduced_precision_may_deviate_further_but_not_change_a_label() -> None:
    given = RIGHT + np.array([0, 0.02, -0.02])

    assert difference("digits", RIGHT, given, 0.03) == pytest.approx(0.02)
    with pytest.raises(OtherAnswer):
        difference("digits", RIGHT, RIGHT + np.array([1, 0, 0]), 0.03)


def test_only_this_server_may_deviate_as_far_as_its_export_says() -> None:
    reference = Reference(Path("models/repository"))

    assert reference.tolerance("digits", ours=False) == TOLERANCE
    reduced = read_manifest(Path("models/repository/digits/1")).reduced_precision
    assert reduced is not None
    assert TOLERANCE < reference.tolerance("digits", ours=True) == reduced.tolerance
    (apart,) = [each.value for each in reduced.metrics if each.name == "largest difference"]
    assert apart < 0.1
    assert reference.tolerance("forecaster", ours=True) == TOLERANCE


@pytest.mark.parametrize(
    "given",
    [
        RIGHT + np.array([0, 0.002, -0.002]),
        RIGHT + np.array([1, 0, 0]),
        RIGHT[:1],
        np.full_like(RIGHT, np.nan),
    ],
    ids=["another-probability", "another-label", "too-few", "no-numbers"],
)
def test_other_answers_are_refused(given: np.ndarray) -> None:
    with pytest.raises(OtherAnswer):
        difference("digits", RIGHT, given)
