"""Forecasters fine-tuned on the training part of a file with a test part, and served."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from benchmarks.running_service import running_service
from training.forecast.data import read_series

SEASONS = {"m4_hourly": 24, "m4_weekly": 52}
TIMEOUT_S = 600.0


@contextmanager
def fine_tuned_service(files: Mapping[str, Path], output: Path) -> Iterator[httpx.Client]:
    """Serve one model a file, named as the file with hyphens; trained now where it is not there.

    Raises:
        subprocess.CalledProcessError: a training failed; its own message was printed.
    """
    repository = output / "repository"
    for task, path in files.items():
        name = task.replace("_", "-")
        if not (repository / name).is_dir():
            train(name, training_part(path, output / "fine-tuning"), repository, SEASONS[task])
    with (
        running_service(repository) as service,
        httpx.Client(base_url=service.url, timeout=TIMEOUT_S) as client,
    ):
        yield client


def training_part(path: Path, folder: Path) -> Path:
    """A copy of the file without the test parts, so that no training can see them."""
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / path.name.removesuffix(".gz")
    lines = [
        json.dumps({"id": series.name, "values": series.values.tolist()})
        for series in read_series(path)
    ]
    copy.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return copy


def train(name: str, data: Path, repository: Path, season_length: int) -> None:
    """``seqserve train forecast --from forecaster``, as a user would; exported whatever it says.

    Its verdict, by back-tests within the training part, stays beside its checkpoints.
    """
    command = [sys.executable, "-m", "seqserve", "train", "forecast", "--from", "forecaster"]
    command += ["--data", str(data), "--name", name, "--season-length", str(season_length)]
    command += ["--repository", str(repository), "--runs", str(data.parent / "runs")]
    subprocess.run([*command, "--threads", "1", "--anyway"], check=True)  # noqa: S603 - our own
