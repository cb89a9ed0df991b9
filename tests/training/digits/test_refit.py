"""The refit: what it learns from, what it goes on from, and what is chosen without it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.training.digits.tiny_trainings import (
    SMALL,
    configured,
    drawn_data,
    teachers_given,
    weights,
)
from training.digits import task as task_module
from training.digits.config import DigitsTraining
from training.digits.data import DigitData
from training.digits.describe import metrics_of, training_of
from training.digits.refit import refit_config
from training.digits.runs import Run, train_seeds
from training.digits.settling import settling_config
from training.digits.task import DigitsTask
from training.errors import CheckpointError

NINE = 9
TINY = {**SMALL, "steps": 20, "settling_steps": 2}


def config(folder: Path = Path("nowhere"), **changes: object) -> DigitsTraining:
    return configured(folder, TINY, changes)


def apart() -> DigitData:
    """Nines are among the validation images only."""
    data = drawn_data()
    nines = data.training.labels == NINE
    held_out, rest = (data.training.take(np.flatnonzero(some)) for some in (nines, ~nines))
    return replace(data, training=rest, validation=held_out)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("refit")


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    return train_seeds(apart(), config(folder))[0]


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train_seeds(apart(), config(tmp_path_factory.mktemp("twin"), refit=False))[0]


def test_it_alone_learns_from_the_validation_images_teachers_included(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned: dict[str, set[int]] = {}
    original = DigitsTask.batch

    def batch(task: DigitsTask, at: int) -> task_module.Batch:
        made = original(task, at)
        learned.setdefault(task._config.name, set()).update(made[1].tolist())
        return made

    monkeypatch.setattr(DigitsTask, "batch", batch)
    train_seeds(apart(), config(tmp_path, teachers=1, teacher_steps=2, steps=2, batch_size=30))

    of = ["digits/teacher-0", "digits/seed-0"]
    assert {name for name, labels in learned.items() if NINE in labels} == {
        f"{name}/refit" for name in of
    }
    for name in of:
        assert learned[name] | learned[f"{name}/settling"] == set(range(NINE))
        assert learned[f"{name}/refit"] == set(range(NINE + 1))


def test_all_that_is_chosen_is_chosen_without_it(run: Run, twin: Run) -> None:
    assert run.temperature == twin.temperature
    assert run.validation == twin.validation
    assert run.history.records == twin.history.records
    assert run.history.best_step == twin.history.best_step


def test_what_is_exported_and_measured_on_test_images_is_its_network(run: Run, twin: Run) -> None:
    assert not torch.equal(weights(run), weights(twin))
    logits = task_module.logits_of_views(run.network, apart().test, 3)
    torch.testing.assert_close(run.test_logits, logits)
    assert not torch.equal(run.test_logits, twin.test_logits)


def test_it_goes_on_from_the_first_stage_whatever_settling_made_of_that(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    kept = folder / "runs/digits/seed-0"
    (tmp_path / "runs/digits/seed-0/settling").mkdir(parents=True)
    for stage in (".", "settling"):
        state = torch.load(kept / stage / "checkpoint.pt", weights_only=True)
        if stage == "settling":
            state["best_weights"]["head.bias"] += 3.0 * torch.arange(10.0)
        torch.save(state, tmp_path / "runs/digits/seed-0" / stage / "checkpoint.pt")

    again = train_seeds(apart(), config(tmp_path, resume=True))[0]

    assert again.temperature != run.temperature
    torch.testing.assert_close(weights(again), weights(run), rtol=0.0, atol=0.0)


def test_it_is_settling_but_that_its_last_weights_count() -> None:
    settling, refit = (
        make(config(steps=400, settling_steps=40)) for make in (settling_config, refit_config)
    )

    assert (refit.name, refit.keep, refit.validate_every) == ("digits/refit", "last", 40)
    changed = {"name": settling.name, "keep": "best", "validate_every": 10}
    assert replace(refit, **changed) == settling  # type: ignore[arg-type]


def test_refitted_teachers_teach_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = teachers_given(monkeypatch)
    run = train_seeds(apart(), config(tmp_path, teachers=1, teacher_steps=4))[0]

    networks = run.teachers[0].networks
    assert given["digits/seed-0/refit"] == [networks.refit]
    assert not torch.equal(flat(networks.refit), flat(networks.settling))
    assert not any(weight.requires_grad for weight in networks.refit.parameters())


def flat(network: nn.Module) -> Tensor:
    return torch.cat([weight.flatten() for weight in network.parameters()])


def test_without_settling_there_is_no_refit(tmp_path: Path) -> None:
    plain = config(tmp_path, settling_steps=0)

    one = train_seeds(apart(), plain)[0]
    other = train_seeds(apart(), replace(plain, refit=False))[0]

    assert not plain.refits
    assert not (tmp_path / "runs/digits/seed-0/refit").exists()
    torch.testing.assert_close(weights(one), weights(other), rtol=0.0, atol=0.0)


@pytest.mark.parametrize("left_out", [{"refit": False}, {"settling_steps": 0}])
def test_where_there_was_none_nothing_is_said_of_it(twin: Run, left_out: dict[str, object]) -> None:
    settings, data = configured(Path(), TINY, left_out), replace(apart(), note="three held out")

    assert "refit" not in training_of(data, settings, [twin], twin)
    held_out = [each for each in metrics_of(data, settings, [twin], twin) if each.split != "test"]
    assert [metric.note for metric in held_out] == ["three held out"]


def test_its_time_counts(run: Run, folder: Path) -> None:
    stages = [folder / "runs/digits/seed-0" / stage for stage in (".", "settling", "refit")]
    states = [torch.load(stage / "checkpoint.pt", weights_only=True) for stage in stages]

    spent = [state["history"]["wall_time_s"] for state in states]
    assert len(states[2]["history"]["records"]) == 1
    assert run.history.wall_time_s >= sum(spent)


def test_other_settings_are_refused_in_the_refit_as_well(folder: Path, run: Run) -> None:
    assert run.seed == 0
    with pytest.raises(CheckpointError, match="settling_augmentation was 0.4, now 0.5"):
        train_seeds(apart(), config(folder, resume=True, settling_augmentation=0.5))
