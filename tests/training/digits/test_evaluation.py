import math

import numpy as np
import pytest
import torch

from training.digits.data import LabelledImages
from training.digits.evaluation import (
    best_temperature,
    class_prior,
    confusion,
    probabilities_of,
    reliability,
    score,
)


def test_scores_are_those_computed_by_hand() -> None:
    probabilities = np.array([[0.8, 0.2, 0.0], [0.1, 0.6, 0.3], [0.5, 0.25, 0.25]])
    labels = np.array([0, 2, 0])

    scores = score(probabilities, labels)

    assert scores.accuracy == pytest.approx(2 / 3)
    expected = -(math.log(0.8) + math.log(0.3) + math.log(0.5)) / 3
    assert scores.negative_log_likelihood == pytest.approx(expected)
    # Three bins of one image each: |0.8 - 1|, |0.6 - 0|, |0.5 - 1|.
    assert scores.calibration_error == pytest.approx((0.2 + 0.6 + 0.5) / 3)


def test_the_class_prior_gives_the_shares_of_training_labels() -> None:
    training = LabelledImages(np.zeros((4, 28, 28), np.uint8), np.array([1, 1, 1, 0]))

    prior = class_prior(training, n_classes=3, n_images=2)

    np.testing.assert_allclose(prior, [[0.25, 0.75, 0.0]] * 2)


def test_a_sure_answer_falls_into_the_last_bin() -> None:
    counts, confidence, accuracy = reliability(np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([1, 1]))

    assert counts.tolist() == [0] * 14 + [2]
    assert (confidence[-1], accuracy[-1]) == (1.0, 0.5)


@pytest.mark.parametrize("factor", [0.5, 1.7, 3.0])
def test_the_temperature_undoes_logits_that_are_too_sure_or_too_unsure(factor: float) -> None:
    random = torch.Generator().manual_seed(0)
    logits = torch.randn(20_000, 4, generator=random) * 2
    labels = torch.multinomial(torch.softmax(logits, dim=1), 1, generator=random).squeeze(1)

    found = best_temperature(logits.unsqueeze(0) * factor, labels)

    assert found == pytest.approx(factor, rel=0.05)


def test_the_temperature_is_that_of_the_mean_over_views() -> None:
    """Two of three views are right, so the surest answers of each say two thirds together."""
    right, wrong = torch.tensor([[4.0, 0.0]] * 9), torch.tensor([[0.0, 4.0]] * 9)
    labels = torch.zeros(9, dtype=torch.int64)
    views = torch.stack([right, wrong, right])

    temperature = best_temperature(views, labels)

    def likelihood(at: float) -> float:
        return score(probabilities_of(views, at), labels.numpy()).negative_log_likelihood

    assert temperature == pytest.approx(0.2, abs=0.01)  # the lowest that is tried
    assert likelihood(temperature) == pytest.approx(math.log(1.5), abs=1e-3)
    assert likelihood(temperature) < min(likelihood(1.0), likelihood(2.0))


def test_probabilities_are_averaged_over_views() -> None:
    logits = torch.tensor([[[0.0, math.log(3.0)]], [[math.log(3.0), 0.0]], [[0.0, 0.0]]])

    np.testing.assert_allclose(probabilities_of(logits), [[0.5, 0.5]])
    np.testing.assert_allclose(probabilities_of(logits[:1]), [[0.25, 0.75]])
    np.testing.assert_allclose(probabilities_of(logits[:2], 0.5), [[0.5, 0.5]])


def test_confusion_counts_truth_in_rows_and_answers_in_columns() -> None:
    table = confusion(np.array([0, 2, 2, 1]), np.array([0, 2, 1, 1]), n_classes=3)

    assert table.tolist() == [[1, 0, 0], [0, 1, 1], [0, 0, 1]]
