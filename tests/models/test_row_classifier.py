import pytest
import torch
from torch import Tensor, nn

from models.row_classifier import RowClassifier, RowClassifierSizes, RowProbabilities

# Batch, rows, pixels in a row, hidden units, classes, filters: pairwise different.
B, R, W, H, C, F = 4, 11, 5, 7, 3, 2
CELLS = ["custom_lstm", "gru", "lstm", "min_gru", "rnn", "simple_rnn"]


def classifier(cell: str = "lstm", **changes: object) -> RowClassifier:
    torch.manual_seed(0)
    sizes: dict[str, object] = {
        "cell": cell,
        "n_classes": C,
        "image_width": W,
        "hidden_size": H,
        "n_filters": F,
    }
    sizes |= changes
    return RowClassifier(RowClassifierSizes(**sizes)).eval()  # type: ignore[arg-type]


@pytest.fixture
def images() -> Tensor:
    return torch.rand(B, R, W, generator=torch.Generator().manual_seed(1)) * 255


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("bidirectional", [True, False], ids=["both directions", "from the top"])
@pytest.mark.parametrize("n_layers", [1, 2])
def test_an_image_gets_the_same_answer_alone_and_in_a_batch(
    cell: str, bidirectional: bool, n_layers: int, images: Tensor
) -> None:
    network = classifier(cell, bidirectional=bidirectional, n_layers=n_layers)

    together = network(images)
    alone = torch.cat([network(image.unsqueeze(0)) for image in images])

    assert together.shape == (B, C)
    torch.testing.assert_close(together, alone)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("bidirectional", [True, False], ids=["both directions", "from the top"])
@pytest.mark.parametrize("row_step", [1, 2, 3, None], ids=["1", "2", "3", "filters"])
def test_padding_rows_change_nothing(
    cell: str, bidirectional: bool, row_step: int | None, images: Tensor
) -> None:
    raw = {"n_filters": 0, "n_neighbours": 2, "row_step": row_step}
    network = classifier(cell, bidirectional=bidirectional, **(raw if row_step else {}))
    counts = torch.tensor([R, 3, 1, 8])

    padded = network(images, counts)
    cut = torch.cat(
        [network(image[:count].unsqueeze(0)) for image, count in zip(images, counts, strict=True)]
    )

    torch.testing.assert_close(padded, cut)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("n_filters", [0, F], ids=["raw rows", "filters"])
def test_the_scripted_network_answers_like_the_original(
    cell: str, n_filters: int, images: Tensor
) -> None:
    network = classifier(cell, n_filters=n_filters)
    scripted = torch.jit.script(network)
    counts = torch.tensor([2, R, 5, 9])

    torch.testing.assert_close(scripted(images), network(images))
    torch.testing.assert_close(scripted(images, counts), network(images, counts))


def test_reading_from_the_top_only_the_last_row_still_counts(images: Tensor) -> None:
    network = classifier(bidirectional=False, n_filters=0)
    changed = images.clone()
    changed[:, -1] = 255.0 - changed[:, -1]

    assert (network(changed) - network(images)).abs().max() > 1e-4


def test_the_first_row_reaches_the_decision_in_both_directions(images: Tensor) -> None:
    changed = images.clone()
    changed[:, 0] = 255.0 - changed[:, 0]

    for bidirectional in (True, False):
        network = classifier(bidirectional=bidirectional)
        assert (network(changed) - network(images)).abs().max() > 1e-4


def test_probabilities_are_the_softmax_of_logits_over_the_temperature(images: Tensor) -> None:
    network = classifier()

    probabilities = RowProbabilities(network, temperature=0.5)(images)

    torch.testing.assert_close(probabilities, torch.softmax(2.0 * network(images), dim=1))
    torch.testing.assert_close(probabilities.sum(dim=1), torch.ones(B))


class FirstColumn(nn.Module):
    """Stands in for a classifier: the upper pixels of the first column are the logits."""

    def forward(self, images: Tensor) -> Tensor:
        return images[:, :C, 0] / 50


def test_probabilities_of_three_views_are_their_mean(images: Tensor) -> None:
    network = FirstColumn()
    black = torch.zeros(B, 1, W)
    up, down = torch.cat([images[:, 1:], black], 1), torch.cat([black, images[:, :-1]], 1)

    probabilities = RowProbabilities(network, temperature=0.5, n_views=3)(images)

    of_views = [torch.softmax(2.0 * network(view), dim=1) for view in (images, up, down)]
    torch.testing.assert_close(probabilities, torch.stack(of_views).mean(dim=0))
    assert (probabilities - of_views[0]).abs().max() > 1e-2


def test_with_views_an_image_gets_the_same_answer_alone_and_in_a_batch(images: Tensor) -> None:
    graph = torch.jit.script(RowProbabilities(classifier(), temperature=0.1, n_views=3))

    alone = torch.cat([graph(image.unsqueeze(0)) for image in images])

    torch.testing.assert_close(graph(images), alone)
    assert alone.std(dim=0).max() > 1e-3


def test_the_network_that_ships_has_less_than_a_million_parameters() -> None:
    network = RowClassifier(RowClassifierSizes())

    assert sum(parameter.numel() for parameter in network.parameters()) < 1_000_000


def test_forget_gates_of_an_lstm_start_open() -> None:
    network = classifier("lstm")
    bias = network.sweeps.bias_ih_l0

    assert isinstance(bias, Tensor)
    assert bias.tolist() == [0.0] * H + [1.0] * H + [0.0] * 2 * H


def test_unknown_cells_and_impossible_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="cell must be one of"):
        classifier("tcn")
    with pytest.raises(ValueError, match="at least 1"):
        classifier(n_layers=0)
    with pytest.raises(ValueError, match="at least 0"):
        classifier(n_filters=0, n_neighbours=-1)
    with pytest.raises(ValueError, match="for raw rows, with n_filters 0"):
        classifier(n_neighbours=1)
    with pytest.raises(ValueError, match="temperature must be above 0"):
        RowProbabilities(classifier(), temperature=0.0)
    with pytest.raises(ValueError, match="n_views must be one of"):
        RowProbabilities(classifier(), n_views=2)
