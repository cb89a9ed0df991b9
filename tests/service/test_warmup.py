"""Warm-up: every shape, until it settles, but not for ever."""

from dataclasses import replace
from pathlib import Path

import pytest

from models.export_folder import read_manifest
from models.manifest import FORWARD, Manifest, Method, TensorSpec
from service import warmup
from service.batch import BatchLimits
from service.rows import Arrays
from service.warmup import MAX_ROUNDS, MIN_ROUNDS, shapes_to_warm, warm_up


class Clocked:
    """A model whose passes take the given seconds, on a clock of its own."""

    def __init__(self, *seconds: float) -> None:
        self.seconds = list(seconds)
        self.now = 0.0
        self.methods: list[str] = []
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, inputs: Arrays, method: str = FORWARD) -> Arrays:
        self.methods.append(method)
        self.shapes.append(inputs["values"].shape)
        self.now += self.seconds.pop(0) if len(self.seconds) > 1 else self.seconds[0]
        return {}

    def clock(self) -> float:
        return self.now


@pytest.fixture
def manifest(tiny_repository: Path) -> Manifest:
    return read_manifest(tiny_repository / "forecaster" / "1")


def run(
    monkeypatch: pytest.MonkeyPatch, model: Clocked, manifest: Manifest, max_s: float = 60.0
) -> int:
    monkeypatch.setattr(warmup, "perf_counter", model.clock)
    monkeypatch.setattr(warmup, "thread_time", model.clock)
    (timing,) = warm_up(model, manifest, [(1, 24)], max_s=max_s)
    return timing.passes


def test_it_goes_on_while_passes_become_faster(
    monkeypatch: pytest.MonkeyPatch, manifest: Manifest
) -> None:
    assert run(monkeypatch, Clocked(8, 4, 2, 1, 0.5, 0.5), manifest) == 6


def test_it_ends_when_passes_are_settled(
    monkeypatch: pytest.MonkeyPatch, manifest: Manifest
) -> None:
    assert run(monkeypatch, Clocked(5, 1, 1), manifest) == MIN_ROUNDS


def test_it_ends_when_the_time_is_up(monkeypatch: pytest.MonkeyPatch, manifest: Manifest) -> None:
    assert run(monkeypatch, Clocked(8, 4, 2, 1), manifest, max_s=9) == 2


def test_it_ends_at_last(monkeypatch: pytest.MonkeyPatch, manifest: Manifest) -> None:
    ever_faster = Clocked(*(1000 / 2**at for at in range(20)))

    assert run(monkeypatch, ever_faster, manifest, max_s=1e9) == MAX_ROUNDS


def test_it_ends_when_the_process_shall_stop(manifest: Manifest) -> None:
    model = Clocked(1)

    (timing,) = warm_up(model, manifest, [(1, 24)], max_s=60, stopped=lambda: True)
    assert (timing.passes, timing.settled) == (0, False)


def test_a_shape_that_settles_late_is_all_that_runs_on(
    monkeypatch: pytest.MonkeyPatch, manifest: Manifest
) -> None:
    model = Clocked(1, 8, 1, 4, 1, 2, 1, 1)
    monkeypatch.setattr(warmup, "perf_counter", model.clock)
    monkeypatch.setattr(warmup, "thread_time", model.clock)
    timings = warm_up(model, manifest, [(1, 24), (2, 24)], max_s=60)

    assert [timing.passes for timing in timings] == [3, 5]
    assert [timing.fastest_s for timing in timings] == [1, 1]
    assert all(timing.settled for timing in timings)


def test_rows_are_powers_of_two_up_to_a_full_pass_and_lone_rows_come_first() -> None:
    limits = BatchLimits(max_rows=6, max_cells=1000, max_queued_rows=1)

    assert shapes_to_warm(limits, [1]) == [(1, 1), (2, 1), (4, 1), (6, 1)]


def test_lengths_are_those_of_every_bucket_as_far_as_the_cells_of_a_pass_go() -> None:
    limits = BatchLimits(max_rows=4, max_cells=512, max_queued_rows=1)
    shapes = shapes_to_warm(limits, [48, 300], varies=True)

    assert shapes == [
        *[(1, length) for length in (48, 64, 128, 256, 300)],
        *[(2, length) for length in (48, 64, 128, 256)],
        *[(4, length) for length in (48, 64, 128)],
    ]


def test_every_method_is_warmed_up_with_inputs_of_its_own(manifest: Manifest) -> None:
    inputs = (
        TensorSpec("values", "float32", (-1, 3, -1), ("batch", "band", "time")),
        TensorSpec("lengths", "int64", (-1,), ("batch",)),
    )
    lengths: list[list[int]] = []

    class Remembering(Clocked):
        def __call__(self, inputs: Arrays, method: str = FORWARD) -> Arrays:
            lengths.append(inputs["lengths"].tolist() if "lengths" in inputs else [])
            return super().__call__(inputs, method)

    model = Remembering(1)
    warm_up(model, replace(manifest, methods={"score": Method(inputs, ())}), [(2, 24)], max_s=60)

    assert model.methods[:3] == ["forward", "score", "forward"]
    assert model.shapes[:2] == [(2, 24), (2, 3, 24)]
    assert lengths[:2] == [[], [24, 24]]
