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
from training.digits.stages import ByStage, configs_of, fit_stages, images_of
from training.digits.task import DigitsTask, logits_of_views
from training.digits.teacher import TaughtTask, Teacher, teacher_configs, train_teacher
from training.loop import History


@dataclass(frozen=True)
class Run:
    """The network of one seed, and what it reaches; after a refit, what its twin reaches, too.

    ``network`` and ``test`` belong together, as do ``temperature``, ``validation`` and the steps of
    ``history``: those are of the network that never learned from the validation images. Both are
    measured as they would be served, by the mean over views; ``test_logits`` are (V, N, C).
    """

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

    Each goes through the stages of ``training.digits.stages``.

    Raises:
        Interrupted: Ctrl-C or SIGTERM; every finished run and the checkpoint are kept.
    """
    students = [_of_seed(config, config.seed + i) for i in range(config.seeds)]
    trainings = _continued([*teacher_configs(config), *students])
    images = images_of(data)
    teachers = [train_teacher(images, own) for own in trainings[: config.teachers]]
    return [_train(images, own, teachers) for own in trainings[config.teachers :]]


def best_run(runs: Sequence[Run]) -> Run:
    """The run with the highest accuracy on validation; the likelihood decides between equals."""
    return max(runs, key=lambda r: (r.validation.accuracy, -r.validation.negative_log_likelihood))


def _of_seed(config: DigitsTraining, seed: int) -> DigitsTraining:
    return replace(config, seed=seed, seeds=1, name=f"{config.name}/seed-{seed}")


def _continued(configs: Sequence[DigitsTraining]) -> list[ByStage[DigitsTraining]]:
    """The stages of each; resume those that have begun, or without ``resume`` forget them."""
    trainings = [configs_of(own) for own in configs]
    every = [config for stages in trainings for config in stages]
    if not any(own.resume for own in every):  # a later --resume must not meet older runs
        for own in every:
            (own.run_folder / CHECKPOINT_FILE).unlink(missing_ok=True)
    elif any(map(_has_checkpoint, every)):
        return [ByStage(*map(_resumed, stages)) for stages in trainings]
    return trainings


def _resumed(config: DigitsTraining) -> DigitsTraining:
    return replace(config, resume=_has_checkpoint(config))


def _has_checkpoint(config: DigitsTraining) -> bool:
    return (config.run_folder / CHECKPOINT_FILE).is_file()


def _train(
    images: ByStage[DigitData], configs: ByStage[DigitsTraining], teachers: Sequence[Teacher]
) -> Run:
    tasks = ByStage(
        *(
            _task(data, config, [teacher.networks[stage] for teacher in teachers])
            for stage, (data, config) in enumerate(zip(images, configs, strict=True))
        )
    )
    history = fit_stages(configs, tasks)
    networks = ByStage(*(task.network for task in tasks))
    run = measured(networks, images.first, configs.first, history)
    return replace(run, teachers=tuple(teachers))


def _task(data: DigitData, config: DigitsTraining, teachers: Sequence[nn.Module]) -> DigitsTask:
    return TaughtTask(data, config, teachers) if teachers else DigitsTask(data, config)


def measured(
    networks: ByStage[nn.Module], data: DigitData, config: DigitsTraining, history: History
) -> Run:
    """Choose the temperature on validation images, unseen by that network, and measure both."""
    network = networks.refit
    assert isinstance(network, RowClassifier)  # noqa: S101  for the type checker
    logits = logits_of_views(networks.settling, data.validation, config.views)
    labels = torch.from_numpy(data.validation.labels)
    temperature = best_temperature(logits, labels)
    test_logits = logits_of_views(network, data.test, config.views)
    return Run(
        seed=config.seed,
        network=network,
        history=history,
        temperature=temperature,
        validation=score(probabilities_of(logits, temperature), data.validation.labels),
        test=score(probabilities_of(test_logits, temperature), data.test.labels),
        test_logits=test_logits,
    )
