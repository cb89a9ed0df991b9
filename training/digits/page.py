"""The report of a digits training."""

from collections.abc import Sequence

from models.manifest import Metric
from training.digits import plots
from training.digits.config import DigitsTraining
from training.digits.data import DigitData
from training.digits.evaluation import confusion, probabilities_of
from training.digits.refit import describe_refit
from training.digits.runs import Run
from training.provenance import chosen_options
from training.report import Report


def build_page(
    data: DigitData,
    config: DigitsTraining,
    runs: Sequence[Run],
    best: Run,
    metrics: Sequence[Metric],
) -> str:
    """Tables of metrics and runs, then what a person wants to look at."""
    probabilities = probabilities_of(best.test_logits, best.temperature)
    predicted, labels = probabilities.argmax(axis=1), data.test.labels
    n_wrong = int((predicted != labels).sum())
    summary = (
        f"{best.test.accuracy:.2%} of {len(labels):,} test images right ({n_wrong} wrong) with "
        f"seed {best.seed}, chosen on validation among {len(runs)}."
    )
    report = Report(f"{config.name}: digits read row by row", summary)
    report.table("Metrics", ("metric", "split", "value", "class prior", "note"), _metrics(metrics))
    report.table("Runs", _RUN_HEADER, [_run(run) for run in runs], _run_note(data, config))
    report.figure("Learning", plots.learning_curves(runs))
    if len(data.classes) <= plots.MAX_CLASSES_SHOWN:
        table = confusion(predicted, labels, len(data.classes))
        note = "Test images: a row per true class, a column per answer; right answers are blank."
        report.figure("Confusion", plots.confusion_matrix(table, data.classes), note)
    report.figure(
        "Mistakes",
        plots.mistakes(data, probabilities),
        "Test images answered wrongly, the surest first: truth -> answer, probability.",
    )
    report.figure(
        "Reliability",
        plots.reliability_curve(probabilities, labels),
        f"Of the answers given with probability p, a share p should be right. Temperature "
        f"{best.temperature:.3f}, chosen on validation, is part of the export.",
    )
    report.figure("Augmentation", plots.augmentations(data, config), "First column: as given.")
    report.settings("Settings", {**chosen_options(config), "split": data.note, "data": data.name})
    return report.render()


_RUN_HEADER = ("seed", "validation accuracy", "test accuracy", "test errors", "NLL", "ECE", "s")


def _run_note(data: DigitData, config: DigitsTraining) -> str:
    refit = describe_refit(config, data).get("refit", {"note": ""})
    return f"Only validation decides which run is exported. {refit['note']}".strip()


def _run(run: Run) -> tuple[object, ...]:
    n_images = run.test_logits.shape[1]
    return (
        run.seed,
        f"{run.validation.accuracy:.2%}",
        f"{run.test.accuracy:.2%}",
        round((1.0 - run.test.accuracy) * n_images),
        run.test.negative_log_likelihood,
        run.test.calibration_error,
        round(run.history.wall_time_s),
    )


def _metrics(metrics: Sequence[Metric]) -> list[tuple[object, ...]]:
    return [(m.name, m.split, m.value, m.baselines.get("class prior", ""), m.note) for m in metrics]
