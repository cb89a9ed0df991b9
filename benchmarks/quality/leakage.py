"""Does any series that we are judged by occur in the data that the forecaster is trained on?

    python -m benchmarks.quality.leakage

Windows of 24 consecutive steps (18 or 12 of a shorter series) count as the same where one is the
other scaled and shifted, upside down included. Training series are looked at as they are and on
coarser grids (quarters and years of months, and so on). The M4 series are trained on up to their
test part, so only windows that reach into that are looked for. Expect: a minute.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import track

from benchmarks.quality.windows import Windows, matches, windows_of
from training.forecast.data import read_series
from training.forecast.series import Series, Values
from training.forecast.sources import PUBLIC_SOURCES, stem

SHARED_SERIES = Path("../shared/data/series")
# Steps of the windows of a series: the most that it has. Of fewer steps than the last, different
# series are alike by chance; each length takes as long as the first.
LENGTHS = (24, 18, 12)
COARSER = (1, 3, 4, 12)


@dataclass(frozen=True)
class Judged:
    """A series we are judged by; windows count from the first that ends after ``known`` steps."""

    name: str
    values: Values
    known: int = 0


@dataclass(frozen=True)
class Leak:
    """Where a judged series was found again, at its first window."""

    judged: str
    training: str
    at: int
    steps: int
    windows: int
    coarser: int


def judged_series(folder: Path) -> list[Judged]:
    """M1 and M3 in full, M4 from where its test part begins to matter."""
    found = []
    files = [*sorted((folder / "validation").glob("*.jsonl.gz")), *sorted(folder.glob("m4_*.gz"))]
    for file in files:
        for item in read_series(file):
            future = item.future if item.future is not None else np.empty(0)
            known = len(item.values) if file.parent == folder else 0
            name = f"{stem(file)}/{item.name}"
            found.append(Judged(name, np.concatenate([item.values, future]), known))
    return found


def training_series(folder: Path, every: bool = False) -> list[Series]:
    """Whatever ``seqserve train forecast`` reads by default; ``every``: what it leaves out too."""
    return [
        Series(f"{stem(source.path)}/{item.name}", item.values)
        for source in PUBLIC_SOURCES
        for item in read_series(folder / source.path.name)
        if every or item.name not in source.left_out
    ]


def leaks(judged: Sequence[Judged], training: Sequence[Series]) -> Iterator[Leak]:
    """Every pair of a judged and a training series that share a window."""
    by_length: dict[int, list[Judged]] = {}
    for item in judged:
        length = next((n for n in LENGTHS if n <= len(item.values)), 0)
        by_length.setdefault(length, []).append(item)
    by_length.pop(0, None)
    for length, some in by_length.items():
        wanted = Windows(length, [windows_of(s.values, length, s.known) for s in some])
        for coarser in COARSER:
            kept = [(s.name, grid) for s in training for grid in on_grid(s.values, coarser)]
            pool = Windows(length, [windows_of(grid, length) for _, grid in kept])
            yield from _named(wanted, pool, some, [name for name, _ in kept], coarser)


def on_grid(values: Values, coarser: int) -> Iterator[Values]:
    """Means over so many steps, from each step that a coarser grid may begin with."""
    if coarser == 1:
        yield values
        return
    for start in range(coarser):
        whole = (len(values) - start) // coarser
        if whole >= min(LENGTHS):
            blocks = values[start : start + whole * coarser].reshape(whole, coarser)
            yield blocks.mean(1)


def _named(
    wanted: Windows, pool: Windows, judged: Sequence[Judged], names: Sequence[str], coarser: int
) -> Iterator[Leak]:
    pairs: dict[tuple[str, str], list[int]] = {}
    for ours, theirs in matches(wanted, pool):
        key = (judged[wanted.owner[ours]].name, names[pool.owner[theirs]])
        if key[0] != key[1]:  # M4: a day like another of its own past is no leak
            pairs.setdefault(key, []).append(int(wanted.start[ours]))
    for (name, other), starts in pairs.items():
        yield Leak(name, other, min(starts), wanted.length, len(starts), coarser)


def main(
    data: Annotated[Path, typer.Option(help="Folder of the series.")] = SHARED_SERIES,
    output: Annotated[Path | None, typer.Option(help="JSON file to write.")] = None,
) -> None:
    """Look for every evaluation series in the training data; exit code 1 if one is found."""
    console = Console()
    judged, training = judged_series(data), training_series(data)
    found = list(track(leaks(judged, training), "leaks", console=Console(stderr=True)))
    console.print(f"{len(judged):,} series looked for in {len(training):,}: {len(found)} found")
    for leak in found:
        console.print(f"LEAK: {leak}", style="red", soft_wrap=True)
    if output is not None:
        output.write_text(json.dumps([asdict(leak) for leak in found], indent=2) + "\n")
    raise typer.Exit(1 if found else 0)


if __name__ == "__main__":
    typer.run(main)
