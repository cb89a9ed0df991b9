"""The weights and tables of a forecaster's graph, laid out as its pass in C reads them.

The folder forecast/ holds the pass; network.h there names the same arrays. Axis letters are those
of models/forecast_window.py.
"""

from collections.abc import Callable

import numpy as np

from service.passes.contract import Part
from service.rows import Array

VIEWS, METHODS, LANES, VIEW_LANES = 5, 22, 112, 24
DISCOUNTS, LINES, FIRST_LINE = 7, 5, 2
CHECKS, ANCHORS, LEVELS, STATE, NARROW, PATCH = 5, 7, 13, 64, 48, 16
# Every tensor that is read, and the only shape that is known.
SHAPES: dict[str, tuple[int, ...]] = {
    "shares": (ANCHORS, 64),
    "paths": (4 * ANCHORS, 64),
    "damped": (3, METHODS),
    "anchor_reach": (ANCHORS, 1, METHODS),
    "mean_weights": (LEVELS,),
    "check_of": (ANCHORS,),
    "season.bonus": (513,),
    "smoother.older": (512, DISCOUNTS + LINES),
    "smoother.by_seen": (23, 560),
    "smoother.level_of": (METHODS,),
    "smoother.slope_of": (METHODS,),
    "backtest.steps": (CHECKS,),
    "backtest.reach": (METHODS, CHECKS),
    "encoder.cell.weight_ih_l0": (3 * STATE, 48),
    "encoder.cell.weight_hh_l0": (3 * STATE, STATE),
    "encoder.cell.bias_ih_l0": (3 * STATE,),
    "encoder.cell.bias_hh_l0": (3 * STATE,),
    "row.0.weight": (128, 96),
    "row.0.bias": (128,),
    "row.3.weight": (128, 128),
    "row.3.bias": (128,),
    "weights.identity": (VIEWS * METHODS, NARROW),
    "weights.from_candidate.weight": (NARROW, 21),
    "weights.from_candidate.bias": (NARROW,),
    "weights.from_row.weight": (NARROW, 128),
    "weights.score.1.weight": (NARROW, NARROW),
    "weights.score.1.bias": (NARROW,),
    "weights.by_anchor.weight": (ANCHORS, NARROW),
    "weights.by_anchor.bias": (ANCHORS,),
    "spread.growth": (ANCHORS,),
    "spread.season_edges": (3,),
    "spread.width": (4,),
    "spread.hidden.0.weight": (128, 156),
    "spread.hidden.0.bias": (128,),
    "spread.out.weight": (98, 128),
    "spread.out.bias": (98,),
}
# Every plain number that is read, and the only value that is known.
NUMBERS = {
    "horizon": 64,
    "context_length": 512,
    "largest": 1e4,
    "season.extra_steps": 2,
    "season.nearly": 0.85,
    "backtest.warm_up": 3,
    "encoder.patch": 16,
    "encoder.resting": 0.5,
    "spread.middle": 6,
}

Tensor = Callable[[str], Array]


def arrays_of(part: Part) -> dict[str, Array] | None:
    """The arrays of network.h, or None where the graph is not of exactly the known sizes."""
    try:
        shapes = {name: np.shape(part(name)) for name in SHAPES}
        numbers = {name: part(name) for name in NUMBERS}
        if shapes != SHAPES or numbers != NUMBERS or not _of_known_rules(part):
            return None
    except AttributeError:
        return None
    found = {**_tables(part), **_methods(part), **_row_networks(part), **_candidates(part)}
    return {name: np.ascontiguousarray(array) for name, array in found.items()}


def _of_known_rules(part: Part) -> bool:
    """Whether moments follow from those of the step before, and places are where they should be."""
    older, slopes = part("smoother.older"), part("smoother.slope_of")
    discounts, age = older[-2, :DISCOUNTS], np.arange(512)[::-1, None]
    powers = discounts**age
    expected = np.concatenate([powers, powers[:, FIRST_LINE:] * age], 1)
    return bool(
        np.allclose(older, expected, rtol=1e-9, atol=0)
        and discounts[-1] == 1.0
        and (slopes[:DISCOUNTS] == LINES + 1).all()
        and set(part("smoother.level_of")) <= set(range(DISCOUNTS + LINES))
        and set(slopes) <= set(range(LINES + 3))
        and ((part("check_of") >= 0) & (part("check_of") < CHECKS)).all()
        and ((part("backtest.steps") > 0) & (part("backtest.steps") < 48)).all()
        and len(part("features.factors")) == len(part("features.offsets")) == 27
    )


