import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.export_folder import read_manifest
from training.errors import DataError
from training.forecast.config import ForecastTraining
from training.forecast.sources import load_data
from training.forecast.train import train
from training.options import configure

pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")


def sales(path: Path, n: int = 40) -> Path:
    """Three monthly series with a trend and a season, one with a gap."""
    step = np.arange(n)
    dates = pd.date_range("2020-01-31", periods=n, freq="ME")
    frame = pd.DataFrame({"ds": dates})
    for name, level in (("a", 50.0), ("b", 500.0), ("c", 5.0)):
        frame[name] = level * (1 + 0.01 * step + 0.2 * np.sin(2 * np.pi * step / 12))
    frame.loc[7, "b"] = np.nan
    frame.to_csv(path, index=False)
    return path


def smoke(folder: Path, **changes: object) -> ForecastTraining:
    flags = {"smoke": True, "repository": folder / "models", "runs": folder / "runs"} | changes
    return configure(ForecastTraining, flags)


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("forecast")
    config = smoke(folder, data=sales(folder / "sales.csv"), name="sales", cell="rnn")
    return train(config)


def test_a_table_becomes_a_checked_export(export: Path) -> None:
    manifest = read_manifest(export)

    assert (manifest.name, manifest.version, manifest.task) == ("sales", "1", "forecast")
    assert [spec.name for spec in manifest.inputs] == ["values", "season_length"]
    assert [spec.name for spec in manifest.outputs] == ["mean", "quantiles", "season_length"]
    assert manifest.parameters["horizon"] == 48
    assert manifest.parameters["quantile_levels"][6] == 0.5
    assert manifest.data[0].name == "sales.csv"
    assert manifest.training["n_parameters"] < 1_000_000


def test_metrics_stand_beside_those_of_the_baselines(export: Path) -> None:
    metrics = {(m.name, m.data): m for m in read_manifest(export).metrics}

    mase = metrics["MASE", "sales"]
    assert mase.split == "validation"
    assert set(mase.baselines) == {"seasonal naive", "Theta"}
    relative = metrics["relative_mase", "sales"].value
    assert relative == pytest.approx(mase.value / mase.baselines["seasonal naive"])


def test_the_report_shows_the_loss_the_forecasts_and_the_reliability(export: Path) -> None:
    page = (export / "report.html").read_text()

    for heading in ("Learning", "Forecasts: sales", "Reliability", "Settings"):
        assert heading in page


def test_golden_examples_hold_gaps_constants_and_extreme_scales(export: Path) -> None:
    golden = json.loads((export / "golden.json").read_text())

    rows = [row for example in golden["examples"] for row in example["inputs"]["values"]]
    assert any(None in row for row in rows)
    assert any(len(set(row)) == 1 for row in rows)
    assert max(abs(x) for row in rows for x in row if x is not None) > 1e20


def test_training_never_sees_the_steps_that_it_is_judged_by(tmp_path: Path) -> None:
    path = sales(tmp_path / "sales.csv")
    data = load_data(smoke(tmp_path, data=path))

    values = pd.read_csv(path)["a"].to_numpy()
    (case,) = [case for case in data.own["sales"] if case.name == "a"]
    np.testing.assert_allclose(np.r_[case.past, case.future], values)
    longest = max(len(series.values) for series in data.bank._series)
    assert longest == len(case.past) == 40 - 10


def test_series_of_a_zero_shot_folder_are_judged_but_never_trained_on(tmp_path: Path) -> None:
    folder = tmp_path / "unseen"
    folder.mkdir()
    record = {"id": "x", "season_length": 1, "train": list(range(20)), "test": [20, 21, 22]}
    (folder / "other.jsonl").write_text(json.dumps(record))
    config = smoke(tmp_path, data=sales(tmp_path / "sales.csv"), zero_shot=folder)

    data = load_data(config)

    (judged,), (final,) = data.zero_shot["other"], data.test["other"]
    np.testing.assert_array_equal(judged.future, [17, 18, 19])
    np.testing.assert_array_equal(final.future, [20, 21, 22])
    assert {series.name for series in data.bank._series} == {"a", "b", "c"}


def test_series_too_short_to_judge_are_refused_and_nothing_is_exported(tmp_path: Path) -> None:
    path = tmp_path / "short.csv"
    path.write_text("a,b\n1,2\n3,4\n")
    config = smoke(tmp_path, data=path)

    with pytest.raises(DataError, match="too short"):
        train(config)
    assert not (tmp_path / "models").exists()


def test_without_the_public_series_the_message_says_what_to_give(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(DataError, match="does not exist: give --data"):
        load_data(smoke(tmp_path, smoke=False))


def test_the_same_seed_trains_the_same_network(tmp_path: Path) -> None:
    path = sales(tmp_path / "sales.csv")
    config = smoke(tmp_path, data=path, cell="mlp")

    one = read_manifest(train(config))
    two = read_manifest(train(replace(config, runs=tmp_path / "again")))

    assert one.files["golden.json"] == two.files["golden.json"]


def test_a_smoke_run_needs_no_data_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    data = load_data(smoke(tmp_path))
    assert [path.name for path, _ in data.files] == ["made-up.jsonl"]
    assert len(data.own["made-up"]) == 12
