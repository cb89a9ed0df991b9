"""The forecaster that ships keeps its promises, and its manifest tells the truth."""

from pathlib import Path

import pytest
import torch

from models.export_folder import read_manifest
from models.forecast_metrics import WQL_LEVELS
from models.manifest import Manifest, Metric
from training.forecast.data import read_series
from training.forecast.evaluation import as_inputs
from training.forecast.metrics import Case, score

EXPORT = Path("models/repository/forecaster/1")
BENCHMARK = Path("../shared/data/series/validation")
TASKS = ["m1_monthly", "m1_quarterly", "m1_yearly", "m3_monthly", "m3_quarterly", "m3_yearly"]

pytestmark = [
    pytest.mark.skipif(not EXPORT.is_dir(), reason="this checkout ships no forecaster"),
    pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning"),
]


@pytest.fixture(scope="module")
def manifest() -> Manifest:
    return read_manifest(EXPORT)


def metric(manifest: Manifest, name: str, data: str) -> Metric:
    (found,) = [m for m in manifest.metrics if (m.name, m.data, m.split) == (name, data, "test")]
    return found


def test_it_is_small_answers_48_steps_and_took_less_than_ninety_minutes(manifest: Manifest) -> None:
    assert manifest.training["n_parameters"] < 1_000_000
    assert manifest.files["model.pt"].size_bytes < 3_000_000
    assert manifest.parameters["horizon"] >= 48
    assert manifest.training["wall_time_s"] < 90 * 60
    assert manifest.training["command"].startswith("seqserve train forecast")


def test_it_beats_the_seasonal_naive_and_theta_by_its_own_account(manifest: Manifest) -> None:
    together = ", ".join(TASKS)
    mase = metric(manifest, "relative_mase", together)
    wql = metric(manifest, "relative_wql", together)

    assert mase.value <= 0.86
    assert wql.value <= 0.75
    assert mase.value < mase.baselines["Theta"]
    assert wql.value < wql.baselines["Theta"]


@pytest.mark.skipif(not BENCHMARK.is_dir(), reason="the public benchmark series are not here")
@pytest.mark.parametrize("task", ["m1_yearly", "m1_quarterly"])
def test_its_figures_can_be_measured_again(manifest: Manifest, task: str) -> None:
    found = read_series(BENCHMARK / f"{task}.jsonl.gz")
    futures = [(s, s.future) for s in found if s.future is not None]
    cases = [Case(s.name, s.values, future, s.season_length) for s, future in futures]
    graph = torch.jit.load(EXPORT / "model.pt")  # type: ignore[no-untyped-call]
    levels = manifest.parameters["quantile_levels"]
    columns = [levels.index(level) for level in WQL_LEVELS]

    with torch.inference_mode():
        quantiles = graph(*as_inputs(cases))[1][:, :, columns].double().numpy()
    again = score(cases, [q[: len(c.future)] for q, c in zip(quantiles, cases, strict=True)])

    assert again.mase == pytest.approx(metric(manifest, "MASE", task).value, rel=1e-3)
    assert again.wql == pytest.approx(metric(manifest, "WQL", task).value, rel=1e-3)
