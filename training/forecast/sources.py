"""What a forecaster is trained and judged on: the user's file, or the public series."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from training.errors import DataError
from training.forecast.config import ForecastTraining
from training.forecast.data import read_series, series_files
from training.forecast.left_out import M4_WEEKLY, POOL
from training.forecast.metrics import Case
from training.forecast.series import Series
from training.forecast.smoke_series import write_smoke_series
from training.forecast.windows import WindowBank

PUBLIC = Path("../shared/data/series")
PUBLIC_ZERO_SHOT = PUBLIC / "validation"
USUAL_HORIZON = {1: 6, 4: 8, 12: 18, 52: 13, 24: 48}
OTHER_HORIZON = 14
SHORTEST_PAST = 3
SMOKE_SERIES = 12
LONG_SEASON = 60
LEFT_OUT = "; left out: "
LONGEST_COUNTED = 400  # steps beyond which a longer series is not drawn more often


@dataclass(frozen=True)
class Source:
    """A file, how much it weighs relative to the first, and its season where the file errs.

    ``left_out`` names series that are not trained on, and why.
    """

    path: Path
    share: float = 1.0
    season_length: int | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)

    def read(self, season_length: int | None) -> list[Series]:
        """Every series that may be trained on; ``season_length`` overrules the file's.

        Raises:
            DataError: the file is missing or makes no sense.
        """
        found = read_series(self.path, season_length or self.season_length)
        return [series for series in found if series.name not in self.left_out]

    def role(self) -> str:
        """What a manifest says of the file."""
        named = f"{LEFT_OUT}{', '.join(self.left_out)}" if self.left_out else ""
        return f"training, validation{named}"


# M4's weekly file says season 1, as the competition did; the year has 52 weeks. The hourly series
# are many and alike, so that they weigh little.
PUBLIC_SOURCES = (
    Source(PUBLIC / "pool.jsonl.gz", left_out=POOL),
    Source(PUBLIC / "m4_weekly.jsonl.gz", 0.6, 52, M4_WEEKLY),
    Source(PUBLIC / "m4_hourly.jsonl.gz", 0.06),
)


@dataclass(frozen=True)
class ForecastData:
    """Windows to train on, and cases to judge by, none of whose future is trained on.

    ``own`` are the last steps of the training series; ``zero_shot`` are series never trained on,
    with the official test part left out; ``test`` are those with the test part as the future.
    """

    bank: WindowBank
    own: dict[str, list[Case]]
    zero_shot: dict[str, list[Case]]
    test: dict[str, list[Case]]
    files: tuple[tuple[Path, str], ...]


def load_data(config: ForecastTraining) -> ForecastData:
    """Read all that the configuration names.

    Raises:
        DataError: a file is missing or makes no sense, or every series is too short.
    """
    series: list[Series] = []
    weights: list[float] = []
    unit = 0.0
    own: dict[str, list[Case]] = {}
    files: list[tuple[Path, str]] = []
    for source in sources_of(config):
        found = source.read(config.season_length)
        found = found[:: max(1, len(found) // SMOKE_SERIES)] if config.smoke else found
        pasts, cases = split_last_steps(found, config)
        pasts = [past for past in pasts if len(past.values) > 1]
        own[stem(source.path)] = cases
        share = [weight_of(item) for item in pasts]
        unit = unit or sum(share)
        weights += [weight * source.share * unit / sum(share) for weight in share]
        series += pasts
        files += [(file, source.role()) for file in series_files(source.path)]
    zero_shot, test, unseen = load_zero_shot(config)
    own = {name: cases for name, cases in own.items() if cases}
    if not series or not (own or zero_shot):
        raise DataError("every series is too short to hold out a forecast: give 4 values or more")
    return ForecastData(WindowBank(series, weights), own, zero_shot, test, (*files, *unseen))


def sources_of(config: ForecastTraining) -> Sequence[Source]:
    """The user's data, or the public series; a smoke run makes do without either.

    Raises:
        DataError: neither is there.
    """
    if config.data is not None:
        return (Source(config.data),)
    missing = [source.path for source in PUBLIC_SOURCES if not source.path.is_file()]
    if missing and config.smoke:
        return (Source(write_smoke_series(config.run_folder)),)
    if missing:
        raise DataError(
            f"{missing[0]} does not exist: give --data a CSV, Parquet or JSON-lines file, or put "
            "the public series there (docs/training.md)"
        )
    return PUBLIC_SOURCES


def stem(path: Path) -> str:
    """Name of a data set: the file's, without endings."""
    return path.name.split(".")[0]


def weight_of(series: Series) -> float:
    """Longer series are drawn more often, up to a point; those of very long seasons less."""
    weight = float(min(len(series.values), LONGEST_COUNTED) ** 0.5)
    return weight / 2 if series.season_length > LONG_SEASON else weight


def split_last_steps(
    series: Sequence[Series], config: ForecastTraining
) -> tuple[list[Series], list[Case]]:
    """Hold the last steps of every series out; too short ones are trained on whole."""
    pasts: list[Series] = []
    cases: list[Case] = []
    for item in series:
        case = last_steps(item, config.horizon, len(item.values) // 4)
        cut = len(item.values) if case is None else len(case.past)
        pasts.append(replace(item, values=item.values[:cut]))
        if case is not None:
            cases.append(case)
    return pasts, cases


def last_steps(series: Series, longest: int, room: int) -> Case | None:
    """The end of a series as the truth, and what came before as the past."""
    usual = USUAL_HORIZON.get(series.season_length, OTHER_HORIZON)
    ahead = min(usual, longest, room)
    past = series.values[: len(series.values) - ahead]
    if ahead < 1 or len(past) < SHORTEST_PAST:
        return None
    return Case(series.name, past, series.values[len(past) :], series.season_length)


def load_zero_shot(
    config: ForecastTraining,
) -> tuple[dict[str, list[Case]], dict[str, list[Case]], list[tuple[Path, str]]]:
    """Series never trained on: their past judged while training, their test part at the end.

    Raises:
        DataError: the folder was asked for and holds nothing.
    """
    folder = config.zero_shot
    if folder is None:
        if config.data is not None or not PUBLIC_ZERO_SHOT.is_dir():
            return {}, {}, []
        folder = PUBLIC_ZERO_SHOT
    past: dict[str, list[Case]] = {}
    test: dict[str, list[Case]] = {}
    files = series_files(folder)
    for file in files:
        series = read_series(file)
        series = series[:: max(1, len(series) // SMOKE_SERIES)] if config.smoke else series
        ahead = [len(s.future) if s.future is not None else OTHER_HORIZON for s in series]
        cases = [last_steps(replace_end(s), n, n) for s, n in zip(series, ahead, strict=True)]
        past[stem(file)] = [case for case in cases if case is not None]
        futures = [(s, s.future) for s in series if s.future is not None]
        if futures:
            test[stem(file)] = [Case(s.name, s.values, f, s.season_length) for s, f in futures]
    return past, test, [(file, "validation, test") for file in files]


def replace_end(series: Series) -> Series:
    """The series without its test part; named for what it guards: the truth is its own end."""
    return replace(series, future=None)
