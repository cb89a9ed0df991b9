"""The digit reader in C against the graph of the export, and what it leaves to the graph."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.export_folder import read_manifest
from models.int8_reader import Int8Reader, RowProbabilitiesEitherWay
from models.row_classifier import RowClassifier, RowClassifierSizes
from service import runtime
from service.passes import digits
from service.passes.contract import CompiledPass, Part
from service.passes.digits_weights import packed
from service.rows import Array

SHIPPED = Path("models/repository/digits/1")
# The graph's sums of floats are in another order. A level more or less is mostly far more.
ALIKE = 3e-6

compiled_code = pytest.importorskip("service.passes._digits", reason="not compiled here")
pytestmark = pytest.mark.skipif(not compiled_code.able(), reason="the processor lacks AVX512-VNNI")
Reading = Callable[[Array], Array]


@pytest.fixture(scope="module")
def model() -> runtime.TorchScriptModel:
    return runtime.TorchScriptModel(SHIPPED, read_manifest(SHIPPED), reduced="int8", maker=digits)


@pytest.fixture(scope="module")
def by_graph(model: runtime.TorchScriptModel) -> Reading:
    return lambda images: model.run({"images": images})["probabilities"]


@pytest.fixture(scope="module")
def in_c(model: runtime.TorchScriptModel) -> Reading:
    assert model.compiled is not None
    return reading(model.compiled)


def reading(compiled: CompiledPass) -> Reading:
    def read(images: Array) -> Array:
        (probabilities,) = compiled([images])
        return probabilities

    return read


def blots(n_images: int, seed: int, *, sharpness: float = 4.0, brightest: float = 255.0) -> Array:
    """Smooth blots of any brightness, in fractions of grey levels."""
    coarse = np.random.default_rng(seed).random((n_images, 7, 7))
    fine = coarse.repeat(4, axis=1).repeat(4, axis=2)
    smooth = (fine + np.roll(fine, 2, axis=1) + np.roll(fine, 2, axis=2)) / 3
    return (smooth**sharpness * brightest).astype(np.float32)


def of_classes(n_classes: int, *, n_views: int = 3, **sizes: Any) -> RowProbabilitiesEitherWay:
    """An untrained reader whose answers depend on the image, in int8."""
    torch.manual_seed(0)
    chosen = RowClassifierSizes(
        n_classes=n_classes, **{"hidden_size": 96, "n_filters": 16, **sizes}
    )
    network, images = RowClassifier(chosen), torch.from_numpy(blots(16, seed=1))
    for _ in range(20):
        network(images)
    network.eval().head.weight.data.mul_(30.0)
    network.head.bias.data -= network(images).mean(dim=0)
    in_bytes = Int8Reader(network, images)
    either = RowProbabilitiesEitherWay(network, in_bytes, temperature=0.7, n_views=n_views).eval()
    either.multiplies_int8 = True
    return either


def compiled_of(network: RowProbabilitiesEitherWay) -> Reading:
    compiled = digits.make(runtime._parts_of(network))
    assert compiled is not None
    return reading(compiled)


BATCHES = st.builds(
    blots,
    st.sampled_from([1, 2, 3, 17, 128]),
    st.integers(0, 2**32 - 1),
    sharpness=st.floats(0.0, 8.0),
    brightest=st.floats(0.0, 400.0),
)


@given(BATCHES, st.booleans())
def test_it_answers_as_the_graph_does(
    by_graph: Reading, in_c: Reading, images: Array, whole: bool
) -> None:
    images = images.round().clip(0, 255) if whole else images - np.float32(20)

    np.testing.assert_allclose(in_c(images), by_graph(images), atol=ALIKE, rtol=0)


def test_every_pixel_is_read_as_the_graph_reads_it(by_graph: Reading, in_c: Reading) -> None:
    """A single bright one at every place, and a single dark one on white."""
    bright = 255 * np.eye(784, dtype=np.float32).reshape(-1, 28, 28)

    for images in (bright, 255 - bright):
        answers = in_c(images)
        np.testing.assert_allclose(answers, by_graph(images), atol=ALIKE, rtol=0)
        assert len(np.unique(answers, axis=0)) > 600


def test_halves_of_a_grey_level_are_rounded_as_the_graph_rounds_them(
    by_graph: Reading, in_c: Reading
) -> None:
    halves = np.arange(784, dtype=np.float32).reshape(1, 28, 28) % 300 - 20.5

    np.testing.assert_allclose(in_c(halves), by_graph(halves), atol=ALIKE, rtol=0)
    np.testing.assert_array_equal(in_c(halves), in_c(halves.round()))


@pytest.mark.parametrize("size", [1, 2, 3, 17, 128])
def test_an_image_is_answered_alone_as_in_a_batch_to_the_last_bit(in_c: Reading, size: int) -> None:
    images = blots(size, seed=3)

    alone = np.concatenate([in_c(image[None]) for image in images])

    assert alone.tobytes() == in_c(images).tobytes()


def test_no_images_have_no_answers(in_c: Reading) -> None:
    assert in_c(np.zeros((0, 28, 28), np.float32)).shape == (0, 10)


def test_several_threads_may_read_at_once(in_c: Reading) -> None:
    batches = [blots(40, seed) for seed in range(8)]
    expected = [in_c(batch) for batch in batches]

    with ThreadPoolExecutor(4) as threads:
        for answers in threads.map(lambda _: [in_c(batch) for batch in batches], range(4)):
            assert all(np.array_equal(a, b) for a, b in zip(answers, expected, strict=True))


@pytest.mark.parametrize("n_classes", [1, 3, 16, 37])
def test_readers_of_other_classes_are_computed_as_well(n_classes: int) -> None:
    network, images = of_classes(n_classes), blots(20, seed=5)

    expected = network(torch.from_numpy(images)).detach().numpy()
    answers = compiled_of(network)(images)

    np.testing.assert_allclose(answers, expected, atol=10 * ALIKE, rtol=0)  # far larger logits
    assert n_classes == 1 or expected.std(axis=0).min() > 0.001


@pytest.mark.parametrize("n_views", [1, 3])
def test_it_averages_over_the_views_that_the_graph_averages_over(n_views: int) -> None:
    network, images = of_classes(11, n_views=n_views), blots(7, seed=6)
    images[:, [0, -1]] = 255  # rows that leave the image where it is moved

    expected = network(torch.from_numpy(images)).detach().numpy()
    answers = compiled_of(network)(images)

    np.testing.assert_allclose(answers, expected, atol=10 * ALIKE, rtol=0)
    np.testing.assert_allclose(answers.sum(1), 1, rtol=1e-6)
    network.n_views = 4 - n_views
    other = network(torch.from_numpy(images)).detach().numpy()
    assert np.abs(answers - other).max() > 0.001


@pytest.mark.parametrize("n_views", [1, 3])
def test_alone_as_in_a_batch_to_the_last_bit_with_any_views(n_views: int) -> None:
    read, images = compiled_of(of_classes(19, n_views=n_views)), blots(5, seed=8)

    alone = np.concatenate([read(image[None]) for image in images])

    assert alone.tobytes() == read(images).tobytes()


def test_a_graph_from_before_there_were_views_is_answered_about_the_image_alone() -> None:
    network, images = of_classes(10, n_views=1), blots(6, seed=9)
    part = changed(runtime._parts_of(network), "n_views", None)

    compiled = digits.make(part)

    assert compiled is not None
    np.testing.assert_array_equal(reading(compiled)(images), compiled_of(network)(images))


@pytest.mark.parametrize(
    "sizes", [{"n_filters": 8}, {"hidden_size": 48}], ids=["fewer filters", "fewer units"]
)
def test_readers_of_other_sizes_are_left_to_the_graph(sizes: dict[str, int]) -> None:
    assert digits.make(runtime._parts_of(of_classes(10, **sizes))) is None


ODD_FILTERS = np.zeros((32, 4, 5, 3), np.int8)
ODD_FILTERS[3, 0, 0, 0] = 1  # beyond the five pixels of a filter


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("in_bytes.others.1.stride", [1, 1]),
        ("in_bytes.others.0.padding", [0, 0]),
        ("in_bytes.first.usual_shape", [16, 4, 32, 7]),
        ("in_bytes.others.2.weight", np.zeros((48, 48, 3, 3), np.float32)),
        ("in_bytes.gates.zero", np.ones(384, np.int32)),
        ("in_bytes.first.weight", ODD_FILTERS),
        ("in_bytes.first.bias", np.arange(32, dtype=np.float32)),
        ("in_bytes.head.bias", np.zeros(9, np.float32)),
        ("in_bytes.others.3", object()),
        ("temperature", None),
        ("n_views", 2),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_network_that_differs_in_one_part_is_left_to_the_graph(name: str, value: object) -> None:
    part = runtime._parts_of(of_classes(10))
    assert digits.make(part) is not None

    assert digits.make(changed(part, name, value)) is None


def changed(part: Part, name: str, value: object) -> Part:
    """With another value of one part, or without it."""

    def other(path: str) -> Any:
        if path == name and value is None:
            raise AttributeError(path)
        return value if path == name else part(path)

    return other


@pytest.mark.parametrize(
    "images",
    [np.zeros((2, 28, 27), np.float32), np.zeros((2, 28, 28)), np.zeros((28, 28), np.float32)],
    ids=["narrow", "of doubles", "no batch"],
)
def test_other_images_are_refused(in_c: Reading, images: Array) -> None:
    with pytest.raises(ValueError, match="float32 images of 28 x 28"):
        in_c(images)


def test_the_c_code_itself_refuses_buffers_that_do_not_belong_together() -> None:
    with pytest.raises(ValueError, match="not as many as the classes need"):
        compiled_code.Reader(bytes(64), 10, 1)
    with pytest.raises(ValueError, match="not as many as the classes need"):
        compiled_code.Reader(bytes(64), -1, 1)
    weights, n_classes = packed(runtime._parts_of(of_classes(3)), one_factor=False)
    with pytest.raises(ValueError, match="one view or three"):
        compiled_code.Reader(weights, n_classes, 4)
    reader = compiled_code.Reader(weights, n_classes, 3)
    images, one_row = np.zeros((2, 28, 28), np.float32), np.zeros((1, 3), np.float32)
    with pytest.raises(ValueError, match="as many rows of probabilities as images"):
        reader.read(images, one_row)


def test_the_probes_reach_what_images_can_be() -> None:
    probes = [images for (images,) in digits.probes()]
    levels = np.concatenate(probes)

    assert all(images.dtype == np.float32 for images in probes)
    assert {0.0, 255.0} <= set(levels.ravel())
    assert levels.min() < 0
    assert levels.max() > 255
    assert (levels % 1).any()


def test_without_the_compiled_module_the_graph_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    part = runtime._parts_of(of_classes(10))
    monkeypatch.setattr(digits, "COMPILED", False)

    assert digits.make(part) is None


def test_without_the_instructions_the_graph_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    part = runtime._parts_of(of_classes(10))
    monkeypatch.setattr(digits, "able", lambda: False)

    assert digits.make(part) is None
