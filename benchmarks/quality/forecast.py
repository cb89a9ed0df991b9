"""Zero-shot accuracy of a running service on the six M1 and M3 tasks, beside published figures.

    seqserve serve &
    python -m benchmarks.quality.forecast --url http://127.0.0.1:8000

It first computes the seasonal naive and stops when that is not what was published, because then
the data or the metrics are not those of the comparison. Expect: under a minute.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import httpx
import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.quality.forecast_published import NAIVE, PUBLISHED
from models.forecast_metrics import WQL_LEVELS
from training.errors import DataError
from training.forecast.baselines import seasonal_naive
from training.forecast.data import read_series
from training.forecast.metrics import Case, Score, geometric_mean, score
from training.forecast.series import Values

SHARED_SERIES = Path("../shared/data/series/validation")
SERIES_PER_REQUEST = 64
WIDTH = 110  # columns; narrower, the names would be cut
MASE_TOLERANCE, WQL_TOLERANCE = 0.0015, 0.0001
Scores = Mapping[str, Score]


def cases_of(path: Path) -> list[Case]:
    """Series with their official test part.

    Raises:
        DataError: the file is missing, or a series has no test part.
    """
    series = read_series(path)
    parts = [(s, s.future) for s in series if s.future is not None]
    if len(parts) < len(series):
        raise DataError(f"{path}: a series has no test part")
    return [Case(s.name, s.values, future, s.season_length) for s, future in parts]


def check_naive(tasks: Mapping[str, Sequence[Case]]) -> None:
    """Compare the seasonal naive with what was published.

    Raises:
        DataError: they differ.
    """
    for task, cases in tasks.items():
        answers = [seasonal_naive(c.past, c.season_length, len(c.future)) for c in cases]
        found, expected = score(cases, answers), PUBLISHED[task][NAIVE]
        if (
            abs(found.mase - expected.mase) > MASE_TOLERANCE
            or abs(found.wql - expected.wql) > WQL_TOLERANCE
        ):
            raise DataError(f"{task}: seasonal naive is {found}, published is {expected}: stop")


def ask(
    client: httpx.Client,
    cases: Sequence[Case],
    model: str,
    levels: Sequence[float] = WQL_LEVELS,
) -> list[Values]:
    """Quantiles of each case, steps by levels, from ``POST /forecast``.

    All cases have the same horizon and season length; where that is 0, the service detects it.
    """
    answers: list[Values] = []
    for start in range(0, len(cases), SERIES_PER_REQUEST):
        some = cases[start : start + SERIES_PER_REQUEST]
        body = {
            "series": [[None if np.isnan(v) else v for v in case.past.tolist()] for case in some],
            "horizon": len(some[0].future),
            "season_length": some[0].season_length or None,
            "quantiles": list(levels),
            "model": model,
        }
        reply = client.post("/forecast", json=body).raise_for_status().json()
        for forecast in reply["forecasts"]:
            columns = [forecast["quantiles"][repr(level)] for level in levels]
            answers.append(np.array(columns, dtype=np.float64).T)
    return answers


def relative(scores: Scores) -> Score:
    """Geometric means over the tasks, relative to the published seasonal naive."""
    naive = {task: PUBLISHED[task][NAIVE] for task in scores}
    return Score(
        geometric_mean([found.mase / naive[task].mase for task, found in scores.items()]),
        geometric_mean([found.wql / naive[task].wql for task, found in scores.items()]),
    )


def table_of(scores: Scores, metric: str) -> Table:
    """One row a task and the geometric mean below; a column each for us and the published."""
    others = list(next(iter(PUBLISHED.values())))
    title = f"{metric.upper()}, lower is better; last row: geometric mean over seasonal naive"
    table = Table("task", "this service", *others, title=title)
    for task, found in scores.items():
        row = [found, *(PUBLISHED[task][name] for name in others)]
        table.add_row(task, *(f"{getattr(figures, metric):.4f}" for figures in row))
    published = [{task: PUBLISHED[task][name] for task in scores} for name in others]
    means = [relative(each) for each in (scores, *published)]
    table.add_section()
    shown = [f"{getattr(mean, metric):.3f}" for mean in means]
    table.add_row("relative", *shown)
    return table


def main(
    url: Annotated[str, typer.Option(help="A running service.")] = "http://127.0.0.1:8000",
    data: Annotated[Path, typer.Option(help="Folder of the six files.")] = SHARED_SERIES,
    model: Annotated[str, typer.Option(help="Name of the model.")] = "forecaster",
    output: Annotated[Path | None, typer.Option(help="JSON file to write.")] = None,
) -> None:
    """Measure a running service on the official test parts."""
    try:
        tasks = {task: cases_of(data / f"{task}.jsonl.gz") for task in PUBLISHED}
        check_naive(tasks)
    except DataError as error:
        Console(stderr=True).print(f"error: {error}", highlight=False)
        raise typer.Exit(2) from error
    with httpx.Client(base_url=url, timeout=120.0) as client:
        scores = {task: score(cases, ask(client, cases, model)) for task, cases in tasks.items()}
        described = client.get(f"/models/{model}").raise_for_status().json()
    console = Console(width=WIDTH)
    for metric in ("mase", "wql"):
        console.print(table_of(scores, metric))
    if output is not None:
        output.write_text(json.dumps(_as_json(scores, described), indent=2) + "\n")


def _as_json(scores: Scores, described: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "model": {key: described.get(key) for key in ("name", "version")},
        "relative": vars(relative(scores)),
        "tasks": {task: vars(found) for task, found in scores.items()},
        "published": {
            task: {name: vars(figure) for name, figure in figures.items()}
            for task, figures in PUBLISHED.items()
        },
    }


if __name__ == "__main__":
    typer.run(main)
