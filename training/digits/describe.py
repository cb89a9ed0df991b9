"""What an export of digits says of itself: tensors, metrics, sources, report."""

import statistics
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.manifest import DataSource, Metric, TensorSpec
from training.digits.config import DigitsTraining
from training.digits.data import DigitData
from training.digits.evaluation import Scores, class_prior, score
from training.digits.page import build_page
from training.digits.refit import TWIN_NOTE, describe_refit
from training.digits.runs import Run
from training.digits.teacher import Teacher
from training.draft import Draft
from training.provenance import data_source, describe_training

_N_GOLDEN = 4


def draft_of(
    data: DigitData, config: DigitsTraining, runs: Sequence[Run], best: Run, *, page: str = ""
) -> Draft:
    """All that the exporter needs besides the network; ``page`` replaces the usual report."""
    metrics = metrics_of(data, config, runs, best)
    return Draft(
        name=config.name,
        task="classify",
        inputs=(TensorSpec("images", "float32", (-1, 28, 28), ("batch", "row", "column")),),
        outputs=(
            TensorSpec("probabilities", "float32", (-1, len(data.classes)), ("batch", "class")),
        ),
        parameters={
            "classes": list(data.classes),
            "image_size": 28,
            "temperature": best.temperature,
            "views": config.views,
        },
        golden=_golden(data),
        metrics=metrics,
        training=training_of(data, config, runs, best),
        data=_sources_of(data),
        licence=data.licence and f"trained on {data.name}, {data.licence}",
        report_html=page or build_page(data, config, runs, best, metrics),
        tolerance=1e-4,
    )


def metrics_of(
    data: DigitData, config: DigitsTraining, runs: Sequence[Run], best: Run
) -> list[Metric]:
    """Test figures of the exported run, the spread over the seeds, and the class prior."""
    prior = class_prior(data.training, len(data.classes), len(data.test))
    baseline = score(prior, data.test.labels)
    accuracies = [run.test.accuracy for run in runs]
    seeds = f"seeds {', '.join(str(run.seed) for run in runs)}"
    spread = statistics.stdev(accuracies) if len(runs) > 1 else 0.0

    def test_metric(name: str, value: float, base: float | None = None, note: str = "") -> Metric:
        baselines = {} if base is None else {"class prior": base}
        return Metric(name, data.name, "test", value, baselines, note)

    held_out = f"{data.note}; {TWIN_NOTE}" if config.refits else data.note
    return [
        test_metric("accuracy", best.test.accuracy, baseline.accuracy, f"seed {best.seed}"),
        test_metric(
            "negative log-likelihood",
            best.test.negative_log_likelihood,
            baseline.negative_log_likelihood,
            "nats an image",
        ),
        test_metric(
            "expected calibration error",
            best.test.calibration_error,
            baseline.calibration_error,
            "15 equal bins",
        ),
        test_metric("accuracy, mean of seeds", statistics.mean(accuracies), note=seeds),
        test_metric("accuracy, standard deviation over seeds", spread, note=seeds),
        Metric("accuracy", data.name, "validation", best.validation.accuracy, note=held_out),
    ]


def training_of(
    data: DigitData, config: DigitsTraining, runs: Sequence[Run], best: Run
) -> dict[str, Any]:
    """What was trained, how and for how long."""
    described = describe_training(config, best.history)
    told = {
        # Without --resume the same command trains the same from the start.
        "command": described["command"].replace(" --resume", ""),
        "seed": best.seed,
        "wall_time_s": round(_wall_time_s(runs, best), 1),
        "runs": [_run_of(run) for run in runs],
        "teachers": [_teacher_of(teacher) for teacher in best.teachers],
        "n_parameters": sum(p.numel() for p in best.network.parameters()),
        "split": data.note,
        "md5_unzipped": dict(data.md5),
    }
    return described | told | describe_refit(config, data)


def _wall_time_s(runs: Sequence[Run], best: Run) -> float:
    """Of all that was trained: the runs, and the teachers that they share."""
    histories = [teacher.history for teacher in best.teachers] + [run.history for run in runs]
    return sum(history.wall_time_s for history in histories)


def _teacher_of(teacher: Teacher) -> dict[str, Any]:
    accuracies = teacher.history.series("validation_accuracy")
    reached = dict(zip(*accuracies, strict=True))
    return {
        "seed": teacher.seed,
        "best_step": teacher.history.best_step,
        "wall_time_s": round(teacher.history.wall_time_s, 1),
        "validation_accuracy": round(reached[teacher.history.best_step], 6),
    }


def _rounded(scores: Scores) -> dict[str, float]:
    return {name: round(value, 6) for name, value in vars(scores).items()}


def _run_of(run: Run) -> dict[str, Any]:
    return {
        "seed": run.seed,
        "best_step": run.history.best_step,
        "wall_time_s": round(run.history.wall_time_s, 1),
        "temperature": round(run.temperature, 4),
        "validation": _rounded(run.validation),
        "test": _rounded(run.test),
    }


def _sources_of(data: DigitData) -> list[DataSource]:
    roles = [("test" if "t10k" in path.name else "training, validation") for path in data.sources]
    paired = zip(data.sources, roles, strict=True)
    return [data_source(path, role, data.licence) for path, role in paired]


def _golden(data: DigitData) -> list[dict[str, NDArray[np.float32]]]:
    """A few validation images in one batch, and a blank one alone."""
    some = data.validation.images[:_N_GOLDEN].astype(np.float32)
    return [{"images": some}, {"images": np.zeros((1, 28, 28), np.float32)}]
