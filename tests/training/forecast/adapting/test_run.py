import json
from pathlib import Path

import numpy as np
import pytest

from models.export_folder import read_manifest
from training.errors import DataError, NotRecommended
from training.fine_tuning.parent import find_parent
from training.forecast.adapting import classical, run
from training.forecast.adapting.parent import settle
from training.forecast.baselines import seasonal_naive
from training.forecast.config import ForecastTraining
from training.forecast.metrics import Case
from training.forecast.series import Values
from training.forecast.train import train
from training.options import configure

pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")


def waves(path: Path, n_series: int = 8, n_steps: int = 40) -> Path:
    """Quarterly series with a season and noise, as JSON lines."""
    rng = np.random.default_rng(0)
    step = np.arange(n_steps)
    rows = [50 + 9 * np.sin(step * np.pi / 2) + rng.normal(size=n_steps) for _ in range(n_series)]
    lines = [
        json.dumps({"id": f"w{i}", "season_length": 4, "values": row.round(3).tolist()})
        for i, row in enumerate(rows)
    ]
    path.write_text("\n".join(lines))
    return path


def tiny(folder: Path, **changes: object) -> ForecastTraining:
    flags = {
        "from_": "forecaster",
        "data": folder / "waves.jsonl",
        "steps": 2,
        "validate_every": 2,
        "warmup_steps": 1,
        "scratch_steps": 2,
        "batch_size": 4,
        "repository": folder / "models",
        "runs": folder / "runs",
    }
    return configure(ForecastTraining, flags | changes)


def naive(_: str, case: Case) -> Values:
    """Stands in for statsforecast, which takes seconds to load."""
    return seasonal_naive(case.past, case.season_length, len(case.future))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classical, "answer", naive)
    monkeypatch.setattr(classical, "model_of", lambda *_: None)


@pytest.mark.usefixtures("quick")
def test_what_hardly_differs_from_its_parent_is_not_recommended_and_not_exported(
    tmp_path: Path,
) -> None:
    waves(tmp_path / "waves.jsonl")

    with pytest.raises(
        NotRecommended, match="nothing was exported: use .* as it is.*--anyway --resume"
    ):
        train(tiny(tmp_path, learning_rate=1e-12))

    assert not (tmp_path / "models").exists()
    folder = tmp_path / "runs" / "forecaster-waves"
    results = json.loads((folder / "backtest.json").read_text())
    assert results["verdict"]["recommended"] is False
    names = ["adapted", "zero-shot", "from scratch", "seasonal naive"]
    assert list(results["candidates"])[:4] == names
    page = (folder / "report.html").read_text()
    for heading in ("Back-test", "By more than chance?", "Forecasts of the measured", "Learning"):
        assert heading in page


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data": None}, "give --data as well"),
        ({"cell": "rnn"}, "--cell rnn: it comes from forecaster/.*leave --cell out"),
        ({"from_": "nobody"}, "no such export"),
        ({"from_": "digits"}, "its task is classify"),
        ({"ahead": 100}, "the export forecasts 64 steps"),
    ],
    ids=["no data", "another cell", "no export", "another task", "too far"],
)
def test_what_makes_no_sense_is_refused_before_anything_is_trained(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    waves(tmp_path / "waves.jsonl")
    with pytest.raises(DataError, match=message):
        train(tiny(tmp_path, **changes))
    assert not (tmp_path / "runs").exists()


def test_data_that_the_export_was_trained_on_is_pointed_out(tmp_path: Path) -> None:
    path = waves(tmp_path / "waves.jsonl")
    start = settle(tiny(tmp_path), path)
    assert run.seen_before(start) == ""
    known = start.parent.manifest.data[0].sha256
    object.__setattr__(start.parent, "has_trained_on", lambda sha256: bool(known) and sha256 != "")
    assert "was trained on waves.jsonl" in run.seen_before(start)


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_a_smoke_run_needs_no_data_and_leaves_an_export(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = configure(ForecastTraining, {"from_": "forecaster", "smoke": True})
    assert train(config) == Path("build/smoke/forecaster-made-up/1")


@pytest.mark.slow
def test_anyway_exports_and_says_where_it_comes_from(tmp_path: Path) -> None:
    waves(tmp_path / "waves.jsonl")

    folder = train(tiny(tmp_path, anyway=True, name="mine"))

    manifest = read_manifest(folder)
    parent = find_parent("forecaster", tmp_path, "forecast").manifest
    origin = manifest.training["from"]
    assert (origin["name"], origin["version"]) == ("forecaster", parent.version)
    assert origin["sha256"] == parent.files["model.pt"].sha256
    assert manifest.training["recommendation"]["recommended"] is False
    assert manifest.training["n_parameters"] == parent.training["n_parameters"]
    assert manifest.parameters == parent.parameters
    assert manifest.data[0].name == "waves.jsonl"
    mase = next(metric for metric in manifest.metrics if metric.name == "MASE")
    assert mase.split == "back-test"
    assert {"zero-shot", "from scratch", "seasonal naive", "AutoETS"} <= set(mase.baselines)


@pytest.mark.slow
def test_a_resumed_adaptation_repeats_nothing_and_finds_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waves(tmp_path / "waves.jsonl")
    first = read_manifest(train(tiny(tmp_path, anyway=True)))

    def never(*_: object, **__: object) -> None:
        raise AssertionError("measured again")

    monkeypatch.setattr("training.forecast.adapting.contest.forecast_classical", never)
    again = read_manifest(train(tiny(tmp_path, anyway=True, resume=True)))
    assert again.version == "2"
    assert again.files["golden.json"] == first.files["golden.json"]
    assert again.metrics == first.metrics


def launches(path: Path, n_series: int = 120) -> Path:
    """Weekly sales after a launch: up to a peak and down again, a course that all share."""
    rng = np.random.default_rng(7)
    lines = []
    for i in range(n_series):
        n, peak, size = rng.integers(26, 61), rng.uniform(6, 14), rng.uniform(50, 900)
        week = np.arange(1, n + 1) / peak
        mean = size * week * np.exp(1 - week) * np.exp(0.15 * rng.standard_normal(n))
        values = rng.poisson(mean).tolist()
        lines.append(json.dumps({"id": f"g{i}", "season_length": 1, "values": values}))
    path.write_text("\n".join(lines))
    return path


@pytest.mark.slow
def test_a_course_that_all_series_share_is_worth_adapting_to(tmp_path: Path) -> None:
    config = configure(
        ForecastTraining,
        {
            "from_": "forecaster",
            "data": launches(tmp_path / "games.jsonl"),
            "repository": tmp_path / "models",
            "runs": tmp_path / "runs",
            "ahead": 6,
            "steps": 400,
            "scratch_steps": 400,
            "classical_s": 3.0,
            "threads": 1,
        },
    )

    verdict = read_manifest(train(config)).training["recommendation"]

    assert verdict["recommended"] is True
    assert all(contest["better"] for contest in verdict["contests"])
