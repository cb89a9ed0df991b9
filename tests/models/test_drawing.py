"""Drawing a word, against distributions that can be worked out by hand."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from models.drawing import draw

# Of the five words in turn; no two are alike, and they are not in order.
SHARES = [0.1, 0.4, 0.05, 0.3, 0.15]
MOST_TOP_K = 4


def drawn(
    uniform: float,
    *,
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
    scores: Tensor | None = None,
) -> int:
    scores = torch.tensor([SHARES]).log() if scores is None else scores
    settings = [torch.tensor([value]) for value in (temperature, top_k, top_p, uniform)]
    (word,) = draw(scores, MOST_TOP_K, *settings).tolist()
    return int(word)


def shares_of(**settings: float) -> list[float]:
    """How much of the range of uniform numbers falls to each word, in thousandths."""
    uniforms = (torch.arange(1000) + 0.5) / 1000
    scores = torch.tensor([SHARES]).log().expand(1000, -1)
    ones = torch.ones(1000)
    words = draw(
        scores,
        MOST_TOP_K,
        ones * settings.get("temperature", 1.0),
        (ones * settings.get("top_k", 0)).long(),
        ones * settings.get("top_p", 1.0),
        uniforms,
    )
    counts = np.bincount(words.numpy(), minlength=5) / 1000
    return [float(count) for count in counts]


@pytest.mark.parametrize(
    ("uniform", "word"), [(0.0, 0), (0.0999, 0), (0.1001, 1), (0.51, 2), (0.56, 3), (0.9999999, 4)]
)
def test_words_are_walked_through_in_the_order_of_their_ids(uniform: float, word: int) -> None:
    assert drawn(uniform) == word


@pytest.mark.parametrize(
    ("settings", "shares"),
    [
        pytest.param({}, SHARES, id="as-they-are"),
        pytest.param({"top_k": 2}, [0, 4 / 7, 0, 3 / 7, 0], id="two-likeliest"),
        pytest.param({"top_k": 4}, [2 / 19, 8 / 19, 0, 6 / 19, 3 / 19], id="four-likeliest"),
        pytest.param({"top_p": 0.4}, [0, 1, 0, 0, 0], id="one-is-enough"),
        pytest.param({"top_p": 0.6}, [0, 4 / 7, 0, 3 / 7, 0], id="the-second-is-needed"),
        pytest.param({"top_k": 3, "top_p": 0.8}, [0, 4 / 7, 0, 3 / 7, 0], id="first-k-then-p"),
        pytest.param(
            {"temperature": 0.5}, [share**2 / 0.285 for share in SHARES], id="colder-is-sharper"
        ),
        pytest.param({"temperature": 0.0}, [0, 1, 0, 0, 0], id="greedy"),
    ],
)
def test_each_word_comes_as_often_as_the_settings_say(
    settings: dict[str, float], shares: list[float]
) -> None:
    assert shares_of(**settings) == pytest.approx(shares, abs=0.0015)


def test_what_has_no_chance_is_never_drawn() -> None:
    scores = torch.tensor([[float("-inf"), 1.0, float("-inf"), 1.0, float("-inf")]])

    assert {drawn(u, scores=scores) for u in (0.0, 0.4999, 0.5001, 0.99999994)} == {1, 3}


def test_a_word_with_a_share_is_found_at_both_ends() -> None:
    scores = torch.full((1, 5), float("-inf"))
    scores[0, 1:4] = 0.0

    assert [drawn(u, scores=scores) for u in (0.0, 1.0)] == [1, 3]


def test_numbers_out_of_range_are_survived() -> None:
    assert drawn(6.0, temperature=5.0, top_p=3.0) == 4


rows = st.tuples(
    st.sampled_from([0.0, 0.3, 1.0, 2.0]),
    st.integers(0, MOST_TOP_K),
    st.sampled_from([0.2, 0.9, 1.0]),
    st.integers(0, 2**20 - 1).map(lambda n: n / 2**20),
)


@given(seed=st.integers(0, 2**31), settings=st.lists(rows, min_size=1, max_size=7))
def test_a_row_is_drawn_alike_alone_and_in_a_batch(
    seed: int, settings: list[tuple[float, int, float, float]]
) -> None:
    n_words = 11
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(len(settings), n_words, generator=generator) * 3
    columns = [torch.tensor(column) for column in zip(*settings, strict=True)]
    columns = [c.float() if c.dtype == torch.float64 else c for c in columns]

    together = draw(scores, MOST_TOP_K, *columns).tolist()

    alone = [
        int(draw(scores[[row]], MOST_TOP_K, *(column[[row]] for column in columns)))
        for row in range(len(settings))
    ]
    assert together == alone


@given(
    top_p=st.integers(1, 99).map(lambda n: n / 100),
    uniform=st.integers(0, 2**20 - 1).map(lambda n: n / 2**20),
    seed=st.integers(0, 2**31),
)
def test_a_drawn_word_is_among_the_fewest_that_hold_top_p(
    top_p: float, uniform: float, seed: int
) -> None:
    scores = torch.randn(1, 30, generator=torch.Generator().manual_seed(seed)) * 2
    shares = scores.softmax(1)[0].double().numpy()

    word = drawn(uniform, top_p=top_p, scores=scores)

    likelier = shares[shares > shares[word] * 1.0005].sum()  # within 0.04 % words count as ties
    assert likelier < top_p + 1e-6
