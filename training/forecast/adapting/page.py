"""The report of an adaptation: the verdict first, then what it rests on."""

from collections.abc import Sequence
from dataclasses import dataclass

from training.fine_tuning.recommendation import Recommendation
from training.forecast.adapting import plots, tables
from training.forecast.adapting.contest import ADAPTED, SCRATCH, ZERO_SHOT, Candidate
from training.forecast.adapting.fits import Fit
from training.forecast.adapting.parent import Start
from training.forecast.adapting.plan import BacktestPlan
from training.provenance import chosen_options
from training.report import Report


@dataclass(frozen=True)
class Outcome:
    """All that a back-test found."""

    plan: BacktestPlan
    fit: Fit
    candidates: Sequence[Candidate]
    recommendation: Recommendation
    warning: str


def build_page(start: Start, outcome: Outcome) -> str:
    """Verdict, table, contests, forecasts, learning curve, settings."""
    verdict = outcome.recommendation
    report = Report(f"{start.config.name}: {start.parent.label} adapted", verdict.sentence)
    if outcome.warning:
        report.text("Mind", outcome.warning)
    report.table(
        "Back-test",
        tables.HEADER,
        tables.rows(outcome.candidates),
        f"{_how(outcome)} {tables.NOTE}",
    )
    report.text("By more than chance?", "\n".join(c.words for c in verdict.contests))
    report.figure(
        "Error against each alternative",
        plots.errors(verdict),
        "Green: better by more than chance (paired randomisation test, 5 in 100).",
    )
    report.figure(
        "Forecasts of the measured windows",
        plots.forecasts(_shown(outcome.candidates), outcome.plan),
        "Truth in black, past in grey; medians, and the adapted model's 80 % interval.",
    )
    report.figure("Learning", plots.learning(outcome.fit), _learning_note(outcome))
    report.settings("Settings", chosen_options(start.config))
    return report.render()


def _how(outcome: Outcome) -> str:
    return f"{outcome.plan.words[0].upper()}{outcome.plan.words[1:]}."


def _learning_note(outcome: Outcome) -> str:
    if not outcome.fit.best_step:
        return "No step was better than the export as it is: adapting changed nothing."
    return f"Step {outcome.fit.best_step} was best on the windows before the measured ones."


def _shown(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The adapted network, zero-shot, and the best of the classical methods."""
    networks = [c for c in candidates if c.name in (ADAPTED, ZERO_SHOT)]
    others = [c for c in candidates if c.name not in (ADAPTED, ZERO_SHOT, SCRATCH)]
    whole = max((c.scores.n_answered for c in others), default=0)
    rivals = [c for c in others if c.scores.n_answered == whole]
    best = sorted(rivals, key=lambda c: c.scores.quantile_error)[:1]
    return [*networks, *best]
