"""Teachers: convolutional networks that see the whole image at once. They are never exported.

Their averaged probabilities say more of a warped image than its label does, and that is what a row
classifier imitates besides the labels (docs/decisions/0027-convolutional-teachers.md).

Axis letters: B batch, C channels, H and W pixels, K classes.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from training.digits.config import DigitsTraining
from training.digits.data import DigitData
from training.digits.stages import ByStage, fit_stages
from training.digits.task import NOTHING, Batch, DigitsTask
from training.loop import History

_FIRST_SEED = 1000  # no student has it, so no student repeats the batches of a teacher


class ConvolutionalTeacher(nn.Module):
    """Three stages of two convolutions each, an image half as wide from stage to stage.

    Shape:
        images: (B, H, W) float32, 0..255; returns: (B, K) float32 logits.
    """

    def __init__(self, n_classes: int, *, n_channels: int = 32, dropout: float = 0.3) -> None:
        super().__init__()
        n_1, n_2, n_3 = n_channels, 2 * n_channels, 4 * n_channels
        self.stages = nn.Sequential(
            *_stage(1, n_1, first_step=1, last_step=2),
            *_stage(n_1, n_2, first_step=1, last_step=2),
            *_stage(n_2, n_3, first_step=1, last_step=1),
        )
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(n_3, n_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Logits of every class."""
        pictures = (images / 79.0).unsqueeze(1).to(self.head.weight.dtype)
        pictures = pictures.contiguous(memory_format=torch.channels_last)
        features = self.stages(pictures).mean(dim=(2, 3))  # (B, C)
        logits: Tensor = self.head(self.dropout(features))
        return logits


class TeacherTask(DigitsTask):
    """The training of one teacher: the digits and their labels, and another network."""

    def __init__(self, data: DigitData, config: DigitsTraining) -> None:
        super().__init__(data, config)
        self.network: nn.Module = ConvolutionalTeacher(len(data.classes))


class TaughtTask(DigitsTask):
    """The training of a row classifier that imitates teachers as well as the labels.

    Source: Hinton, Vinyals & Dean 2015, arXiv:1503.02531; the same warped image goes to teachers
    and student, over many rounds: Beyer et al. 2022, arXiv:2106.05237. Images that are spoilt are
    spoilt for the student only: Xie et al. 2020, arXiv:1911.04252.
    """

    def __init__(
        self, data: DigitData, config: DigitsTraining, teachers: Sequence[nn.Module]
    ) -> None:
        super().__init__(data, config)
        half = config.precision == "bfloat16"
        self._teachers = [quicker(teacher, half=half) for teacher in teachers]
        self._share = config.teaching

    def loss(self, batch: Batch) -> Tensor:
        """Cross-entropy with the labels, and with what the teachers say of the same images."""
        device = next(self.network.parameters()).device
        images, labels, clean = (part.to(device) for part in batch)
        logits = self.network(images).float()
        known = labels != NOTHING
        told = functional.cross_entropy(logits[known], self._taught(clean[known]))
        labelled = self.labelled_loss(logits, labels)
        return self._share * told + (1.0 - self._share) * labelled

    @torch.no_grad()
    def _taught(self, images: Tensor) -> Tensor:
        """Probabilities (B, K), averaged over the teachers."""
        answers = [
            teacher.to(images.device)(images).float().softmax(dim=1) for teacher in self._teachers
        ]
        return torch.stack(answers).mean(dim=0)


def quicker(teacher: nn.Module, *, half: bool) -> nn.Module:
    """A copy that answers the same in less time: two fifths of it in bfloat16, where students wait.

    Normalisation is folded into the convolutions before it; with ``half`` all numbers are bfloat16.
    """
    if not isinstance(teacher, ConvolutionalTeacher):
        return teacher
    copy = deepcopy(teacher).eval()
    convolutions = [each for each in copy.stages if isinstance(each, nn.Conv2d)]
    norms = [each for each in copy.stages if isinstance(each, nn.BatchNorm2d)]
    folded = map(fuse_conv_bn_eval, convolutions, norms)
    copy.stages = nn.Sequential(*(layer for each in folded for layer in (each, nn.ReLU())))
    copy.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return copy.to(torch.bfloat16) if half else copy


@dataclass(frozen=True)
class Teacher:
    """A trained teacher, and what its training reached on validation.

    Each stage of a student is taught by the network that the same stage of the teacher left.
    """

    seed: int
    networks: ByStage[nn.Module]
    history: History


def teacher_configs(config: DigitsTraining) -> list[DigitsTraining]:
    """The settings of each teacher, which has a checkpoint and a seed of its own."""
    steps = config.teacher_steps
    return [
        replace(
            config,
            name=f"{config.name}/teacher-{number}",
            seed=_FIRST_SEED + number,
            seeds=1,
            steps=steps,
            warmup_steps=min(config.warmup_steps, steps // 10),
            patience=steps,  # teachers take all their steps
            corruption=0.0,
            settling_corruption=0.0,
            outliers=0.0,
        )
        for number in range(config.teachers)
    ]


def train_teacher(images: ByStage[DigitData], configs: ByStage[DigitsTraining]) -> Teacher:
    """Train a network with the stages of one of ``teacher_configs``.

    Raises:
        Interrupted: Ctrl-C or SIGTERM; the checkpoint is kept.
    """
    tasks: ByStage[DigitsTask] = ByStage(*map(TeacherTask, images, configs))
    history = fit_stages(configs, tasks)
    networks = ByStage(*(task.network.requires_grad_(False) for task in tasks))
    return Teacher(configs.first.seed, networks, history)


def _stage(n_in: int, n_out: int, *, first_step: int, last_step: int) -> list[nn.Module]:
    return [*_convolution(n_in, n_out, first_step), *_convolution(n_out, n_out, last_step)]


def _convolution(n_in: int, n_out: int, step: int) -> list[nn.Module]:
    return [
        nn.Conv2d(n_in, n_out, kernel_size=3, stride=step, padding=1, bias=False),
        nn.BatchNorm2d(n_out),
        nn.ReLU(),
    ]
