"""The report of a forecaster's training."""

from collections.abc import Mapping

from torch import nn

from training.forecast import plots
from training.forecast.config import ForecastTraining
from training.forecast.evaluation import Comparison, forecast, summary
from training.forecast.sources import ForecastData
from training.loop import History
from training.provenance import chosen_options
from training.report import Report, loss_curve

TITLES = {
    "own": "Last steps of the training series (validation)",
    "zero_shot": "Series never trained on, their last known steps (validation)",
    "test": "Series never trained on, official test part (test)",
}
N_EXAMPLES = 3


def build_page(
    network: nn.Module,
    data: ForecastData,
    config: ForecastTraining,
    history: History,
    verdict: Mapping[str, Mapping[str, Comparison]],
) -> str:
    """Tables of scores, then the loss, forecasts against the truth, and calibration."""
    last = list(verdict)[-1]
    relative = summary(verdict[last])
    text = (
        f"MASE {relative['relative_mase']:.3f} and WQL {relative['relative_wql']:.3f} of the "
        f"seasonal naive's (geometric means over {len(verdict[last])} data sets; lower is better)."
    )
    report = Report(f"{config.name}: forecasts of any series", text)
    for kind, compared in verdict.items():
        report.table(TITLES[kind], HEADER, [_row(*item) for item in compared.items()], NOTE)
    steps, losses = history.series("loss")
    report.figure(
        "Learning", loss_curve(steps, losses, relative_to_naive=history.series("relative"))
    )
    judged = data.zero_shot or data.own
    for group, cases in judged.items():
        chosen = cases[:: max(1, len(cases) // N_EXAMPLES)][:N_EXAMPLES]
        figure = plots.forecasts(chosen, forecast(network, chosen))
        report.figure(f"Forecasts: {group}", figure, "Truth in black; 80 % and 95 % intervals.")
    everything = [case for cases in judged.values() for case in cases]
    report.figure(
        "Reliability",
        plots.reliability(everything, forecast(network, everything)),
        "Of the truth, a share p should lie below the quantile p.",
    )
    report.settings("Settings", chosen_options(config))
    return report.render()


HEADER = (
    "data",
    "MASE",
    "seasonal naive",
    "Theta",
    "WQL",
    "seasonal naive",
    "Theta",
    "80 % interval holds",
)
NOTE = "MASE: median forecast over in-sample seasonal error. WQL: nine quantiles."


def _row(group: str, comparison: Comparison) -> tuple[object, ...]:
    own, others = comparison.network, comparison.baselines
    mase = [others[name].mase for name in ("seasonal naive", "Theta")]
    wql = [others[name].wql for name in ("seasonal naive", "Theta")]
    return (group, own.mase, *mase, own.wql, *wql, f"{comparison.coverage_80:.1%}")
