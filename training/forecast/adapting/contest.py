"""Every candidate on the same windows: the forecasts, the figures, the verdict."""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import nn

from models.forecast_metrics import WQL_LEVELS
from training.fine_tuning.recommendation import FEWEST_ITEMS, Recommendation, recommend
from training.forecast.adapting.classical import Answers, forecast_classical, methods_for
from training.forecast.adapting.plan import BacktestPlan
from training.forecast.adapting.scores import Scores, measure_all
from training.forecast.config import ForecastTraining
from training.forecast.evaluation import WQL_COLUMNS, forecast
from training.forecast.metrics import Case
from training.forecast.series import Values

ADAPTED, ZERO_SHOT, SCRATCH = "adapted", "zero-shot", "from scratch"


@dataclass(frozen=True)
class Candidate:
    """One way to forecast: its answers to the measured windows and how good they were."""

    name: str
    answers: list[Values | None]
    scores: Scores
    seconds: float


def of_network(name: str, network: nn.Module, plan: BacktestPlan, seconds: float) -> Candidate:
    """A network's answers; ``seconds`` is what its training took."""
    started = time.monotonic()
    answers: list[Values | None] = [
        answer[:, WQL_COLUMNS] for answer in forecast(network.eval(), plan.cases)
    ]
    spent = seconds + time.monotonic() - started
    return Candidate(name, answers, measure_all(plan.cases, answers), spent)


def of_classical(plan: BacktestPlan, config: ForecastTraining) -> list[Candidate]:
    """The classical methods; those finished before an interruption are not repeated.

    Raises:
        Interrupted: Ctrl-C or SIGTERM.
    """
    found = []
    order = series_in_turn(plan, config.seed)
    for name in methods_for(plan.cases):
        done = _remembered(
            config.run_folder / "classical" / f"{name.replace(' ', '-')}.npz",
            _digest(plan.cases, config.classical_s),
            lambda name=name: forecast_classical(  # type: ignore[misc]
                name, plan.cases, order, limit_s=config.classical_s
            ),
            resume=config.resume,
        )
        scores = measure_all(plan.cases, done.quantiles)
        found.append(Candidate(name, done.quantiles, scores, done.seconds))
    return [candidate for candidate in found if candidate.scores.n_answered]


def judge(candidates: Sequence[Candidate], plan: BacktestPlan, seed: int) -> Recommendation:
    """Recommend the adapted network only if it beats every candidate that answered enough."""
    return recommend(
        {c.name: c.scores.scaled_quantile for c in candidates if comparable(c, plan)},
        adapted=ADAPTED,
        default=ZERO_SHOT,
        groups=plan.groups,
        seed=seed,
    )


def comparable(candidate: Candidate, plan: BacktestPlan) -> bool:
    """Whether a candidate answered windows of enough series for a comparison."""
    groups = zip(plan.groups, candidate.answers, strict=True)
    return len({group for group, answer in groups if answer is not None}) >= FEWEST_ITEMS


def series_in_turn(plan: BacktestPlan, seed: int) -> list[int]:
    """Windows in random order, but one of every series before the second of any."""
    chance = np.random.default_rng(seed).random(len(plan.items))
    return sorted(range(len(plan.items)), key=lambda i: (plan.items[i].later, chance[i]))


def _remembered(
    path: Path, digest: str, compute: Callable[[], Answers], *, resume: bool
) -> Answers:
    if resume and path.is_file():
        with np.load(path, allow_pickle=False) as stored:
            if str(stored["digest"]) == digest:
                return _unpacked(stored["values"], stored["lengths"], float(stored["seconds"]))
    answers = compute()
    lengths = [-1 if row is None else len(row) for row in answers.quantiles]
    rows = [row for row in answers.quantiles if row is not None]
    values = np.concatenate([np.empty((0, len(WQL_LEVELS))), *rows])
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, values=values, lengths=lengths, seconds=answers.seconds, digest=digest)
    return answers


def _unpacked(values: Values, lengths: Values, seconds: float) -> Answers:
    quantiles: list[Values | None] = []
    start = 0
    for length in lengths.astype(int):
        quantiles.append(None if length < 0 else values[start : start + length])
        start += max(length, 0)
    return Answers(quantiles, seconds)


def _digest(cases: Sequence[Case], limit_s: float) -> str:
    content = hashlib.sha256(str(limit_s).encode())
    for case in cases:
        content.update(case.past.tobytes() + case.future.tobytes())
        content.update(str(case.season_length).encode())
    return content.hexdigest()
