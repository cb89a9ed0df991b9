"""From ``--from`` and ``--data`` to a verdict, and to an export where the verdict is good."""

import json
from pathlib import Path
from typing import Any

from rich.console import Console

from models.export_folder import digest_file
from training.errors import DataError, NotRecommended
from training.export import write_export
from training.fine_tuning.verdict_table import show
from training.forecast.adapting import tables
from training.forecast.adapting.contest import (
    ADAPTED,
    SCRATCH,
    ZERO_SHOT,
    judge,
    of_classical,
    of_network,
)
from training.forecast.adapting.fits import fit_adapted, fit_final, fit_from_scratch
from training.forecast.adapting.page import Outcome, build_page
from training.forecast.adapting.parent import Start, settle, with_seasons
from training.forecast.adapting.plan import plan_backtest
from training.forecast.config import ForecastTraining
from training.forecast.data import read_series, series_files
from training.forecast.describe import base_draft
from training.forecast.smoke_series import write_smoke_series
from training.forecast.sources import stem
from training.provenance import data_source, describe_training

REPORT_FILE = "report.html"
RESULTS_FILE = "backtest.json"


def adapt(config: ForecastTraining) -> Path:
    """Adapt, back-test beside every alternative, and export what is better than all of them.

    Raises:
        DataError: the data or the export make no sense, or are too little to judge by.
        Interrupted: Ctrl-C or SIGTERM; ``--resume`` goes on.
        NotRecommended: the adapted network is no better and ``--anyway`` was not given.
    """
    start = settle(config, data_of(config))
    outcome = backtest(start)
    page = build_page(start, outcome)
    keep(start, outcome, page)
    if not (outcome.recommendation.recommended or config.anyway or config.smoke):
        raise NotRecommended(refusal(start, outcome))
    return export(start, outcome, page)


def data_of(config: ForecastTraining) -> Path:
    """The user's file; a smoke run makes one up.

    Raises:
        DataError: there is none.
    """
    if config.data is not None:
        return config.data
    if config.smoke:
        return write_smoke_series(config.runs)
    raise DataError("--from adapts an export to your own series: give --data as well")


def backtest(start: Start) -> Outcome:
    """Fit what is to be fitted before the measured windows, and measure every candidate."""
    config = start.config
    series = read_series(start.data, config.season_length)
    plan = plan_backtest(with_seasons(start.network(), series), config, config.horizon)
    console = Console(stderr=True)
    console.print(f"back-test: {plan.words}", soft_wrap=True, highlight=False)
    warning = seen_before(start)
    if warning:
        console.print(warning, style="yellow", soft_wrap=True, highlight=False)
    fit, scratch = fit_adapted(start, plan), fit_from_scratch(start, plan)
    candidates = [
        of_network(ADAPTED, fit.network, plan, fit.seconds),
        of_network(ZERO_SHOT, start.network(), plan, 0.0),
        of_network(SCRATCH, scratch.network, plan, scratch.seconds),
        *of_classical(plan, config),
    ]
    verdict = judge(candidates, plan, config.seed)
    title = f"{start.parent.label} adapted to {start.data.name}"
    show(verdict, tables.HEADER, tables.rows(candidates), title=title, console=console)
    return Outcome(plan, fit, candidates, verdict, warning)


def seen_before(start: Start) -> str:
    """A warning where the export was trained on this very file."""
    digests = [digest_file(file).sha256 for file in series_files(start.data)]
    if not any(start.parent.has_trained_on(digest) for digest in digests):
        return ""
    return (
        f"{start.parent.label} was trained on {start.data.name}: it knows the measured windows, so "
        "its figures and those of the adapted model are too good"
    )


def keep(start: Start, outcome: Outcome, page: str) -> None:
    """Leave the report and the figures beside the checkpoints, whatever the verdict is."""
    folder = start.config.run_folder
    folder.mkdir(parents=True, exist_ok=True)
    (folder / REPORT_FILE).write_text(page, encoding="utf-8")
    results = {
        "verdict": outcome.recommendation.to_json(),
        "candidates": tables.as_json(outcome.candidates),
        "backtest": outcome.plan.words,
        "best_step": outcome.fit.best_step,
        "warning": outcome.warning,
    }
    (folder / RESULTS_FILE).write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


def refusal(start: Start, outcome: Outcome) -> str:
    """What to use instead, and where to look."""
    use = outcome.recommendation.use
    how = {
        ZERO_SHOT: f"{start.parent.label} as it is, without training",
        SCRATCH: "`seqserve train forecast` without --from",
    }.get(use, f"statsforecast's {use}")
    return (
        f"nothing was exported: use {how}; {start.config.run_folder / REPORT_FILE} shows why. "
        "--anyway --resume exports it all the same"
    )


def export(start: Start, outcome: Outcome, page: str) -> Path:
    """Adapt once more, now to everything, and write the export."""
    final = fit_final(start, outcome.plan, outcome.fit.best_step)
    draft = base_draft(
        start.config,
        metrics=tables.metrics_of(outcome.candidates, stem(start.data), outcome.plan.words),
        training=describe_training(start.config, final.history) | provenance(start, outcome),
        data=[data_source(f, "training, back-test") for f in series_files(start.data)],
        report_html=page,
    )
    return write_export(final.network, draft, start.config.repository)


def provenance(start: Start, outcome: Outcome) -> dict[str, Any]:
    """What the manifest's ``training`` says besides the usual."""
    return {
        "from": start.parent.provenance(),
        "recommendation": outcome.recommendation.to_json(),
        "best_step": outcome.fit.best_step,
        "warning": outcome.warning,
        "n_parameters": sum(p.numel() for p in start.trained.parameters()),
    }
