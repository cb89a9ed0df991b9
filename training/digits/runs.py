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
from training.digits.settling import Stages, fit_stages, settling_config
from training.digits.task import DigitsTask, logits_of
from training.digits.teacher import TaughtTask, Teacher, teacher_configs, train_teacher
from training.loop import History


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
    stages = _continued([*teacher_configs(config), *students])
    teachers = [train_teacher(data, own) for own in stages[: config.teachers]]
    return [_train(data, own, teachers) for own in stages[config.teachers :]]


def best_run(runs: Sequence[Run]) -> Run:
    """The run with the highest accuracy on validation; the likelihood decides between equals."""
    return max(runs, key=lambda r: (r.validation.accuracy, -r.validation.negative_log_likelihood))


def _of_seed(config: DigitsTraining, seed: int) -> DigitsTraining:
    return replace(config, seed=seed, seeds=1, name=f"{config.name}/seed-{seed}")


def _continued(configs: Sequence[DigitsTraining]) -> list[Stages]:
    """Both stages of each; resume those that have begun, or without ``resume`` forget them."""
    stages = [(own, settling_config(own)) for own in configs]
    every = [config for both in stages for config in both]
    if not any(own.resume for own in every):  # a later --resume must not meet older runs
        for own in every:
            (own.run_folder / CHECKPOINT_FILE).unlink(missing_ok=True)
    elif any(map(_has_checkpoint, every)):
        return [(_resumed(first), _resumed(last)) for first, last in stages]
    return stages


def _resumed(config: DigitsTraining) -> DigitsTraining:
    return replace(config, resume=_has_checkpoint(config))


def _has_checkpoint(config: DigitsTraining) -> bool:
    return (config.run_folder / CHECKPOINT_FILE).is_file()


def _train(data: DigitData, stages: Stages, teachers: Sequence[Teacher]) -> Run:
    config, last = stages
    first_task = _task(data, config, [teacher.network for teacher in teachers])
    last_task = _task(data, last, [teacher.settled for teacher in teachers])
    history = fit_stages(stages, first_task, last_task)
    run = measured(last_task.network, data, config.seed, history)
    return replace(run, teachers=tuple(teachers))


def _task(data: DigitData, config: DigitsTraining, teachers: Sequence[nn.Module]) -> DigitsTask:
    return TaughtTask(data, config, teachers) if teachers else DigitsTask(data, config)


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
