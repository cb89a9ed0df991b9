"""The forecaster's pass in C answers as its graph does."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from models.forecaster import Forecaster
from service.passes import forecast
from service.passes.contract import CompiledPass, Part
from service.passes.forecast_layout import arrays_of
from service.rows import Array
from tests.service.passes.kinds_of_series import KINDS, batch_of, series_of

_forecast = pytest.importorskip("service.passes._forecast", reason="not compiled")

LEVEL = _forecast.level()
pytestmark = pytest.mark.skipif(LEVEL == 0, reason="not for this processor")

# Of a row's largest magnitude. Most rows are within 1e-6; where a pattern repeats exactly its
# errors are rounding, and both read rounding of their own: of 30,000 rows one was off by 8e-5.
ALIKE = 3e-4
NAN = float("nan")


def parts_of(network: nn.Module) -> Part:
    def part(path: str) -> Any:
        found = reduce(getattr, path.split("."), network)
        return found.detach().numpy() if isinstance(found, torch.Tensor) else found

    return part


def changed(network: nn.Module, **changes: Any) -> Part:
    """The parts of a network, some of them others; dots of a path are written as two strokes."""
    part, others = parts_of(network), {k.replace("__", "."): v for k, v in changes.items()}
    return lambda path: others[path] if path in others else part(path)


@pytest.fixture(scope="module")
def network() -> nn.Module:
    graph: nn.Module = torch.jit.load("models/repository/forecaster/1/model.pt")  # type: ignore[no-untyped-call]
    return graph.eval()


@pytest.fixture(scope="module", params=[4, 3], ids=["AVX512", "AVX2"])
def compiled(request: pytest.FixtureRequest, network: nn.Module) -> CompiledPass:
    if request.param > LEVEL:
        pytest.skip("this processor lacks the instructions")
    arrays = arrays_of(parts_of(network))
    assert arrays is not None
    return forecast.pass_at(request.param, arrays)


def by_graph(network: nn.Module, inputs: Sequence[Array]) -> list[Array]:
    with torch.inference_mode():
        return [answer.numpy() for answer in network(*map(torch.from_numpy, inputs))]


def off(answer: Sequence[Array], expected: Sequence[Array]) -> float:
    """The largest difference of any row by its largest magnitude; the seasons must be equal."""
    assert answer[2].tolist() == expected[2].tolist()
    both = [
        [np.concatenate([a.ravel() for a in row]) for row in zip(*side[:2], strict=True)]
        for side in (answer, expected)
    ]
    rows = zip(*both, strict=True)
    return max(
        float(np.abs(a - b.astype(np.float64)).max() / max(np.abs(b).max(), 1e-37)) for a, b in rows
    )


@given(seed=st.integers(0, 2**32), n_steps=st.one_of(st.integers(1, 70), st.integers(71, 620)))
def test_generated_series_are_forecast_as_by_the_graph(
    compiled: CompiledPass, network: nn.Module, seed: int, n_steps: int
) -> None:
    inputs = batch_of(np.random.default_rng(seed), 6, n_steps)

    assert off(compiled(inputs), by_graph(network, inputs)) < ALIKE


@pytest.mark.parametrize(
    ("series", "season"),
    [
        ([3.0], 0),
        ([0.0], 0),
        ([NAN, 7.0, NAN, NAN], 1),
        ([0.0] * 40, 7),
        ([1e-45] * 3 + [0.0], 0),
        ([3.4e38, -3.4e38] * 30, 2),
        ([-5.0, float("inf"), 3.0, float("-inf"), 8.0] * 8, 0),
        ([1.0, 2.0] * 300, 0),
        ([1.0, 2.0, 4.0, 8.0] * 25, 99),
        ([5.0] * 64 + [6.0], 64),
        ([1.0, NAN] * 60, 12),
        ([2.0**k for k in range(20)], 1),
        ([100.0] * 20 + [100.0 + 2.0**k for k in range(-4, 3)], 0),
        (list(range(48)), 46),
        (list(range(50)), 0),
        ([10.0 ** (k % 5) for k in range(200)], 5),
    ],
)
def test_odd_series_are_forecast_as_by_the_graph(
    compiled: CompiledPass, network: nn.Module, series: list[float], season: int
) -> None:
    inputs = [np.array([series], np.float32), np.array([season])]

    assert off(compiled(inputs), by_graph(network, inputs)) < ALIKE


def test_a_row_is_answered_alike_alone_and_in_any_batch(compiled: CompiledPass) -> None:
    values, seasons = batch_of(np.random.default_rng(5), 12, 200)
    wider = np.pad(values, [(0, 0), (300, 0)], constant_values=np.nan)
    together = compiled([wider, seasons])
    alone = [compiled([values[i : i + 1], seasons[i : i + 1]]) for i in range(12)]

    for answers, answer in zip(zip(*alone, strict=True), together, strict=True):
        assert np.concatenate(answers).tobytes() == answer.tobytes()


def test_several_threads_may_compute_at_once(compiled: CompiledPass) -> None:
    batches = [batch_of(np.random.default_rng(seed), 8, 100 + 60 * seed) for seed in range(6)]
    expected = [[answer.tobytes() for answer in compiled(batch)] for batch in batches]

    with ThreadPoolExecutor(4) as threads:
        for _ in range(5):
            answers = list(threads.map(compiled, batches))
            assert [[a.tobytes() for a in answer] for answer in answers] == expected


@pytest.mark.parametrize("kind", KINDS)
def test_quantiles_never_fall_with_the_level(compiled: CompiledPass, kind: str) -> None:
    series = series_of(kind, np.random.default_rng(1), 90)
    quantiles = compiled([series[None], np.array([0])])[1]

    assert (np.diff(quantiles, axis=2) >= 0).all()


@pytest.mark.usefixtures("compiled")
def test_a_network_of_ones_own_of_the_default_sizes_is_known() -> None:
    torch.manual_seed(3)
    own = Forecaster().eval()
    inputs = batch_of(np.random.default_rng(2), 6, 130)
    own_pass = forecast.make(parts_of(own))
    assert own_pass is not None

    assert off(own_pass(inputs), by_graph(own, inputs)) < ALIKE


@pytest.mark.parametrize(
    "make_other",
    [
        lambda: Forecaster("lstm"),
        lambda: Forecaster("min_gru"),
        lambda: Forecaster("mlp"),
        lambda: Forecaster(hidden_size=32),
        lambda: Forecaster(width=64),
        lambda: Forecaster(horizon=32),
        lambda: Forecaster(context_length=256),
        lambda: nn.Linear(2, 3),
    ],
    ids=["LSTM", "minimal GRU", "MLP", "hidden size", "width", "horizon", "context", "other"],
)
def test_a_network_of_other_sizes_is_left_to_the_graph(make_other: Callable[[], nn.Module]) -> None:
    assert forecast.make(parts_of(make_other())) is None


@pytest.mark.parametrize(
    "change",
    [
        {"largest": 1e5},
        {"season__nearly": 0.9},
        {"smoother__older": np.ones((512, 12))},
        {"smoother__slope_of": np.zeros(22, np.int64)},
        {"smoother__level_of": np.full(22, 12)},
        {"check_of": np.full(7, 5)},
        {"backtest__steps": np.array([1, 2, 4, 8, 48])},
        {"features__factors": [1.0] * 26},
    ],
    ids=lambda change: str(*change),
)
def test_a_network_of_other_rules_is_left_to_the_graph(change: dict[str, Any]) -> None:
    assert forecast.make(changed(Forecaster(), **change)) is None


def test_the_pass_is_left_out_where_it_was_not_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecast, "_forecast", None)

    assert forecast.make(parts_of(Forecaster())) is None


def test_probes_hold_what_a_pass_might_get_wrong(
    compiled: CompiledPass, network: nn.Module
) -> None:
    for inputs in forecast.probes():
        assert off(compiled(inputs), by_graph(network, inputs)) < ALIKE / 30
        assert any(by_graph(network, inputs)[2] > 1)
        assert np.isnan(inputs[0]).any()


@pytest.mark.parametrize("short", range(5), ids=["values", "season", "mean", "quantiles", "used"])
def test_arrays_of_other_sizes_are_refused(network: nn.Module, short: int) -> None:
    arrays = arrays_of(parts_of(network))
    assert arrays is not None
    prepared = _forecast.prepare(arrays)
    sizes = [(2, 30), (2,), (2, 64), (2, 64, 13), (2,)]
    dtypes = [np.float32, np.int64, np.float32, np.float32, np.int64]
    batch = [np.zeros(size, dtype) for size, dtype in zip(sizes, dtypes, strict=True)]
    batch[short] = batch[short][:1]

    with pytest.raises(ValueError, match="not of the sizes"):
        _forecast.forward(prepared, LEVEL, 2, 30, *batch)
    with pytest.raises(ValueError, match="not the instructions"):
        _forecast.forward(prepared, 5, 2, 30, *batch)


def test_arrays_of_a_network_that_lack_something_are_refused(network: nn.Module) -> None:
    arrays = arrays_of(parts_of(network))
    assert arrays is not None
    with pytest.raises(KeyError, match="score_bias"):
        _forecast.prepare({k: v for k, v in arrays.items() if k != "score_bias"})
    with pytest.raises(ValueError, match="growth takes 28 bytes, not 24"):
        _forecast.prepare({**arrays, "growth": arrays["growth"][:6]})
