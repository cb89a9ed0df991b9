"""The forecast task: series to arrays, the horizon in chunks, quantiles to JSON.

Axis letters: B series, T time, Q steps ahead, L levels of the model, A levels asked for.
"""

import asyncio
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models.manifest import Manifest
from service.errors import Fault, InvalidInput
from service.rows import Array, Arrays, Lengths, Padding, Rows
from service.tasks.backtest import forecast_request, measure, of_series, report, windows_of
from service.tasks.backtest_api import BacktestRequest
from service.tasks.contract import Payload, Submit, Task
from service.tasks.forecast_api import ForecastRequest, SeriesArrays
from service.tasks.paths import Paths
from service.tasks.quantiles import mixture, plain

# In one answer; that many make 20 MB of JSON.
MAX_NUMBERS = 2_000_000


Request = ForecastRequest | SeriesArrays


class ForecastTask(Task[Request]):
    """Continue series with a global model that answers a fixed number of steps in one shot.

    A longer horizon is answered in chunks, each the continuation of what the one before forecast.
    """

    name = "forecast"
    endpoint = "/forecast"
    padding = Padding("values", np.nan)

    def __init__(self, manifest: Manifest, folder: Path) -> None:
        super().__init__(manifest, folder)
        self.context_length = int(self.parameters["context_length"])
        self.levels = tuple(float(level) for level in self.parameters["quantile_levels"])
        self.default_season = int(self.parameters.get("season_length", {}).get("default", 0))
        means = [output.shape[1] for output in manifest.outputs if output.name == "mean"]
        self._steps_a_pass = means[0] if means else 0
        self._paths = Paths(self.levels, self.context_length)

    def warmup_lengths(self) -> list[int]:
        """A short series and the longest context."""
        return [min(48, self.context_length), self.context_length]

    def in_one_pass(self, request: object) -> bool:
        """Horizons as far as the model answers in one shot."""
        return isinstance(request, SeriesArrays) and request.steps() <= self._steps_a_pass

    def decode(self, request: Request) -> Rows:
        """The end of every series, as much as the model reads, without what is missing in front."""
        _refuse_giant(request)
        if isinstance(request.series, np.ndarray):  # equally long, nothing missing
            newest = request.series[:, -self.context_length :]
            return self._rows(newest, _alike(len(newest), newest.shape[1]), request)
        ends = [_known_part(series[-self.context_length :]) for series in request.series]
        faults = [
            Fault(("series", at), self._nothing_known(len(request.series[at])))
            for at, end in enumerate(ends)
            if not len(end)
        ]
        if faults:
            raise InvalidInput(faults)
        lengths = np.array([len(end) for end in ends])
        values = np.full((len(ends), lengths.max()), np.nan, dtype=np.float32)  # (B, T)
        for row, end in enumerate(ends):
            values[row, -len(end) :] = end
        return self._rows(values, lengths, request)

    def _rows(self, values: Array, lengths: Lengths, request: Request) -> Rows:
        season = request.season_length or self.default_season
        seasons = _alike(len(values), season)
        return Rows({"values": values, "season_length": seasons}, lengths)

    def _nothing_known(self, length: int) -> str:
        if length <= self.context_length:
            return "Every value is missing"
        return f"Every value is missing among the last {self.context_length}, all the model reads"

    async def answer(self, request: Request | BacktestRequest, submit: Submit) -> Payload:
        """Continue series, or measure how well their ends are forecast."""
        if isinstance(request, BacktestRequest):
            return await self._backtest(request, submit)
        return await self._forecast(request, submit)

    async def _backtest(self, request: BacktestRequest, submit: Submit) -> Payload:
        """Every window is a series to forecast; the figures are worked out off the event loop."""
        windows = await asyncio.to_thread(windows_of, request)
        try:
            answered = await self._forecast(forecast_request(request, windows), submit)
        except InvalidInput as error:
            raise of_series(error, windows) from None
        pairs = list(zip(windows, answered["forecasts"], strict=True))
        return await asyncio.to_thread(
            lambda: report(request, [measure(window, forecast) for window, forecast in pairs])
        )

    async def _forecast(self, request: Request, submit: Submit) -> Payload:
        """Ask for one chunk after the other until the horizon is reached."""
        rows = self.decode(request)
        first = await submit(rows)
        chunks = [first]
        for number in range(1, math.ceil(request.steps() / first["mean"].shape[1])):
            extend = self._paths.first_rows if number == 1 else self._paths.next_rows
            rows = extend(rows, chunks[-1])
            outputs = await submit(rows)
            # Sorting thousands of series takes a while; numpy lets the event loop go on.
            chunks.append(await asyncio.to_thread(self._paths.combine, outputs))
        if len(chunks) == 1:
            return self.encode(request, first)
        joined = {
            name: np.concatenate([chunk[name] for chunk in chunks], axis=1)
            for name in ("mean", "quantiles")
        }
        return self.encode(request, joined | {"season_length": first["season_length"]})

    def encode(self, request: Request, outputs: Arrays) -> Payload:
        """Cut to the horizon, and mix the levels of the model into those asked for."""
        steps = slice(request.steps())
        means = plain(outputs["mean"][:, steps])
        levels = mixture(self.levels, request.asked_quantiles())
        by_level = levels.of(outputs["quantiles"][:, steps])  # (B, A, Q)
        return {
            "forecasts": [
                {
                    "mean": mean,
                    "quantiles": dict(zip(levels.names, rows, strict=True)),
                    "season_length": n,
                }
                for mean, rows, n in zip(
                    means, by_level, outputs["season_length"].tolist(), strict=True
                )
            ]
        }


def _refuse_giant(request: Request) -> None:
    n_numbers = len(request.series) * request.steps() * (1 + len(request.asked_quantiles()))
    if n_numbers > MAX_NUMBERS:
        message = f"The answer would hold {n_numbers:,} numbers, at most {MAX_NUMBERS:,} are given"
        raise InvalidInput([Fault(("series",), f"{message}: send fewer series in a request")])


def _alike(n_rows: int, number: int) -> Lengths:
    """As ``np.full``, in a third of its time for one row."""
    alike = np.empty(n_rows, dtype=np.int64)
    alike.fill(number)
    return alike


def _known_part(series: Sequence[float | None] | Array) -> Array:
    """The values as float32, missing ones as NaN, from the first known one on."""
    values = np.array(series, dtype=np.float32)
    known = ~np.isnan(values)
    return values[known.argmax() :] if known.any() else values[:0]
