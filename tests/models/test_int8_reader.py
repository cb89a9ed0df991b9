"""A classifier in bytes against the one that it was made of."""

import pytest
import torch
from torch import Tensor

from models.int8_conversion import computes_in_bytes
from models.int8_reader import Int8Reader, RowProbabilitiesEitherWay
from models.row_classifier import RowClassifier, RowClassifierSizes

needs_int8 = pytest.mark.skipif(
    not torch.cpu._is_vnni_supported(), reason="the processor lacks int8"
)


def classifier(**changes: object) -> RowClassifier:
    """One whose normalisation has seen some images, and whose answers depend on all layers."""
    torch.manual_seed(0)
    sizes: dict[str, object] = {"n_classes": 5, "hidden_size": 12, "n_filters": 4, **changes}
    network = RowClassifier(RowClassifierSizes(**sizes))  # type: ignore[arg-type]
    for _ in range(20):
        network(strokes(16))
    network.head.weight.data.mul_(8.0)
    return network.eval()


def strokes(n_images: int, rows: int = 28) -> Tensor:
    """Bright blots on black, of whole grey levels."""
    coarse = torch.rand(n_images, 1, rows // 4, 7)
    fine = torch.nn.functional.interpolate(coarse, size=(rows, 28), mode="bilinear")
    return ((fine.squeeze(1) - 0.5).clamp(min=0.0) * 510.0).round()


@needs_int8
@pytest.mark.parametrize("rows", [28, 12])
def test_it_answers_nearly_as_the_classifier_does(rows: int) -> None:
    network, images = classifier(), strokes(64, rows)
    reader = Int8Reader(network, images)

    exact, rounded = network(images), reader(images)

    spread = exact.std(dim=0).mean()
    assert (exact - rounded).abs().max() < 0.1 * spread
    assert exact.argmax(dim=1).unique().numel() > 1
    assert spread > 0.1


@needs_int8
def test_an_image_gets_the_same_answer_alone_and_in_a_batch() -> None:
    images = strokes(33)
    reader = Int8Reader(classifier(), images)

    alone = torch.cat([reader(image.unsqueeze(0)) for image in images])

    torch.testing.assert_close(reader(images), alone, atol=1e-5, rtol=0.0)


@needs_int8
def test_grey_levels_are_rounded_and_cut() -> None:
    images = strokes(8)
    reader = Int8Reader(classifier(), images)

    assert torch.equal(reader(images + 0.4), reader(images))
    assert torch.equal(reader(images.where(images > 0, -9.0)), reader(images))
    assert torch.equal(reader(images + 300.0), reader(torch.full_like(images, 255.0)))


@needs_int8
@pytest.mark.parametrize("in_bytes", [False, True], ids=["float32", "int8"])
def test_either_way_the_probabilities_are_the_mean_over_the_views(in_bytes: bool) -> None:
    network, images = classifier(), strokes(7)
    reader = Int8Reader(network, images)
    graph = RowProbabilitiesEitherWay(network, reader, temperature=0.5, n_views=3)
    graph.multiplies_int8 = in_bytes
    black = torch.zeros(7, 1, 28)
    views = [images, torch.cat([images[:, 1:], black], 1), torch.cat([black, images[:, :-1]], 1)]

    probabilities = torch.jit.script(graph)(images)

    own = reader if in_bytes else network
    of_views = [torch.softmax(2.0 * own(view), dim=1) for view in views]
    torch.testing.assert_close(probabilities, torch.stack(of_views).mean(0), atol=1e-5, rtol=0.0)
    assert (probabilities - of_views[0]).abs().max() > 1e-2


@pytest.mark.parametrize(
    "changes",
    [{"cell": "lstm"}, {"bidirectional": False}, {"n_layers": 2}, {"n_filters": 0}],
    ids=["another cell", "one direction", "two layers", "raw rows"],
)
def test_other_classifiers_are_refused(changes: dict[str, object]) -> None:
    network = classifier(**changes)

    assert not computes_in_bytes(network, 28)
    with pytest.raises(ValueError, match="minimal GRU in both directions"):
        Int8Reader(network, strokes(2))
