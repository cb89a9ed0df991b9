"""What classical methods forecast, fitted to each series by statsforecast: as quantiles, cached.

    python -m benchmarks.quality.forecast_classical      # fills build/quality/classical; resumable
    python -m benchmarks.quality.forecast_classical --method AutoARIMA    # a core for each method

Quantiles are the bounds of the method's own central intervals of 20, 40, 60 and 80 %, and its point
forecast for 0.5. Every series is a line of the cache, with the processor time that it took.
Expect: 40 minutes on one quiet core, 31 of them for AutoARIMA; seconds when the cache is full.
"""

import hashlib
import json
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import Progress

from benchmarks.quality.forecast import SHARED_SERIES, cases_of
from benchmarks.quality.forecast_published import PUBLISHED
from models.forecast_metrics import WQL_LEVELS, filled
from training.forecast.baselines import seasonal_naive
from training.forecast.metrics import Case
from training.forecast.series import Values

CACHE = Path("build/quality/classical")
INTERVALS = (80, 60, 40, 20)  # percent: the bounds are the quantiles 0.1 to 0.4 and 0.6 to 0.9
DIGITS = 8
METHODS = ("AutoTheta", "AutoETS", "AutoCES", "AutoARIMA")
SAMPLE_SEED = 20261121

Fit = Callable[[Case], Values]


@dataclass(frozen=True)
class Answer:
    """Quantiles of one series at ``WQL_LEVELS`` (steps by levels), and what they took.

    A method that ``failed`` on a series answers with the seasonal naive.
    """

    name: str
    quantiles: list[list[float]]
    cpu_s: float
    failed: bool


def sampled(cases: Sequence[Case], most: int) -> list[Case]:
    """The same series every time, in their order."""
    if len(cases) <= most:
        return list(cases)
    rng = np.random.default_rng(SAMPLE_SEED)
    return [cases[i] for i in sorted(rng.choice(len(cases), most, replace=False))]


def fitted(method: str, case: Case) -> Values:
    """Quantiles of a freshly fitted method, steps by ``WQL_LEVELS``."""
    from statsforecast import models  # noqa: PLC0415 - takes seconds

    model = getattr(models, method)(season_length=max(case.season_length, 1))
    past = filled(case.past)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        found = model.forecast(y=past, h=len(case.future), level=list(INTERVALS))
    lower = [found[f"lo-{percent}"] for percent in INTERVALS]
    upper = [found[f"hi-{percent}"] for percent in reversed(INTERVALS)]
    return np.array([*lower, found["mean"], *upper], dtype=np.float64).T


def answer(case: Case, fit: Fit) -> Answer:
    """One series, whatever happens to the method."""
    started = time.process_time()
    try:
        quantiles = fit(case)
    except Exception:  # noqa: BLE001 - a library may fail in any way; the count is reported
        quantiles = np.full((len(case.future), len(WQL_LEVELS)), np.nan)
    spent = time.process_time() - started
    failed = not np.isfinite(quantiles).all()
    if failed:
        quantiles = seasonal_naive(case.past, case.season_length, len(case.future))
    shown = [[float(f"{value:.{DIGITS}g}") for value in step] for step in quantiles]
    return Answer(case.name, shown, spent, failed)


def cache_path(folder: Path, data: Path, method: str) -> Path:
    """Where the answers of a method to a file are kept; other data or library, other file."""
    content = hashlib.sha256(data.read_bytes()).hexdigest()[:12]
    task = data.name.split(".")[0]
    return folder / f"{task}-{method}-{version('statsforecast')}-{content}.jsonl"


def read_cache(path: Path) -> dict[str, Answer]:
    """Answers by the name of the series; a line cut off by an interruption is left out."""
    if not path.is_file():
        return {}
    answers = (_parsed(line) for line in path.read_text(encoding="utf-8").splitlines())
    return {found.name: found for found in answers if found is not None}


def _parsed(line: str) -> Answer | None:
    try:
        return Answer(**json.loads(line))
    except (ValueError, TypeError):
        return None


def answers(
    method: str, cases: Sequence[Case], path: Path, fit: Fit | None = None
) -> Iterator[Answer]:
    """The answer to each case, from the cache or fitted now and added to it."""
    known = read_cache(path)
    missing = [case for case in cases if case.name not in known]
    use = fit or (lambda case: fitted(method, case))
    if missing:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(map(_line, known.values())), encoding="utf-8")
        answer(missing[0], use)  # what is compiled at the first call is not timed
    for case in cases:
        if case.name not in known:
            known[case.name] = answer(case, use)
            with path.open("a", encoding="utf-8") as stream:
                stream.write(_line(known[case.name]))
        yield known[case.name]


def _line(found: Answer) -> str:
    return json.dumps(asdict(found)) + "\n"


def chosen_methods(named: Sequence[str] | None) -> Sequence[str]:
    """Those named; all without.

    Raises:
        typer.BadParameter: a name is none of ``METHODS``.
    """
    unknown = [name for name in named or () if name not in METHODS]
    if unknown:
        raise typer.BadParameter(f"no method {unknown[0]!r}; methods: {', '.join(METHODS)}")
    return named or METHODS


def main(
    data: Annotated[Path, typer.Option(help="Folder of the six files.")] = SHARED_SERIES,
    cache: Annotated[Path, typer.Option(help="Folder of the answers.")] = CACHE,
    method: Annotated[list[str] | None, typer.Option(help=f"Only these of {METHODS}.")] = None,
) -> None:
    """Fit the classical methods to all six tasks, so that the tables need only read."""
    console = Console(stderr=True)
    with Progress(console=console) as progress:
        for name in chosen_methods(method):
            for task in PUBLISHED:
                path = data / f"{task}.jsonl.gz"
                cases = cases_of(path)
                for _ in progress.track(
                    answers(name, cases, cache_path(cache, path, name)),
                    total=len(cases),
                    description=f"{name} {task}",
                ):
                    pass


if __name__ == "__main__":
    typer.run(main)
