"""One training per seed, through the same loop; a finished one is not trained again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from models.row_classifier import RowClassifier
from training.checkpoint import CHECKPOINT_FILE
from training.digits.config import DigitsTraining
from training.digits.data import DigitData
from training.digits.evaluation import Scores, best_temperature, probabilities_of, score
from training.digits.settling import joined, settling_config
from training.digits.task import DigitsTask, logits_of
from training.digits.teacher import TaughtTask, Teacher, teacher_configs, train_teacher
from training.loop import History, fit


@dataclass(frozen=True)
class Run:
    """The averaged weights of one seed that validated best, and what they reach."""

    seed: int
    network: RowClassifier
    history: History
    temperature: float
    validation: Scores
    test: Scores
    test_logits: Tensor
    teachers: tuple[Teacher, ...] = ()


def train_seeds(data: DigitData, config: DigitsTraining) -> list[Run]:
    """Train the teachers, then ``config.seeds`` networks; with ``resume``, go on where it stopped.

    Each is trained in two stages, the last one with weaker warps (``training.digits.settling``).

    Raises:
        Interrupted: Ctrl-C or SIGTERM; every finished run and the checkpoint are kept.
    """
    students = [_of_seed(config, config.seed + i) for i in range(config.seeds)]
    lasts = [settling_config(own) for own in students]
    configs = iter(_continued([*teacher_configs(config), *students, *lasts]))
    teachers = [train_teacher(data, next(configs)) for _ in range(config.teachers)]
    students = [next(configs) for _ in students]
    return [_train(data, (own, next(configs)), teachers) for own in students]


def best_run(runs: Sequence[Run]) -> Run:
    """The run with the highest accuracy on validation; the likelihood decides between equals."""
    return max(runs, key=lambda r: (r.validation.accuracy, -r.validation.negative_log_likelihood))


def _of_seed(config: DigitsTraining, seed: int) -> DigitsTraining:
    return replace(config, seed=seed, seeds=1, name=f"{config.name}/seed-{seed}")


def _continued(configs: Sequence[DigitsTraining]) -> list[DigitsTraining]:
    """Resume those that have begun; without ``resume``, forget that they have."""
    if not any(own.resume for own in configs):  # a later --resume must not meet older runs
        for own in configs:
            (own.run_folder / CHECKPOINT_FILE).unlink(missing_ok=True)
    elif any(map(_has_checkpoint, configs)):
        return [replace(own, resume=_has_checkpoint(own)) for own in configs]
    return list(configs)


def _has_checkpoint(config: DigitsTraining) -> bool:
    return (config.run_folder / CHECKPOINT_FILE).is_file()


def _train(
    data: DigitData, stages: tuple[DigitsTraining, DigitsTraining], teachers: Sequence[Teacher]
) -> Run:
    config, last = stages
    task = _task(data, config, teachers)
    history = fit(task, config, title=config.name)
    if config.settling_steps:
        settling = _task(data, last, teachers)
        settling.network.load_state_dict(task.network.state_dict())
        ended = int(history.records[-1]["step"])
        history = joined(history, fit(settling, last, title=last.name), ended)
        task = settling
    return replace(measured(task.network, data, config.seed, history), teachers=tuple(teachers))


def _task(data: DigitData, config: DigitsTraining, teachers: Sequence[Teacher]) -> DigitsTask:
    networks = [teacher.network for teacher in teachers]
    return TaughtTask(data, config, networks) if networks else DigitsTask(data, config)


def measured(network: nn.Module, data: DigitData, seed: int, history: History) -> Run:
    """Choose the network's temperature on validation, and measure what it reaches."""
    assert isinstance(network, RowClassifier)  # noqa: S101  for the type checker
    logits = logits_of(network, data.validation)
    labels = torch.from_numpy(data.validation.labels)
    temperature = best_temperature(logits, labels)
    test_logits = logits_of(network, data.test)
    return Run(
        seed=seed,
        network=network,
        history=history,
        temperature=temperature,
        validation=score(probabilities_of(logits, temperature), data.validation.labels),
        test=score(probabilities_of(test_logits, temperature), data.test.labels),
        test_logits=test_logits,
    )
