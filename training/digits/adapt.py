"""``seqserve train digits --from``: a reader adapted to other pictures, if that is any better.

Expect: a few minutes on two cores. A thousand pictures are split; of fewer each is held out once.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from models.manifest import DataSource, Metric
from models.row_classifier import RowProbabilities
from training.devices import supported_precision
from training.digits.adapt_page import adapted_page
from training.digits.config import DigitsTraining
from training.digits.data import DigitData, load_digits
from training.digits.describe import draft_of
from training.digits.evaluation import probabilities_of, score
from training.digits.folds import Folds, folds_of
from training.digits.grafting import with_sizes_of
from training.digits.precision import write_measured
from training.digits.rivals import ADAPTED, Comparison, compare
from training.digits.runs import Run
from training.digits.trials import Trial, Trials
from training.draft import Draft
from training.errors import DataError, NotRecommended
from training.fine_tuning.parent import Parent, adapted_name, find_parent
from training.fine_tuning.verdict_table import show


@dataclass(frozen=True)
class _Adaptation:
    """Everything that the export and its report are made of."""

    parent: Parent
    config: DigitsTraining
    folds: Folds
    comparison: Comparison
    adapted: Sequence[Trial]
    scratch: Sequence[Trial]


def adapt(config: DigitsTraining) -> Path:
    """Adapt the export that ``config.from_`` names, judge it, and export it if it is better.

    Raises:
        DataError: the data or the parent makes no sense.
        NotRecommended: it is not better; the report is in the run's folder.
        Interrupted: Ctrl-C or SIGTERM; ``--resume`` goes on.
    """
    parent = find_parent(str(config.from_), config.repository, "classify")
    if config.data is None and not config.smoke:
        raise DataError("--from needs --data: a folder with a folder of PNGs for each class")
    data = load_digits(config.data, smoke=config.smoke)
    folds = folds_of(data)
    config = _fitted(config, parent, folds)
    trials = Trials(parent, config, folds)
    adapted, scratch = trials.adapted(), trials.from_scratch()
    comparison = compare(parent, folds, adapted, scratch)
    made = _Adaptation(parent, config, folds, comparison, adapted, scratch)
    show(comparison.recommendation, *table_of(made), title=f"{folds.judged.note}")
    page = adapted_page(config, parent.label, comparison, (adapted, scratch), table_of(made))
    if not (comparison.recommendation.recommended or config.anyway or config.smoke):
        raise NotRecommended(_refusal(config, page))
    return _export(made, trials.final(adapted), page)


def table_of(made: _Adaptation) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Header and a row for everybody: accuracy, errors, and what the trainings took."""
    comparison = made.comparison
    header: tuple[str, ...] = ("", "accuracy", "wrong", "Brier", "training, s")
    some_known = comparison.known.any() and not comparison.known.all()
    if some_known:
        header += (f"accuracy, labels that {made.parent.label} has",)
    seconds = {
        name: f"{sum(trial.history.wall_time_s for trial in trials):.0f}"
        for name, trials in zip(
            comparison.probabilities, (made.adapted, made.scratch), strict=False
        )
    }
    rows: list[tuple[str, ...]] = []
    for name in comparison.probabilities:
        accuracy, wrong = f"{comparison.accuracy(name):.2%}", str(comparison.n_wrong(name))
        row: tuple[str, ...] = (name, accuracy, wrong, f"{comparison.brier(name):.4f}")
        row += (seconds.get(name, ""),)
        if some_known:
            row += (f"{comparison.accuracy(name, comparison.known):.2%}",)
        rows.append(row)
    return header, rows


def _fitted(config: DigitsTraining, parent: Parent, folds: Folds) -> DigitsTraining:
    """The parent's sizes; in cross-validation no step is chosen, so the last one counts."""
    name = config.name or adapted_name(parent, config.data or Path("smoke"))
    precision = supported_precision(config.precision, config.device)
    keep = "last" if folds.crossed else config.keep
    plain = replace(
        config, name=name, precision=precision, keep=keep, seeds=1, teachers=0, refit=False
    )
    return with_sizes_of(parent, plain)


def _refusal(config: DigitsTraining, page: str) -> str:
    report = config.run_folder / "report.html"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(page, encoding="utf-8")
    return (
        f"nothing was exported, because the adapted model is not better; {report} shows why. "
        "More pictures may help; --anyway --resume exports it all the same"
    )


def _export(made: _Adaptation, final: Trial, page: str) -> Path:
    config, data = made.config, made.folds.final or made.folds.judged
    reader = RowProbabilities(
        final.network, temperature=made.comparison.temperature, n_views=config.views
    )
    return write_measured(reader, _draft(made, final, page), config.repository, data)


def _draft(made: _Adaptation, final: Trial, page: str) -> Draft:
    comparison, judged = made.comparison, made.comparison.judged
    scores = score(probabilities_of(comparison.logits), judged.test.labels)
    cooled = comparison.logits * comparison.temperature
    config = made.config
    run = Run(
        config.seed, final.network, final.history, comparison.temperature, scores, scores, cooled
    )
    draft = draft_of(judged, config, [run], run, page=page)
    trials = [*made.adapted, *made.scratch, *([final] if made.folds.crossed else [])]
    told = {
        "from": made.parent.provenance(),
        "recommendation": comparison.recommendation.to_json(),
        "wall_time_s": round(sum(trial.history.wall_time_s for trial in trials), 1),
        "split": judged.note,
    }
    return replace(
        draft,
        metrics=_metrics(made),
        training={**draft.training, **told},
        data=[*draft.data, _source_of(made.folds.final or made.folds.judged)],
        licence=f"that of the pictures; adapted from {made.parent.label}: "
        f"{made.parent.manifest.licence or 'no licence stated'}",
    )


def _metrics(made: _Adaptation) -> list[Metric]:
    comparison, name = made.comparison, made.comparison.judged.name
    rivals = [rival for rival in comparison.probabilities if rival != ADAPTED]
    scores = score(probabilities_of(comparison.logits), comparison.judged.test.labels)
    note = comparison.judged.note
    split = "cross-validation" if made.folds.crossed else "test"
    accuracies = {rival: comparison.accuracy(rival) for rival in rivals}
    briers = {rival: comparison.brier(rival) for rival in rivals}
    return [
        Metric("accuracy", name, split, scores.accuracy, accuracies, note),
        Metric("Brier score", name, split, comparison.brier(ADAPTED), briers, note),
        Metric("negative log-likelihood", name, split, scores.negative_log_likelihood, {}, note),
        Metric("expected calibration error", name, split, scores.calibration_error, {}, note),
    ]


def _source_of(data: DigitData) -> DataSource:
    """The pictures as they were read, in one digest; files may be many."""
    digest = hashlib.sha256(repr(data.classes).encode())
    for part in (data.training, data.validation, data.test):
        digest.update(part.images.tobytes() + part.labels.tobytes())
    return DataSource(data.name, digest.hexdigest(), "training, validation and test, as read")
