"""The loop, driven with a linear regression whose answer can be done in the head."""

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pytest
import torch
from torch import Tensor, nn

from training.checkpoint import load_checkpoint, save_checkpoint
from training.config import TrainingConfig, TunableConfig
from training.devices import step_generator
from training.errors import CheckpointError, DataError, Interrupted
from training.loop import History, fit

Pair = tuple[Tensor, Tensor]
WEIGHTS = torch.tensor([[2.0, -3.0, 0.5]])


class Regression:
    """y = 2 a - 3 b + c / 2, noiseless; remembers which steps it was asked for."""

    monitor = "mse"
    unit = "rows"

    def __init__(self, *, stop_at: int | None = None, goal: Literal["min", "max"] = "min") -> None:
        torch.manual_seed(5)
        self.network: nn.Module = nn.Sequential(nn.Linear(3, 1), nn.Dropout(0.1))
        self.goal: Literal["min", "max"] = goal
        self.stop_at = stop_at
        self.steps: list[int] = []
        self.poison = 1.0

    def batch(self, step: int) -> Pair:
        self.steps.append(step)
        if step == self.stop_at:
            os.kill(os.getpid(), signal.SIGINT)
        inputs = torch.from_numpy(step_generator(0, step).normal(size=(8, 3))).float()
        return inputs, inputs @ WEIGHTS.T

    def size(self, batch: Pair) -> int:
        return len(batch[0])

    def loss(self, batch: Pair) -> Tensor:
        return nn.functional.mse_loss(self.network(batch[0]), batch[1]) * self.poison

    def validate(self, network: nn.Module) -> Mapping[str, float]:
        inputs = torch.eye(3)
        with torch.inference_mode():
            return {"mse": float(((network(inputs) - inputs @ WEIGHTS.T) ** 2).mean())}


def config(folder: Path, **changes: object) -> TrainingConfig:
    settings = {"steps": 60, "validate_every": 20, "learning_rate": 0.1, "average_decay": 0.9}
    return TrainingConfig(runs=folder, **(settings | changes))  # type: ignore[arg-type]


def weights(task: Regression) -> Tensor:
    return torch.cat([p.detach().flatten() for p in task.network.parameters()])


def test_the_loop_learns(tmp_path: Path) -> None:
    task = Regression()
    history = fit(task, config(tmp_path, steps=400, patience=99))
    assert history.best < 0.05
    assert [record["step"] for record in history.records] == list(range(20, 401, 20))
    assert not task.network.training


def test_the_weights_left_are_those_that_validated_best(tmp_path: Path) -> None:
    task = Regression()
    history = fit(task, config(tmp_path))
    assert task.validate(task.network)["mse"] == pytest.approx(history.best, rel=1e-5)
    assert history.best == min(record["mse"] for record in history.records)


def test_a_goal_of_max_keeps_the_largest_metric(tmp_path: Path) -> None:
    history = fit(Regression(goal="max"), config(tmp_path))
    assert history.best == max(record["mse"] for record in history.records)


def test_the_same_seed_gives_the_same_weights(tmp_path: Path) -> None:
    first, second = Regression(), Regression()
    fit(first, config(tmp_path / "a"))
    fit(second, config(tmp_path / "b"))
    assert torch.equal(weights(first), weights(second))


def test_another_seed_gives_other_weights(tmp_path: Path) -> None:
    first, second = Regression(), Regression()
    fit(first, config(tmp_path / "a"))
    fit(second, config(tmp_path / "b", seed=1))
    assert not torch.equal(weights(first), weights(second))


def test_ctrl_c_leaves_a_checkpoint_and_resume_ends_as_if_never_stopped(tmp_path: Path) -> None:
    whole = Regression()
    fit(whole, config(tmp_path / "whole"))

    stopped = Regression(stop_at=33)
    with pytest.raises(Interrupted, match="stopped at step 34 of 60.*--resume"):
        fit(stopped, config(tmp_path / "parts"))
    resumed = Regression()
    history = fit(resumed, config(tmp_path / "parts", resume=True))

    assert resumed.steps == list(range(34, 60))
    assert torch.equal(weights(whole), weights(resumed))
    assert [record["step"] for record in history.records] == [20, 40, 60]


def test_the_default_signal_handler_is_back_after_training(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    fit(Regression(), config(tmp_path, steps=2))
    assert signal.getsignal(signal.SIGINT) is before


def test_a_checkpoint_does_not_mention_a_parent_that_there_is_not(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"

    save_checkpoint(path, {}, TunableConfig())
    assert "from_" not in load_checkpoint(path, TunableConfig(anyway=True))["config"]
    save_checkpoint(path, {}, TunableConfig(from_="digits"))
    with pytest.raises(CheckpointError, match="from was digits, now other"):
        load_checkpoint(path, TunableConfig(from_="other"))


def test_resume_without_a_checkpoint_says_so(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="there is no checkpoint"):
        fit(Regression(), config(tmp_path, resume=True))


def test_resume_with_other_settings_says_which(tmp_path: Path) -> None:
    fit(Regression(), config(tmp_path))
    with pytest.raises(CheckpointError, match="learning_rate was 0.1, now 0.2"):
        fit(Regression(), config(tmp_path, resume=True, learning_rate=0.2))


def test_a_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    settings = config(tmp_path)
    settings.run_folder.mkdir()
    (settings.run_folder / "checkpoint.pt").write_bytes(b"not a checkpoint")
    with pytest.raises(CheckpointError, match="not a readable checkpoint"):
        fit(Regression(), config(tmp_path, resume=True))


def test_training_stops_when_validation_no_longer_gains(tmp_path: Path) -> None:
    class Stuck(Regression):
        def validate(self, network: nn.Module) -> Mapping[str, float]:
            return {"mse": 1.0}

    task = Stuck()
    history = fit(task, config(tmp_path, steps=1000, validate_every=5, patience=3))
    assert len(task.steps) == 20
    assert history.best_step == 5


def test_a_loss_that_is_no_number_stops_with_advice(tmp_path: Path) -> None:
    task = Regression()
    task.poison = float("nan")
    with pytest.raises(DataError, match="lower --learning-rate"):
        fit(task, config(tmp_path))


def test_without_an_average_the_weights_are_the_last_ones(tmp_path: Path) -> None:
    averaged, plain = Regression(), Regression()
    fit(averaged, config(tmp_path / "a", steps=20))
    fit(plain, config(tmp_path / "b", steps=20, average_decay=0.0))
    assert not torch.equal(weights(averaged), weights(plain))


def test_bfloat16_is_close_to_float32(tmp_path: Path) -> None:
    task = Regression()
    history = fit(task, config(tmp_path, steps=400, patience=99, precision="bfloat16"))
    assert history.best < 0.1


def test_the_history_gives_series_for_plots() -> None:
    history = History(records=[{"step": 5.0, "mse": 2.0}, {"step": 10.0}])
    assert history.series("mse") == ([5.0], [2.0])


def test_progress_is_printed_where_there_is_no_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fit(Regression(), config(tmp_path))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("step 20/60  loss ")
    assert "mse" in lines[0]
