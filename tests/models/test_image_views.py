import pytest
import torch

from models.image_views import checked_views, mean_over_views, views_of

# Batch, rows, pixels in a row, views, classes: pairwise different.
B, R, W, V, C = 2, 4, 5, 3, 6


def test_an_image_is_seen_as_it_is_then_a_row_higher_then_a_row_lower() -> None:
    images = 1.0 + torch.arange(B * R * W).view(B, R, W)
    black = torch.zeros(B, 1, W)

    as_it_is, higher, lower = views_of(images, V).view(V, B, R, W)

    assert torch.equal(as_it_is, images)
    assert torch.equal(higher, torch.cat([images[:, 1:], black], dim=1))
    assert torch.equal(lower, torch.cat([black, images[:, :-1]], dim=1))


def test_grey_levels_may_be_bytes() -> None:
    images = torch.full((B, R, W), 200, dtype=torch.uint8)

    assert views_of(images, V).dtype == torch.uint8


def test_one_view_is_the_image_itself() -> None:
    images, answers = torch.rand(B, R, W), torch.rand(B, C)

    assert torch.equal(views_of(images, 1), images)
    assert torch.equal(mean_over_views(answers, 1), answers)


def test_the_answer_to_an_image_is_the_mean_of_those_to_its_views() -> None:
    answers = torch.arange(V * B * C).view(V * B, C).float()

    mean = mean_over_views(answers, V)

    assert mean.tolist() == [
        [B * C + number + C * image for number in range(C)] for image in (0, 1)
    ]


def test_no_images_have_no_views() -> None:
    assert views_of(torch.zeros(0, R, W), V).shape == (0, R, W)
    assert mean_over_views(torch.zeros(0, C), V).shape == (0, C)


@pytest.mark.parametrize("n_views", [0, 2, 5])
def test_other_numbers_of_views_are_refused(n_views: int) -> None:
    with pytest.raises(ValueError, match=r"n_views must be one of \(1, 3\), got"):
        checked_views(n_views)
