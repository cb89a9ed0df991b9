import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from models.forecast_encoder import ENCODERS, GruEncoder
from models.forecast_window import PATCH
from models.forecaster import QUANTILE_LEVELS, Forecaster, mean_weights

# Sizes differ pairwise, so that a swapped or dropped axis cannot pass unseen.
B, T, Q, L = 3, 41, 7, len(QUANTILE_LEVELS)
CONTEXT = 96
MEDIAN = QUANTILE_LEVELS.index(0.5)


def build(cell: str = "gru", horizon: int = Q) -> Forecaster:
    torch.manual_seed(4)
    network = Forecaster(cell, hidden_size=6, width=10, horizon=horizon, context_length=CONTEXT)
    for parameter in network.parameters():  # far from the start, where many outputs are zero
        parameter.data += 0.05 * torch.randn_like(parameter)
    return network.eval()


NETWORK = build()


def rows(*values: npt.ArrayLike) -> Tensor:
    """Right-aligned rows, padded with NaN on the left."""
    arrays = [np.asarray(row, dtype=np.float32) for row in values]
    longest = max(len(row) for row in arrays)
    padded = [np.r_[np.full(longest - len(row), np.nan), row] for row in arrays]
    return torch.tensor(np.stack(padded), dtype=torch.float32)


def answer(values: Tensor, season: list[int] | int = 1) -> tuple[Tensor, Tensor, Tensor]:
    seasons = season if isinstance(season, list) else [season] * len(values)
    with torch.inference_mode():
        found: tuple[Tensor, Tensor, Tensor] = NETWORK(values, torch.tensor(seasons))
    return found


def assert_close(actual: Tensor, expected: Tensor, row: Tensor) -> None:
    """Within 1e-5 of the scale of the row."""
    scale = float(row[~row.isnan()].abs().max()) or 1.0
    assert float((actual - expected).abs().max()) <= 1e-5 * max(scale, float(expected.abs().max()))


def walk(n: int, seed: int = 0) -> npt.NDArray[np.float64]:
    return 50 + np.random.default_rng(seed).normal(size=n).cumsum()


@pytest.mark.parametrize("cell", ENCODERS)
@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
def test_the_scripted_graph_answers_like_the_network(cell: str) -> None:
    network = build(cell)
    scripted = torch.jit.script(network)
    values = rows(walk(T), walk(5), [np.nan, 3.0, np.nan, 4.0])
    season = torch.tensor([0, 1, 2])

    with torch.inference_mode():
        mean, quantiles, period = scripted(values, season)
        expected = network(values, season)

    assert (mean.shape, quantiles.shape, period.shape) == ((B, Q), (B, Q, L), (B,))
    for actual, wanted in zip((mean, quantiles, period), expected, strict=True):
        torch.testing.assert_close(actual, wanted)


def test_an_unknown_cell_is_refused() -> None:
    with pytest.raises(ValueError, match="cell must be one of"):
        Forecaster("tcn")


LARGEST = float(np.float32(1e30))
SERIES = st.lists(
    st.one_of(
        st.none(),
        st.floats(-LARGEST, LARGEST, width=32),
        st.sampled_from([0.0, 1.0, -1.0, 1e25, 1e-25, 7.5]),
        st.integers(-50, 50).map(float),
    ),
    min_size=1,
    max_size=130,
).filter(lambda values: any(value is not None for value in values))


@given(values=SERIES, season=st.integers(0, 60))
def test_any_series_gets_finite_sorted_quantiles_around_its_mean(
    values: list[float | None], season: int
) -> None:
    row = rows([np.nan if value is None else value for value in values])

    mean, quantiles, period = answer(row, season)

    assert bool(torch.isfinite(mean).all())
    assert bool(torch.isfinite(quantiles).all())
    assert bool((quantiles.diff(dim=2) >= 0).all())
    assert bool((mean >= quantiles[..., 0]).all() and (mean <= quantiles[..., -1]).all())
    assert int(period[0]) >= 1


@given(
    seed=st.integers(0, 999),
    length=st.integers(1, 100),
    scale=st.sampled_from([1e-25, 1e-3, 1.0, 1e6, 1e25]),
    padding=st.integers(0, 40),
    season=st.sampled_from([0, 1, 4, 12]),
)
def test_padding_and_neighbours_change_no_answer(
    seed: int, length: int, scale: float, padding: int, season: int
) -> None:
    row = (walk(length, seed) - 45) * scale
    alone = rows(row)
    padded = rows(np.r_[np.full(padding, np.nan), row])
    together = rows(walk(97, seed + 1) * 1e9, row, [np.nan, -1.0])

    expected = answer(alone, season)[1][0]

    assert_close(answer(padded, season)[1][0], expected, alone)
    assert_close(answer(together, [7, season, 3])[1][1], expected, alone)


