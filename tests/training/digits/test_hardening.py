"""The last stage: how far to go towards robust weights, on drawn digits."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest
import torch

from training.digits import hardening
from training.digits import task as task_module
from training.digits import train as train_module
from training.digits.config import DigitsTraining
from training.digits.data import DigitData, LabelledImages
from training.digits.describe import metrics_of, training_of
from training.digits.drawn import drawn_digits
from training.digits.hardening import furthest, harden, hardening_config
from training.digits.runs import Run, train_seeds
from training.digits.task import DigitsTask
from training.digits.train import train
from training.errors import Interrupted

TINY: dict[str, object] = {
    "hidden_size": 10,
    "steps": 4,
    "validate_every": 2,
    "batch_size": 16,
    "precision": "float32",
    "teachers": 0,
    "hardening_steps": 4,
}


def config(folder: Path, **changes: object) -> DigitsTraining:
    places: dict[str, object] = {"repository": folder / "repository", "runs": folder / "runs"}
    return DigitsTraining(**(TINY | places | changes))  # type: ignore[arg-type]


def data() -> DigitData:
    every = LabelledImages(*drawn_digits(3))
    part = every.take(np.arange(20))
    return DigitData("drawn", tuple("0123456789"), every, part, part)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train_seeds(data(), config(tmp_path_factory.mktemp("before")))[0]


def test_the_largest_share_that_is_no_worse_is_kept() -> None:
    assert furthest({0.0: 0.5, 0.1: 0.4, 0.2: 0.5, 0.3: 0.6, 0.4: 0.49}) == 0.3
    assert furthest({0.0: 0.5, 0.5: 0.4, 1.0: 0.49}) == 0.0


def test_the_weights_are_between_those_before_and_after(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[float, float]] = []

    def third(accuracies: dict[float, float]) -> float:
        seen.append(accuracies)
        return 0.3

    monkeypatch.setattr(hardening, "furthest", third)
    found = harden(data(), config(tmp_path), run)
    monkeypatch.setattr(hardening, "furthest", lambda _: 1.0)
    after = harden(data(), config(tmp_path, resume=True), run)

    assert seen[0][0.0] == run.validation.accuracy
    assert len(seen[0]) == 11
    for name, mixed in found.network.state_dict().items():
        ends = run.network.state_dict()[name], after.network.state_dict()[name]
        if not mixed.is_floating_point():
            continue  # a count of batches
        assert not torch.equal(*ends)
        torch.testing.assert_close(mixed, ends[0].lerp(ends[1], 0.3))
    assert found.hardening is not None
    assert (found.hardening.share, found.hardening.steps) == (0.3, 4)
    assert found.hardening.test_before == run.test
    assert (found.seed, found.history) == (run.seed, run.history)


def test_the_last_stage_shows_spoilt_images_and_non_digits_and_keeps_the_last_weights(
    tmp_path: Path,
) -> None:
    own = hardening_config(config(tmp_path, hardening_steps=900, augmentation=0.5, teachers=3))

    assert own.corruption > 0 < own.outliers
    assert (own.augmentation, own.keep, own.teachers) == (0.6, "last", 0)
    assert (own.steps, own.validate_every, own.warmup_steps) == (900, 150, 90)
    assert own.run_folder == tmp_path / "runs" / "digits" / "hardened"


def test_the_description_tells_what_was_reached_before(run: Run, tmp_path: Path) -> None:
    settings = config(tmp_path)
    hardened = harden(data(), settings, run)

    described = training_of(data(), settings, [run], hardened)
    notes = {metric.name: metric.note for metric in metrics_of(data(), [run], hardened)}

    assert described["hardening"]["test_before"] == described["runs"][0]["test"]
    assert described["wall_time_s"] >= described["hardening"]["wall_time_s"]
    assert "before hardening" in notes["accuracy, mean of seeds"]
    assert training_of(data(), settings, [run], run)["hardening"] is None


def test_a_stage_that_was_interrupted_goes_on(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    original = task_module.DigitsTask.batch

    def batch(task: DigitsTask, at: int) -> task_module.Batch:
        asked.append(at)
        if at == 1 and not task._config.resume:
            os.kill(os.getpid(), signal.SIGINT)
        return original(task, at)

    monkeypatch.setattr(task_module.DigitsTask, "batch", batch)
    with pytest.raises(Interrupted):
        harden(data(), config(tmp_path), run)
    harden(data(), config(tmp_path, resume=True), run)

    assert asked == [0, 1, 2, 3]


def test_training_hardens_the_best_run_only_if_asked(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    class Reached(Exception):
        pass

    def stop(*_: object) -> None:
        raise Reached

    def watched(_: DigitData, settings: DigitsTraining, best: Run) -> Run:
        asked.append(best)
        return best

    monkeypatch.setattr(train_module, "load_digits", lambda *_, **__: data())
    monkeypatch.setattr(train_module, "train_seeds", lambda *_: [run])
    monkeypatch.setattr(train_module, "harden", watched)
    monkeypatch.setattr(train_module, "draft_of", stop)
    for steps in (0, 3):
        with pytest.raises(Reached):
            train(config(tmp_path, hardening_steps=steps))

    assert asked == [run]
