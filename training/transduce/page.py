"""The report of a transducer's training."""

from collections.abc import Sequence

import numpy as np

from models.manifest import Metric
from training.loop import History
from training.provenance import chosen_options
from training.report import Report, loss_curve
from training.transduce import plots
from training.transduce.config import TransducerTraining
from training.transduce.evaluation import NETWORK, Evaluation

N_EXAMPLES = 4


def build_page(
    config: TransducerTraining,
    history: History,
    evaluation: Evaluation,
    metrics: Sequence[Metric],
) -> str:
    """Figures beside the baselines, then the loss, answers against the truth, and errors."""
    what = "the output column" if config.data else "the cosine of a noisy, unsteady sine"
    best = evaluation.strongest
    report = Report(
        f"{config.name}: signals to signals",
        f"Relative error {evaluation.error:.3f} for {what}, sample by sample and from the past "
        f"only; {best} reaches {evaluation.baselines[best]:.3f}. 1 is as good as no answer.",
    )
    rows = [("network", evaluation.error), *evaluation.baselines.items()]
    report.table("Errors", ("who", "relative error"), rows, metrics[0].note)
    steps, losses = history.series("loss")
    validated = history.series("validation_error")
    report.figure("Learning", loss_curve(steps, losses, validation_error=validated))
    _add_plots(report, evaluation)
    report.settings("Settings", chosen_options(config))
    return report.render()


def _add_plots(report: Report, evaluation: Evaluation) -> None:
    signals = evaluation.signals
    network = evaluation.outputs[NETWORK]
    n_signals, length = signals.inputs.shape
    chosen = np.linspace(0, n_signals - 1, min(N_EXAMPLES, n_signals)).astype(int)
    order = np.argsort(signals.periods) if signals.periods is not None else np.arange(n_signals)
    report.figure(
        "Answers",
        plots.examples(signals, network, [int(row) for row in order[chosen]], end=length),
        "The end of signals never trained on.",
    )
    if signals.periods is None:
        return
    compared = {name: evaluation.outputs[name] for name in (NETWORK, evaluation.strongest)}
    report.figure(
        "Start",
        plots.error_by_sample(signals, compared),
        "Nobody can tell a sine from a cosine by its first sample: answers need part of a period.",
    )
    report.figure("Periods", plots.error_by_period(signals, compared))