def test_a_series_that_a_candidate_fits_exactly_is_not_told_apart_by_rounding() -> None:
    growth = np.exp(0.1 * np.arange(90))

    alone = answer(rows(growth), 12)[1][0]
    together = answer(rows(walk(96), growth, walk(80, 1), walk(50, 2)), 12)[1][1]

    assert_close(together, alone, rows(growth))


@pytest.mark.parametrize("value", [0.0, 5.0, -3.5, 0.1, 1e25, -1e-25])
@pytest.mark.parametrize("length", [1, 2, 3, 30])
def test_a_constant_stays_constant(value: float, length: int) -> None:
    row = rows(np.full(length, value))

    mean, quantiles, _ = answer(row, 4)

    torch.testing.assert_close(quantiles, row[0, 0].expand_as(quantiles), rtol=1e-6, atol=0)
    torch.testing.assert_close(mean, row[0, 0].expand_as(mean), rtol=1e-6, atol=0)


def test_the_answer_scales_with_the_series() -> None:
    row = walk(T)

    small, large = answer(rows(row), 4)[1], answer(rows(row * 1024), 4)[1]

    torch.testing.assert_close(large, small * 1024, rtol=1e-5, atol=1e-3)


def test_what_was_never_negative_never_gets_a_negative_quantile() -> None:
    counts = np.random.default_rng(2).poisson(0.6, 60)

    assert float(answer(rows(counts))[1].min()) >= 0
    assert float(answer(rows(counts - 3.0))[1].min()) < 0


def test_a_pure_season_is_continued_in_phase() -> None:
    season = np.array([10.0, 30.0, 20.0, 60.0, 40.0])

    median = answer(rows(np.resize(season, 53)), 5)[1][0, :, MEDIAN]

    expected = torch.tensor(np.resize(np.roll(season, -3), Q), dtype=torch.float32)
    torch.testing.assert_close(median, expected, rtol=0, atol=10.0)  # one view has no season
    assert np.corrcoef(median, expected)[0, 1] > 0.995


@pytest.mark.parametrize(
    ("given_length", "n", "used"),
    [(0, 80, 12), (1, 80, 1), (6, 80, 6), (12, 13, 1), (12, 14, 12)],
    ids=["detected", "none", "as told", "too long for the past", "just fits"],
)
def test_the_season_used_is_reported(given_length: int, n: int, used: int) -> None:
    step = np.arange(n)
    noise = np.random.default_rng(1).normal(size=n)
    row = rows(100 + 30 * np.sin(2 * np.pi * step / 12) + noise)

    assert answer(row, given_length)[2].tolist() == [used]


def test_only_the_newest_context_is_read() -> None:
    row = walk(CONTEXT)

    longer = rows(np.r_[1e6, -1e6, row])

    assert_close(answer(longer, 4)[1][0], answer(rows(row), 4)[1][0], rows(row))


def test_the_mean_is_the_area_under_the_quantiles() -> None:
    weights = mean_weights()

    assert float(weights.sum()) == pytest.approx(1.0)
    uniform = float(weights @ torch.tensor(QUANTILE_LEVELS, dtype=torch.float64))
    assert uniform == pytest.approx(0.5)


def test_rows_without_a_season_answer_alike_with_and_without_seasonal_neighbours() -> None:
    row, neighbour = walk(60, 3), walk(60, 4)

    alone = answer(rows(row), 1)[1][0]
    beside = answer(rows(row, neighbour), [1, 12])[1][0]

    assert_close(beside, alone, rows(row))


def test_the_gru_reads_as_torchs_own_does() -> None:
    torch.manual_seed(1)
    encoder = GruEncoder(6)
    patches = torch.randn(4, B, encoder.cell.input_size)
    length = torch.tensor([PATCH * 4, PATCH * 2, 5])

    with torch.inference_mode():
        found = encoder(patches, length)
        for row, n_patches in enumerate([4, 2, 1]):
            _, state = encoder.cell(patches[-n_patches:, row].unsqueeze(0))
            torch.testing.assert_close(found[row], state[0, 0], rtol=0, atol=1e-6)


def test_rows_with_and_without_gaps_answer_alike_beside_each_other() -> None:
    row, gaps = walk(CONTEXT, 5), walk(CONTEXT, 6)
    gaps[[20, 60, 61, 90]] = np.nan
    season = [12, 7]

    full = answer(rows(row), season[:1])[1][0]
    with_gaps = answer(rows(gaps), season[1:])[1][0]
    together = answer(rows(row, gaps), season)[1]

    assert_close(together[0], full, rows(row))
    assert_close(together[1], with_gaps, rows(gaps))


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
def test_the_frozen_graph_also_runs_in_bfloat16() -> None:
    frozen = torch.jit.freeze(torch.jit.script(build()))
    values, season = rows(walk(T), walk(30)), torch.tensor([4, 1])

    with torch.inference_mode():
        expected = frozen(values, season)[0]
        with torch.autocast("cpu", torch.bfloat16, cache_enabled=False):
            found = frozen(values, season)[0]

    torch.testing.assert_close(found, expected, rtol=0.02, atol=0)
