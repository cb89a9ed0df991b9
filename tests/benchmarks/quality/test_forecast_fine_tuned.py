import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.quality import forecast_fine_tuned
from benchmarks.quality.forecast_fine_tuned import fine_tuned_service, training_part
from training.forecast.data import read_series

LINE = '{"id": "a", "season_length": 24, "train": [1, 2, 3], "test": [77]}\n'


@dataclass
class Somewhere:
    url: str = "http://x"


def test_no_test_part_is_handed_to_a_fine_tuning(tmp_path: Path) -> None:
    source = tmp_path / "m4.jsonl.gz"
    source.write_text(LINE)

    copy = training_part(source, tmp_path / "new")

    assert "77" not in copy.read_text()
    assert [(s.name, s.values.tolist(), s.future) for s in read_series(copy)] == [
        ("a", [1, 2, 3], None)
    ]


def test_only_models_that_are_not_there_yet_are_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []
    served: list[Path] = []

    def ran(command: list[str], check: bool) -> None:
        assert check
        commands.append(command)

    @contextmanager
    def serving(repository: Path) -> Iterator[Somewhere]:
        served.append(repository)
        yield Somewhere()

    monkeypatch.setattr(subprocess, "run", ran)
    monkeypatch.setattr(forecast_fine_tuned, "running_service", serving)
    files = {task: tmp_path / f"{task}.jsonl.gz" for task in forecast_fine_tuned.SEASONS}
    for path in files.values():
        path.write_text(LINE)
    (tmp_path / "out/repository/m4-hourly").mkdir(parents=True)

    with fine_tuned_service(files, tmp_path / "out") as client:
        assert str(client.base_url) == "http://x"

    assert served == [tmp_path / "out/repository"]
    assert len(commands) == 1
    words = " ".join(commands[0])
    assert "train forecast --from forecaster" in words
    assert "--name m4-weekly --season-length 52" in words
