"""The last stage of a training: what it is given, and what it goes on from."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.training.digits.tiny_trainings import (
    SMALL,
    configured,
    drawn_data,
    teachers_given,
    weights,
)
from training.digits.config import DigitsTraining
from training.digits.runs import Run, train_seeds
from training.digits.settling import settling_config
from training.digits.task import DigitsTask

STEPS, LAST = 20, 2
TINY = {**SMALL, "steps": STEPS, "settling_steps": LAST, "refit": False}


def config(folder: Path = Path("nowhere"), **changes: object) -> DigitsTraining:
    return configured(folder, TINY, changes)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train_seeds(drawn_data(), config(tmp_path_factory.mktemp("settled")))[0]


def test_it_goes_on_from_the_first_stage_with_small_steps(run: Run, tmp_path: Path) -> None:
    plain = train_seeds(drawn_data(), config(tmp_path, settling_steps=0))[0]
    fresh = train_seeds(drawn_data(), config(tmp_path / "other", seed=9, settling_steps=0))[0]

    moved, apart = weights(run) - weights(plain), weights(fresh) - weights(plain)
    assert 0.0 < moved.norm() < 0.2 * apart.norm()


def test_teachers_settle_as_well_and_teach_the_last_stage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = teachers_given(monkeypatch)
    teacher = train_seeds(drawn_data(), config(tmp_path, teachers=1, teacher_steps=4))[0].teachers[
        0
    ]

    assert given["digits/seed-0"] == [teacher.networks.first]
    assert given["digits/seed-0/settling"] == [teacher.networks.settling]
    pairs = zip(*(network.parameters() for network in teacher.networks[:2]), strict=True)
    assert any(not torch.equal(before, after) for before, after in pairs)
    assert teacher.history.best_step == 5  # four steps, and one of the last stage


def test_its_images_are_new_and_hardly_warped(tmp_path: Path) -> None:
    first = config(tmp_path, settling_augmentation=0.0, settling_corruption=0.0)
    last = settling_config(first)
    strong, weak = (DigitsTask(drawn_data(), own).batch(0)[0] for own in (first, last))
    given = torch.from_numpy(drawn_data().training.images.copy()).float()

    def untouched(images: Tensor) -> int:
        return sum(bool((image == given).flatten(1).all(dim=1).any()) for image in images)

    assert last.seed != first.seed
    assert untouched(strong) == 0
    assert untouched(weak) == 16


def test_more_images_are_spoilt_and_stretched_as_well() -> None:
    first, last = config(corruption=0.15), settling_config(config(settling_corruption=0.25))

    assert (first.corruption, first.stretching) == (0.15, False)
    assert (last.corruption, last.stretching) == (0.25, True)
    every, some = (replace(last, corruption=1.0, stretching=on) for on in (True, False))
    stretched, others = (DigitsTask(drawn_data(), own).batch(0)[0] for own in (every, some))
    assert not torch.equal(stretched, others)


def test_it_is_shorter_than_the_stage_before() -> None:
    assert settling_config(config(steps=100, settling_steps=50)).steps == 10
    assert settling_config(config(steps=1000, settling_steps=50)).steps == 50
    assert settling_config(config(steps=3, settling_steps=50)).steps == 1
