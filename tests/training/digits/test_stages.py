"""How a network goes through its stages: told as one training, and resumed in any of them."""

import os
import signal
from pathlib import Path

import pytest
import torch

from tests.training.digits.tiny_trainings import SMALL, configured, drawn_data, weights
from training.digits import task as task_module
from training.digits.config import DigitsTraining
from training.digits.runs import Run, train_seeds
from training.digits.task import DigitsTask
from training.errors import Interrupted

STEPS, LAST = 20, 2
TINY = {**SMALL, "steps": STEPS, "settling_steps": LAST}
FIRST, SETTLING, REFIT = (f"digits/seed-0{stage}" for stage in ("", "/settling", "/refit"))
WHOLE = [
    *((FIRST, step) for step in range(STEPS)),
    *((stage, step) for stage in (SETTLING, REFIT) for step in range(LAST)),
]


def config(folder: Path, **changes: object) -> DigitsTraining:
    return configured(folder, TINY, changes)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train_seeds(drawn_data(), config(tmp_path_factory.mktemp("stages")))[0]


def test_both_stages_are_told_as_one_training(run: Run) -> None:
    steps, _ = run.history.series("loss")

    assert steps == sorted(steps)
    assert steps[:2] == [10, 20]
    assert steps[-1] == STEPS + LAST
    assert STEPS < run.history.best_step <= STEPS + LAST


@pytest.mark.parametrize("stop", [(FIRST, 7), (SETTLING, 1), (REFIT, 0)], ids=lambda s: str(s[0]))
def test_a_resumed_training_repeats_nothing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: tuple[str, int]
) -> None:
    asked: list[tuple[str, int]] = []
    original = DigitsTask.batch

    def batch(task: DigitsTask, at: int) -> task_module.Batch:
        asked.append((task._config.name, at))
        if asked[-1] == stop and not task._config.resume:
            os.kill(os.getpid(), signal.SIGINT)
        return original(task, at)

    monkeypatch.setattr(DigitsTask, "batch", batch)
    with pytest.raises(Interrupted):
        train_seeds(drawn_data(), config(tmp_path))
    asked.clear()

    resumed = train_seeds(drawn_data(), config(tmp_path, resume=True))[0]

    assert asked == WHOLE[WHOLE.index(stop) + 1 :]
    torch.testing.assert_close(weights(resumed), weights(run), rtol=0.0, atol=0.0)
    assert resumed.temperature == run.temperature


def test_training_without_resume_makes_every_stage_anew(run: Run, tmp_path: Path) -> None:
    for stage in (FIRST, SETTLING, REFIT):
        (tmp_path / "runs" / stage).mkdir(parents=True)
        (tmp_path / "runs" / stage / "checkpoint.pt").write_bytes(b"of an older training")

    again = train_seeds(drawn_data(), config(tmp_path))[0]

    torch.testing.assert_close(weights(again), weights(run), rtol=0.0, atol=0.0)
