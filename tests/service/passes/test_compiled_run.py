"""A pass in C takes the place of its graph only where both answer alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.manifest import Method, TensorSpec
from service import loading
from service.loading import LoadedModel, load_models
from service.passes.compiled_run import quickest_run
from service.passes.contract import CompiledPass, Part
from service.rows import Array, Arrays
from service.settings import Settings
from service.threads import ThreadPlan
from tests.service.tiny_networks import Brightness, classifier_draft
from training.export import write_export

PLAN = ThreadPlan(processors=1, workers=1, intra_op=1)
Change = Callable[[Array], Array]


@dataclass
class Maker:
    """A pass for the brightness model, whose answers may be changed on the way."""

    change: Change = lambda answer: answer
    knows: bool = True
    passes: int = 0
    ALIKE: float = 1e-4

    def make(self, part: Part) -> CompiledPass | None:
        if not self.knows:
            return None
        assert part("training") is False

        def compute(arrays: Sequence[Array]) -> tuple[Array, ...]:
            self.passes += 1
            tenths = arrays[0].mean((1, 2), dtype=np.float32) / np.float32(25.5)
            scores = np.exp(-8 * (tenths[:, None] - np.arange(10, dtype=np.float32)) ** 2)
            return (self.change(scores / scores.sum(1, keepdims=True)),)

        return compute

    def probes(self) -> list[list[Array]]:
        return [[np.full((2, 28, 28), level, np.float32)] for level in (0, 255)]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., LoadedModel]:
    write_export(Brightness(), classifier_draft("brightness"), tmp_path)

    def loaded(maker: Maker, **settings: Any) -> LoadedModel:
        monkeypatch.setattr(loading, "maker_of", lambda *_: maker)
        values = Settings(repository=tmp_path, **settings)
        return load_models(values, PLAN, lambda: False)[0]

    return loaded


def white(model: LoadedModel) -> float:
    answer = model.run({"images": np.full((1, 28, 28), 255, np.float32)}, "forward")
    return float(answer["probabilities"][0, 9])


def test_a_pass_that_answers_as_the_graph_computes_in_its_place(
    load: Callable[..., LoadedModel],
) -> None:
    maker = Maker()
    model = load(maker)
    probed = maker.passes

    assert white(model) == pytest.approx(white(load(Maker(), passes="graph")), abs=1e-6)
    assert probed == len(maker.probes())
    assert maker.passes == probed + 1


@pytest.mark.parametrize(
    "change",
    [
        lambda answer: answer * np.float32(1.001),
        lambda answer: np.where(answer > 0.5, np.float32(np.nan), answer),
        lambda answer: answer[:, :9],
        lambda answer: answer[:1],
    ],
    ids=["a thousandth more", "not a number", "a class less", "a row less"],
)
def test_a_pass_that_answers_otherwise_is_left_to_the_graph(
    load: Callable[..., LoadedModel], caplog: pytest.LogCaptureFixture, change: Change
) -> None:
    maker = Maker(change)
    model = load(maker)
    probed = maker.passes

    assert white(model) == pytest.approx(1.0, abs=0.02)
    assert maker.passes == probed
    assert "the graph computes" in caplog.text


def test_a_network_that_nobody_has_in_c_is_left_to_the_graph(
    load: Callable[..., LoadedModel], caplog: pytest.LogCaptureFixture
) -> None:
    maker = Maker(knows=False)

    assert white(load(maker)) == pytest.approx(1.0, abs=0.02)
    assert maker.passes == 0
    assert "the graph computes" not in caplog.text


@pytest.mark.parametrize(
    "error",
    [ValueError("7 numbers instead of 8"), KeyError("a table of 7 numbers instead of 8")],
    ids=["another size", "another name"],
)
def test_a_pass_compiled_from_other_sources_is_left_to_the_graph(
    load: Callable[..., LoadedModel], caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    class Older(Maker):
        def make(self, part: Part) -> CompiledPass | None:
            raise error

    assert white(load(Older())) == pytest.approx(1.0, abs=0.02)
    assert "7 numbers instead of 8" in caplog.text
    assert "install again" in caplog.text


def test_nothing_is_computed_in_c_when_it_is_turned_off(load: Callable[..., LoadedModel]) -> None:
    maker = Maker()
    model = load(maker, passes="graph")

    assert white(model) == pytest.approx(1.0, abs=0.02)
    assert maker.passes == 0


INPUT = TensorSpec("values", "float32", (-1, 3), ("batch", "time"))
MEAN = TensorSpec("mean", "float32", (-1, 3), ("batch", "horizon"))
SEASON = TensorSpec("season", "int64", (-1,), ("batch",))
METHOD = Method((INPUT,), (MEAN, SEASON))


class Twice:
    """Twice the input; the season is 7, or what it is told to be."""

    ALIKE: float = 1e-4

    def __init__(self, season: int = 7, off: float = 0.0) -> None:
        self.season, self.off = season, np.float32(off)

    def __call__(self, arrays: Sequence[Array]) -> tuple[Array, ...]:
        values = arrays[0]
        return 2 * values + self.off, np.full(len(values), self.season)

    def make(self, part: Part) -> CompiledPass | None:
        return self

    def probes(self) -> list[list[Array]]:
        return [[np.array([[1e6, 2e6, 3e6], [1, 2, 3]], np.float32)]]


def by_graph(inputs: Arrays, method: str) -> Arrays:
    if method != "forward":
        return {"method": np.array([method])}
    mean, season = Twice()([inputs["values"]])
    return {"mean": mean, "season": season}


def test_whole_numbers_must_be_equal() -> None:
    assert quickest_run(by_graph, Twice(), Twice(), METHOD) is not None
    assert quickest_run(by_graph, Twice(season=8), Twice(), METHOD) is None


def test_every_row_is_judged_by_its_own_size() -> None:
    """Of a million it would be nothing, of three it is a tenth."""
    assert quickest_run(by_graph, Twice(off=0.3), Twice(), METHOD) is None
    assert quickest_run(by_graph, Twice(off=1e-5), Twice(), METHOD) is not None


def test_other_methods_are_left_to_the_graph() -> None:
    run = quickest_run(by_graph, Twice(), Twice(), METHOD)
    assert run is not None

    assert run({"values": np.zeros((1, 3))}, "score")["method"] == ["score"]


def test_inputs_are_made_contiguous_and_of_the_dtype_that_the_manifest_names() -> None:
    seen = []

    class Seeing(Twice):
        def __call__(self, arrays: Sequence[Array]) -> tuple[Array, ...]:
            seen.append(arrays[0])
            return super().__call__(arrays)

    run = quickest_run(by_graph, Seeing(), Twice(), METHOD)
    assert run is not None
    run({"values": np.arange(12.0).reshape(2, 6)[:, ::2]}, "forward")

    assert seen[-1].dtype == np.float32
    assert seen[-1].flags.c_contiguous
    assert seen[-1].tolist() == [[0, 2, 4], [6, 8, 10]]
