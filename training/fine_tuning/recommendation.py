"""Is the adapted model better than what one would use otherwise, by more than chance?

Every candidate is measured on the same items (a series, a picture, a paragraph that no candidate
was trained on), so that errors are compared pair by pair.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Errors = npt.NDArray[np.float64]
FEWEST_ITEMS = 6  # with five or fewer no difference of signs is rarer than 5 in 100 both ways
CHANCE = 0.05
N_DRAWS = 4000
CONFIDENCE = 0.95
MOST = 1000.0  # ratios are no larger: rivals may make no errors at all


@dataclass(frozen=True)
class Contest:
    """The adapted model against one rival on the items that both answered.

    ``ratio`` is mean error over the rival's mean error, below 1 where the adapted model is better;
    ``low`` and ``high`` hold it in 95 of 100 redrawn collections of items. ``chance`` is how often
    a lead as large, or larger, would come about if the two were equally good.
    """

    rival: str
    ratio: float
    low: float
    high: float
    chance: float
    n_items: int

    @property
    def better(self) -> bool:
        """Whether the adapted model leads by more than chance."""
        return self.n_items >= FEWEST_ITEMS and self.ratio < 1 and self.chance < CHANCE

    @property
    def words(self) -> str:
        """The outcome in a sentence."""
        size = abs(1 - self.ratio)
        lead = f"{size:.1%} {'lower' if self.ratio < 1 else 'higher'} error than {self.rival}"
        if self.ratio == 1:
            lead = f"the same error as {self.rival}"
        if self.ratio >= MOST:
            lead = f"errors where {self.rival} makes none"
        high = f"{self.high:.3f}" if self.high < MOST else "any"
        span = f"95 % interval of the ratio {self.low:.3f} to {high}, {self.n_items} items"
        if self.better:
            return f"{lead}: better by more than chance ({span})"
        if self.ratio < 1:
            return f"{lead}: within what chance explains ({span})"
        return f"{lead}: not better ({span})"


@dataclass(frozen=True)
class Recommendation:
    """The verdict: the adapted model, or what to use instead."""

    adapted: str
    recommended: bool
    use: str
    contests: tuple[Contest, ...]

    @property
    def sentence(self) -> str:
        """What a person needs to know first."""
        if self.recommended:
            return f"Recommended: {self.adapted} is better than every alternative."
        lost = ", ".join(contest.rival for contest in self.contests if not contest.better)
        return (
            f"Not recommended: {self.adapted} is not better than {lost} by more than chance. "
            f"Use {self.use} instead."
        )

    def to_json(self) -> dict[str, Any]:
        """For a manifest."""
        return {
            "recommended": self.recommended,
            "use": self.use,
            "sentence": self.sentence,
            "contests": [asdict(c) | {"better": c.better} for c in self.contests],
        }


def recommend(
    errors: Mapping[str, Sequence[float] | Errors],
    *,
    adapted: str,
    default: str,
    groups: Sequence[object] | None = None,
    seed: int = 0,
) -> Recommendation:
    """Recommend the adapted model only if it beats every rival by more than chance.

    ``errors`` holds an error an item for each candidate (NaN where a candidate did not answer,
    lower is better). Items of one group, such as windows of one series, are not independent: the
    group is what is redrawn. ``default`` is the rival that needs no training; it is named as the
    alternative unless the adapted model or another rival beats it by more than chance.
    """
    table = {name: np.asarray(values, dtype=np.float64) for name, values in errors.items()}
    labels = list(range(len(table[adapted]))) if groups is None else list(groups)
    rivals = [name for name in table if name != adapted]
    contests = tuple(
        contest(name, table[adapted], table[name], labels, seed=seed) for name in rivals
    )
    unbeaten = [outcome.rival for outcome in contests if not outcome.better]
    won = bool(contests) and not unbeaten
    use = adapted if won else _alternative(table, unbeaten, default, labels, seed)
    return Recommendation(adapted, won, use, contests)


def contest(
    rival: str, own: Errors, other: Errors, groups: Sequence[object], *, seed: int = 0
) -> Contest:
    """Compare two candidates on the items that both answered."""
    known = np.isfinite(own) & np.isfinite(other)
    first, second = _by_group(own, groups, known), _by_group(other, groups, known)
    n = len(first)
    if not n:
        return Contest(rival, MOST, 0.0, MOST, 1.0, n)
    if second.sum() <= 0:  # a rival that is always right cannot be beaten
        ratio = MOST if first.sum() > 0 else 1.0
        return Contest(rival, ratio, min(1.0, ratio), ratio, 1.0, n)
    random = np.random.default_rng(seed)
    drawn = random.integers(n, size=(N_DRAWS, n))
    below = np.maximum(second[drawn].mean(1), 1e-300)
    spread = first[drawn].mean(1) / below
    spread = np.minimum(spread, MOST)
    low, high = np.quantile(spread, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    ratio = min(float(first.mean() / second.mean()), MOST)
    return Contest(
        rival, ratio, float(low), float(high), _chance_of_lead(second - first, random), n
    )


def _chance_of_lead(gain: Errors, random: np.random.Generator) -> float:
    """How often random signs make the mean gain as large: a paired randomisation test.

    Source: Fisher 1935; Pitman 1937.
    """
    n = len(gain)
    if n <= 12:
        signs = 1 - 2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
        return float(np.mean(signs @ gain >= gain.sum() - 1e-12 * np.abs(gain).sum()))
    signs = random.integers(0, 2, size=(N_DRAWS, n)) * 2 - 1
    as_large = int(np.sum(signs @ gain >= gain.sum()))
    return (1 + as_large) / (1 + N_DRAWS)


def _by_group(errors: Errors, groups: Sequence[object], known: npt.NDArray[np.bool_]) -> Errors:
    """Mean error of each group, in the order in which groups appear."""
    members: dict[object, list[float]] = {}
    for error, group, kept in zip(errors, groups, known, strict=True):
        if kept:
            members.setdefault(group, []).append(float(error))
    return np.array([np.mean(values) for values in members.values()])


def _alternative(
    table: Mapping[str, Errors], unbeaten: list[str], default: str, groups: list[Any], seed: int
) -> str:
    """Of the rivals that were not beaten: the one that needs no training, or a better one."""
    if not unbeaten:
        return default
    if default not in unbeaten:
        return min(unbeaten, key=lambda name: _mean(table[name]))
    beating = [
        contest(name, table[name], table[default], groups, seed=seed)
        for name in unbeaten
        if name != default
    ]
    better = [outcome for outcome in beating if outcome.better]
    return min(better, key=lambda outcome: outcome.ratio).rival if better else default


def _mean(errors: Errors) -> float:
    known = errors[np.isfinite(errors)]
    return float(known.mean()) if known.size else np.inf
