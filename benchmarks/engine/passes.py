"""What forward passes of the shipped models cost: precision, and padding against passes."""

from collections.abc import Callable
from pathlib import Path
from time import thread_time

import numpy as np

from models.export_folder import read_manifest
from service.rows import Rows, by_bucket, collate
from service.runtime import TorchScriptModel
from service.tasks.forecast import ForecastTask
from service.warmup import example_inputs

REPOSITORY = Path("models/repository")


def model_of(name: str, *, reduced: str | None = None) -> TorchScriptModel:
    """The shipped model of that name."""
    folder = REPOSITORY / name / "1"
    return TorchScriptModel(folder, read_manifest(folder), reduced=reduced)


def pass_us(name: str, rows: int, length: int, *, reduced: str | None, repeats: int = 25) -> float:
    """Fastest processor time of a pass."""
    manifest = read_manifest(REPOSITORY / name / "1")
    model = model_of(name, reduced=reduced)
    inputs = example_inputs(manifest.all_methods["forward"], rows, length)
    return _fastest_us(lambda: model.run(inputs), repeats)


def _fastest_us(run: Callable[[], object], repeats: int) -> float:
    best = float("inf")
    for _ in range(repeats + 5):
        started_s = thread_time()
        run()
        best = min(best, thread_time() - started_s)
    return best * 1e6


def padding_ms(lengths: list[int], smallest: int) -> tuple[float, float]:
    """Processor time to forecast series of these lengths, and the share of padding.

    ``smallest`` is the upper bound of the first length bucket.
    """
    model = model_of("forecaster")
    buckets: dict[int, list[int]] = {}
    for length in lengths:
        bucket = max((smallest - 1).bit_length(), (length - 1).bit_length())
        buckets.setdefault(bucket, []).append(length)
    passes = [_collated(some) for some in buckets.values()]
    best = _fastest_us(lambda: [model.run(inputs) for inputs in passes], repeats=8)
    cells = sum(inputs["values"].size for inputs in passes)
    return best / 1e3, 1 - sum(lengths) / cells


def _collated(lengths: list[int]) -> dict[str, np.ndarray]:
    selections = []
    for length in lengths:
        values = np.sin(np.arange(length, dtype=np.float32))[None]
        inputs = {"values": values, "season_length": np.zeros(1, np.int64)}
        selections += [part for _, part in by_bucket(Rows(inputs, np.array([length])))]
    return dict(collate(selections, ForecastTask.padding))