def _tables(part: Part) -> dict[str, Array]:
    means, lines = DISCOUNTS, LINES
    by_seen = part("smoother.by_seen").T  # (W + N, F)
    ends = [means, means + lines, means + 2 * lines, means + 3 * lines]
    per_mass, line_mass, line_age, line_spread, per_step = np.split(by_seen, ends, 1)
    discounts = part("smoother.older")[-2, :means]
    tables = {
        "mean_weights": _padded(part("mean_weights"), 16),
        "discounts": _padded(discounts, 8),
        "per_mass": _padded(per_mass, 8),
        "line_mass": _padded(line_mass, 8, FIRST_LINE),
        "line_age": _padded(line_age, 8, FIRST_LINE),
        "line_spread": _padded(line_spread, 8, FIRST_LINE),
        "per_step": per_step,
    }
    names = ("bonus", "season.bonus"), ("shares", "shares"), ("paths", "paths")
    numbers = {name: part(path).astype(np.float32) for name, path in names}
    lists = {
        name: np.array(part(f"features.{name}"), np.float32) for name in ("factors", "offsets")
    }
    return {**{k: v.astype(np.float64) for k, v in tables.items()}, **numbers, **lists}


def _methods(part: Part) -> dict[str, Array]:
    """Where methods find levels and slopes: in two vectors of eight, lines by their discount."""
    level, slope = part("smoother.level_of"), part("smoother.slope_of")
    first, second = FIRST_LINE, 8
    places = {
        "level_from": np.where(level < DISCOUNTS, level, level - DISCOUNTS + first + second),
        # Behind the lines come the drift, none, and half the trend.
        "slope_from": np.choose(
            np.maximum(slope - LINES + 1, 0), [slope + first, second, second + 2, second + 1]
        ),
    }
    whole = {
        "check_of": part("check_of"),
        "steps": part("backtest.steps"),
        "season_edges": part("spread.season_edges"),
        **{name: _padded(place, VIEW_LANES) for name, place in places.items()},
    }
    by_method = {
        "check_reach": _padded(np.tile(part("backtest.reach").T, VIEWS), LANES),
        "anchor_reach": _padded(np.tile(part("anchor_reach")[:, 0], VIEWS), LANES),
        "damped": _padded(part("damped").T, 8, 1),
    }
    return {
        **{name: array.astype(np.int32) for name, array in whole.items()},
        **{name: array.astype(np.float32) for name, array in by_method.items()},
    }


def _row_networks(part: Part) -> dict[str, Array]:
    """Weights with the outputs as columns; those of the cell as its graph folds them."""
    gates = 2 * STATE
    from_patch, from_state = part("encoder.cell.weight_ih_l0"), part("encoder.cell.weight_hh_l0")
    patch_bias, state_bias = part("encoder.cell.bias_ih_l0"), part("encoder.cell.bias_hh_l0")
    state_bias = state_bias - from_state.sum(1)
    twice = np.where(np.arange(3 * STATE) < gates, 1, 2).astype(np.float32)
    told_bias = patch_bias * twice
    told_bias[:gates] += state_bias[:gates]
    seen, inside = np.split((from_patch * twice[:, None]).T, [2 * PATCH])
    return {
        "gru_input": seen,
        "gru_inside": inside,  # one in nearly every patch, so that its weights are a bias
        "gru_input_bias": told_bias + inside.sum(0),
        "gru_state": (from_state * (2 * twice[:, None])).T,
        "gru_new_bias": 2 * state_bias[gates:],
        "row_0": part("row.0.weight").T,
        "row_0_bias": part("row.0.bias"),
        "row_3": part("row.3.weight").T,
        "row_3_bias": part("row.3.bias"),
        "spread": part("spread.hidden.0.weight").T,
        "spread_bias": part("spread.hidden.0.bias"),
        "out": _padded(part("spread.out.weight").T, 112),
        "out_bias": _padded(part("spread.out.bias"), 112),
        "growth": part("spread.growth"),
        "widths": part("spread.width"),
    }


def _candidates(part: Part) -> dict[str, Array]:
    """Weights with an output a row; what tells whether a check was tried belongs to the row."""
    weight = part("weights.from_candidate.weight")
    errors, tried, places = np.split(weight, [2 * CHECKS, 3 * CHECKS], 1)
    anchors = np.zeros((12, NARROW), np.float32)
    anchors[:ANCHORS] = part("weights.by_anchor.weight")
    return {
        "identity": _padded(part("weights.identity").T, LANES),
        "own": np.concatenate([errors, places], 1),
        "from_tried": tried.T,
        "from_row": part("weights.from_row.weight").T,
        "from_row_bias": part("weights.from_candidate.bias"),
        "score": part("weights.score.1.weight"),
        "score_bias": part("weights.score.1.bias"),
        "by_anchor": anchors,
        "by_anchor_bias": _padded(part("weights.by_anchor.bias"), 12),
    }


def _padded(array: Array, size: int, before: int = 0) -> Array:
    """Zeros around the last axis, up to ``size``."""
    around = [(0, 0)] * (array.ndim - 1) + [(before, size - before - array.shape[-1])]
    return np.pad(array, around)
