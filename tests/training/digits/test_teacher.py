"""Teachers and those they teach, on drawn digits."""

import os
import signal
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.training.digits.tiny_trainings import configured, drawn_data
from training.digits import task as task_module
from training.digits.config import DigitsTraining
from training.digits.describe import training_of
from training.digits.runs import Run, train_seeds
from training.digits.task import DigitsTask
from training.digits.teacher import ConvolutionalTeacher, TaughtTask, quicker, teacher_configs
from training.errors import Interrupted

TINY: dict[str, object] = {
    "hidden_size": 10,
    "steps": 4,
    "validate_every": 2,
    "batch_size": 16,
    "precision": "float32",
    "teachers": 2,
    "teacher_steps": 2,
    "settling_steps": 0,
}


def config(folder: Path = Path("nowhere"), **changes: object) -> DigitsTraining:
    return configured(folder, TINY, changes)


class Says(nn.Module):
    """A teacher that gives every image the same probabilities."""

    def __init__(self, *probabilities: float) -> None:
        super().__init__()
        self.logits = torch.tensor(probabilities).log()

    def forward(self, images: Tensor) -> Tensor:
        return self.logits.expand(len(images), -1)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    return train_seeds(drawn_data(), config(tmp_path_factory.mktemp("taught")))


def test_a_teacher_answers_an_image_alone_as_in_a_batch() -> None:
    torch.manual_seed(0)
    teacher = ConvolutionalTeacher(7, n_channels=3).eval()
    images = 255 * torch.rand(2, 28, 28)

    together = teacher(images)

    assert together.shape == (2, 7)
    assert not torch.equal(together[0], together[1])
    torch.testing.assert_close(together[1:], teacher(images[1:]))


@pytest.mark.parametrize(("half", "tolerance"), [(False, 1e-4), (True, 0.3)])
def test_a_quicker_teacher_answers_the_same(half: bool, tolerance: float) -> None:
    torch.manual_seed(0)
    teacher = ConvolutionalTeacher(7, n_channels=3)
    images = torch.from_numpy(drawn_data().training.images[:64]).float()
    for _ in range(20):  # statistics of the normalisation that are not those of its start
        teacher(images)
    before = {name: tensor.clone() for name, tensor in teacher.state_dict().items()}
    told = teacher.eval()(images)
    spread = float(told.std(dim=0).max().detach())

    answered = quicker(teacher, half=half)(images).float()

    torch.testing.assert_close(answered, told, atol=tolerance * spread, rtol=0.0)
    assert all(torch.equal(before[name], now) for name, now in teacher.state_dict().items())


def test_the_loss_weighs_the_mean_of_the_teachers_and_the_labels() -> None:
    told = [0.1 + 0.02 * (k % 2) - 0.01 for k in range(10)]
    others = [0.1 - 0.04 * (k % 2) + 0.02 for k in range(10)]
    settings = config(teaching=0.7, dropout=0.0, augmentation=0.0)
    task = TaughtTask(drawn_data(), settings, [Says(*told), Says(*others)])
    batch = task.batch(0)

    logits = task.network(batch[0])
    mean = torch.tensor([told, others]).mean(dim=0)
    taught = -(mean * functional.log_softmax(logits, dim=1)).sum(dim=1).mean()
    expected = 0.7 * taught + 0.3 * DigitsTask.loss(task, batch)

    torch.testing.assert_close(task.loss(batch), expected)


def test_teachers_see_images_as_they_were_before_they_were_spoilt() -> None:
    seen: list[Tensor] = []

    class Looks(Says):
        def forward(self, images: Tensor) -> Tensor:
            seen.append(images)
            return super().forward(images)

    settings = config(corruption=1.0, outliers=0.25)
    task = TaughtTask(drawn_data(), settings, [Looks(*[0.1] * 10)])
    batch = task.batch(0)
    task.loss(batch)

    digits = batch[1] >= 0
    assert digits.tolist() == [True] * 16 + [False] * 4
    torch.testing.assert_close(seen[0], batch[2][digits])
    assert not torch.equal(seen[0], batch[0][digits])


def test_no_gradient_reaches_a_teacher() -> None:
    teacher = ConvolutionalTeacher(10, n_channels=3).eval()
    task = TaughtTask(drawn_data(), config(), [teacher])

    task.loss(task.batch(0)).backward()  # type: ignore[no-untyped-call]

    assert all(weight.grad is None for weight in teacher.parameters())
    assert any(weight.grad is not None for weight in task.network.parameters())


def test_teachers_have_seeds_and_checkpoints_of_their_own_and_take_all_steps() -> None:
    spoilt = config(seed=5, warmup_steps=50, corruption=0.5, outliers=0.5)
    first, second = teacher_configs(spoilt)

    assert (first.name, second.name) == ("digits/teacher-0", "digits/teacher-1")
    assert (first.seed, second.seed) == (1000, 1001)
    assert (first.steps, first.warmup_steps) == (2, 0)
    assert first.patience > first.steps // first.validate_every
    assert (first.corruption, first.settling_corruption, first.outliers) == (0.0, 0.0, 0.0)


def test_the_description_names_the_teachers_and_counts_their_time(runs: list[Run]) -> None:
    described = training_of(drawn_data(), config(), runs, runs[0])

    teachers = described["teachers"]
    assert [teacher["seed"] for teacher in teachers] == [1000, 1001]
    assert all(0.0 <= teacher["validation_accuracy"] <= 1.0 for teacher in teachers)
    seconds = [each["wall_time_s"] for each in [*teachers, *described["runs"]]]
    assert described["wall_time_s"] == pytest.approx(sum(seconds), abs=0.2)
    student = sum(weight.numel() for weight in runs[0].network.parameters())
    assert described["n_parameters"] == student


@pytest.mark.parametrize(
    ("stop", "rest"),
    [
        pytest.param((1001, 0), [(1001, 1), *((0, step) for step in range(4))], id="teacher"),
        pytest.param((0, 2), [(0, 3)], id="student"),
    ],
)
def test_a_resumed_training_repeats_nothing(
    runs: list[Run],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    stop: tuple[int, int],
    rest: list[tuple[int, int]],
) -> None:
    asked: list[tuple[int, int]] = []
    original = task_module.DigitsTask.batch

    def batch(task: DigitsTask, at: int) -> task_module.Batch:
        asked.append((task._config.seed, at))
        if asked[-1] == stop and not task._config.resume:
            os.kill(os.getpid(), signal.SIGINT)
        return original(task, at)

    monkeypatch.setattr(task_module.DigitsTask, "batch", batch)
    with pytest.raises(Interrupted):
        train_seeds(drawn_data(), config(tmp_path))
    asked.clear()

    resumed = train_seeds(drawn_data(), config(tmp_path, resume=True))

    assert asked == rest
    weights = [run.network.state_dict() for run in (*runs, *resumed)]
    torch.testing.assert_close(weights[0], weights[1], rtol=0.0, atol=0.0)
