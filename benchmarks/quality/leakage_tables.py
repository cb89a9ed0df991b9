"""What the leakage check found, and the zero-shot figures without the series that it found."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.quality import leakage, windows
from benchmarks.quality.figures import Bound, Row, Run, Table, command_of
from benchmarks.quality.forecast_zero_shot import ASKED, MODEL, Answered, answered
from benchmarks.quality.leakage import Leak, judged_series, leaks, training_series
from models.export_folder import digest_file
from training.forecast.baselines import seasonal_naive
from training.forecast.metrics import Score, geometric_mean, score
from training.forecast.sources import LEFT_OUT, PUBLIC_SOURCES, stem

PART = "forecast-leakage"
KINDS = {
    "M1, all of a series": "m1_",
    "M3, all of a series": "m3_",
    "M4 hourly, test part": "m4_hourly",
    "M4 weekly, test part": "m4_weekly",
}
NOW = "a training now would read"
SIMULATED = (
    "Simulated series are drawn from formulas and random numbers alone "
    "(training/forecast/synthetic.py reads no file), so they hold none."
)
WITHOUT = "without them"


@dataclass(frozen=True)
class Found:
    """Leaks in what the served export was trained on, and in what a training would read now."""

    served: Sequence[Leak]
    now: Sequence[Leak]


def tables(run: Run) -> Iterator[Table]:
    """How many series were found; if any, the figures that they cannot have helped."""
    folder = run.data / "series"
    judged = [item.name for item in judged_series(folder)]
    every = kept_leaks(folder, run.output)
    found = Found(trained_on(every, served_left_out(run)), trained_on(every, left_out_now()))
    yield table_of(judged, found)
    tainted = {leak.judged for leak in found.served}
    if tainted:
        yield without(answered(run), tainted)


def kept_leaks(folder: Path, output: Path) -> list[Leak]:
    """All leaks, those of series that are left out too; looked for once for the same data and code.

    Raises:
        DataError: a file is missing.
    """
    files = [*sorted(folder.rglob("*.gz")), Path(leakage.__file__), Path(windows.__file__)]
    content = "".join(digest_file(file).sha256 for file in files)
    path = output / f"leaks-{hashlib.sha256(content.encode()).hexdigest()[:12]}.json"
    if path.is_file():
        return [Leak(**leak) for leak in json.loads(path.read_text(encoding="utf-8"))]
    found = list(leaks(judged_series(folder), training_series(folder, every=True)))
    output.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(leak) for leak in found], indent=2) + "\n", "utf-8")
    return found


def left_out_now() -> set[str]:
    """Names of series, with their file, that a training leaves out."""
    return {f"{stem(s.path)}/{name}" for s in PUBLIC_SOURCES for name in s.left_out}


def served_left_out(run: Run) -> set[str]:
    """The same for the served export, as its manifest states."""
    described = run.client.get(f"/models/{MODEL}").raise_for_status().json()
    path = f"/models/{MODEL}/versions/{described['version']}"
    data = run.client.get(path).raise_for_status().json()["manifest"]["data"]
    return {
        f"{source['name'].split('.')[0]}/{name}"
        for source in data
        if LEFT_OUT in source["role"]
        for name in source["role"].split(LEFT_OUT)[1].split(", ")
    }


def trained_on(every: Iterable[Leak], left_out: set[str]) -> list[Leak]:
    """Leaks whose training series is used."""
    return [leak for leak in every if leak.training not in left_out]


def table_of(judged: Sequence[str], found: Found) -> Table:
    """A row for each kind of evaluation series; the note names every leak."""
    rows = [
        Row(
            f"{kind} found in the training data of the served export",
            count(found.served, start),
            {
                NOW: count(found.now, start),
                "looked for": float(sum(name.startswith(start) for name in judged)),
            },
            Bound(most=0),
        )
        for kind, start in KINDS.items()
    ]
    named = "; ".join(
        f"LEAK: {leak.judged} is in {leak.training} ({leak.windows} windows of {leak.steps} steps"
        f"{f', means over {leak.coarser}' if leak.coarser > 1 else ''})"
        for leak in found.served
    )
    title = "Evaluation series in the training data, also scaled, shifted, on a coarser grid"
    return Table(title, command_of(PART), rows, ",.0f", f"{named}\n{SIMULATED}".strip())


def count(found: Iterable[Leak], start: str) -> float:
    """Different evaluation series of a kind."""
    return float(len({leak.judged for leak in found if leak.judged.startswith(start)}))


def without(services: Mapping[str, Answered], tainted: set[str]) -> Table:
    """Means over the tasks relative to the seasonal naive, of all series and of the clean ones."""
    clean = {task: ratios(task, each, tainted) for task, each in services.items()}
    every = {task: ratios(task, each, set()) for task, each in services.items()}
    rows = [
        Row(
            f"{metric.upper()} relative to seasonal naive, {WITHOUT}",
            geometric_mean([getattr(each, metric) for each in clean.values()]),
            {"with them": geometric_mean([getattr(each, metric) for each in every.values()])},
            asked,
        )
        for metric, asked in ASKED.items()
    ]
    n_tainted = sum(name.startswith(("m1_", "m3_")) for name in tainted)
    title = "M1 and M3, zero-shot, without the series that are in the training data"
    note = f"{n_tainted} series are left out; the naive is measured on the same ones."
    return Table(title, command_of(PART), rows, ".4f", note)


def ratios(task: str, service: Answered, tainted: set[str]) -> Score:
    """Both metrics over those of the naive, without the series named."""
    pairs = [
        (case, answer)
        for case, answer in zip(service.cases, service.quantiles, strict=True)
        if f"{task}/{case.name}" not in tainted
    ]
    cases = [case for case, _ in pairs]
    own = score(cases, [answer for _, answer in pairs])
    naive = score(cases, [seasonal_naive(c.past, c.season_length, len(c.future)) for c in cases])
    return Score(own.mase / naive.mase, own.wql / naive.wql)
