import json
from pathlib import Path

import pytest

from training.errors import DataError
from training.forecast import sources
from training.forecast.config import ForecastTraining
from training.forecast.sources import PUBLIC_SOURCES, Source, load_data


def write(path: Path, names: str) -> Path:
    lines = [json.dumps({"id": name, "values": [1, 2, 3, 5, 4, 7]}) for name in names]
    path.write_text("\n".join(lines))
    return path


def test_series_that_hold_an_evaluation_series_are_not_trained_on_and_the_manifest_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Source(write(tmp_path / "pool.jsonl", "abcd"), left_out={"b": "x", "d": "y"})
    monkeypatch.setattr(sources, "PUBLIC_SOURCES", (source,))
    monkeypatch.setattr(sources, "PUBLIC_ZERO_SHOT", tmp_path / "nothing")

    data = load_data(ForecastTraining())

    assert [case.name for case in data.own["pool"]] == ["a", "c"]
    assert data.files == ((source.path, "training, validation; left out: b, d"),)


def test_a_users_own_series_are_all_trained_on(tmp_path: Path) -> None:
    taken = next(iter(PUBLIC_SOURCES[0].left_out))
    path = tmp_path / "mine.jsonl"
    path.write_text(json.dumps({"id": taken, "values": [1, 2, 3, 5, 4, 7]}))

    data = load_data(ForecastTraining(data=path))

    assert [case.name for case in data.own["mine"]] == [taken]
    assert data.files == ((path, "training, validation"),)


def test_a_source_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="gone"):
        Source(tmp_path / "gone.jsonl").read(None)
