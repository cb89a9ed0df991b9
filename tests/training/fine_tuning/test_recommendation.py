import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.fine_tuning.recommendation import MOST, contest, recommend


def errors(seed: int, n: int, level: float, noise: float) -> list[float]:
    return list(level + noise * np.random.default_rng(seed).standard_normal(n))


def test_a_clear_lead_over_every_rival_is_recommended() -> None:
    base = np.array(errors(0, 40, 1.0, 0.2))
    found = recommend(
        {"adapted": base * 0.8, "zero-shot": base, "naive": base * 1.5},
        adapted="adapted",
        default="zero-shot",
    )
    assert found.recommended
    assert found.use == "adapted"
    assert [round(c.ratio, 3) for c in found.contests] == [0.8, 0.533]
    assert found.sentence.startswith("Recommended")


def test_one_rival_that_is_as_good_is_enough_to_refuse() -> None:
    base = np.array(errors(0, 40, 1.0, 0.2))
    table = {"adapted": base * 0.8, "zero-shot": base, "scratch": base * 0.8}
    found = recommend(table, adapted="adapted", default="zero-shot")
    assert not found.recommended
    assert found.use == "scratch"
    assert "is not better than scratch by more than chance. Use scratch instead" in found.sentence


def test_a_lead_that_chance_explains_leaves_the_model_that_needs_no_training() -> None:
    table = {"adapted": errors(1, 30, 1.0, 0.3), "zero-shot": errors(2, 30, 1.02, 0.3)}
    found = recommend(table, adapted="adapted", default="zero-shot")
    assert not found.recommended
    assert found.use == "zero-shot"


def test_a_rival_that_was_beaten_is_not_the_alternative() -> None:
    base = np.array(errors(0, 40, 1.0, 0.2))
    near = np.tile([0.1, 1.8], 20)  # so uneven that chance explains any lead
    far, silent = base[::-1] * 1.1, np.full(40, np.nan)
    table = {"adapted": base * 0.8, "zero-shot": base, "near": near, "far": far, "silent": silent}
    table["far"][:38] = np.nan  # answered two items: too few to be beaten
    found = recommend(table, adapted="adapted", default="zero-shot")
    assert [c.rival for c in found.contests if not c.better] == ["near", "far", "silent"]
    assert found.use == "near"


def test_too_few_items_prove_nothing() -> None:
    found = contest("naive", np.full(5, 0.1), np.full(5, 1.0), range(5))
    assert not found.better
    assert contest("naive", np.full(6, 0.1), np.full(6, 1.0), range(6)).better


def test_windows_of_one_series_count_once() -> None:
    own, other = np.full(60, 0.5), np.ones(60)
    found = contest("naive", own, other, [i // 12 for i in range(60)])
    assert found.n_items == 5
    assert not found.better


def test_only_items_that_both_answered_are_compared() -> None:
    own = np.array([1.0, 1.0, 1.0, 9.0, 9.0])
    other = np.array([2.0, 2.0, 2.0, np.nan, np.nan])
    found = contest("slow", own, other, range(5))
    assert (found.n_items, found.ratio) == (3, 0.5)


def test_a_rival_that_answered_nothing_is_never_beaten() -> None:
    found = contest("slow", np.ones(9), np.full(9, np.nan), range(9))
    assert found.n_items == 0
    assert not found.better


def test_a_rival_without_errors_is_never_beaten_and_stays_a_number() -> None:
    found = contest("nearest", np.eye(9)[0], np.zeros(9), range(9))
    assert (found.ratio, found.high, found.better) == (MOST, MOST, False)
    assert "errors where nearest makes none" in found.words
    assert contest("nearest", np.zeros(9), np.zeros(9), range(9)).ratio == 1.0
    rare = contest("nearest", np.eye(9)[0], np.eye(9)[1], range(9))
    assert np.isfinite([rare.ratio, rare.low, rare.high]).all()


@pytest.mark.parametrize("n", [8, 40], ids=["all signs", "drawn signs"])
def test_equal_candidates_are_rarely_called_better(n: int) -> None:
    random = np.random.default_rng(0)
    pairs = np.abs(random.standard_normal((200, 2, n)))
    calls = [contest("same", one, two, range(n)).better for one, two in pairs]
    assert sum(calls) <= 20  # 10 expected at 5 in 100


@given(st.lists(st.floats(0.01, 100), min_size=6, max_size=30), st.floats(1e-3, 1e3))
def test_the_unit_of_the_error_does_not_matter(values: list[float], unit: float) -> None:
    own, other = np.array(values), np.array(values)[::-1] * 1.1
    one = contest("x", own, other, range(len(own)))
    two = contest("x", own * unit, other * unit, range(len(own)))
    assert two.ratio == pytest.approx(one.ratio)
    assert (two.low, two.high) == pytest.approx((one.low, one.high))


def test_the_verdict_can_be_kept_in_a_manifest() -> None:
    base = np.array(errors(0, 10, 1.0, 0.1))
    table = {"adapted": base * 0.5, "zero-shot": base}
    record = recommend(table, adapted="adapted", default="zero-shot").to_json()
    assert record["recommended"] is True
    assert record["contests"][0]["rival"] == "zero-shot"
    assert record["contests"][0]["better"] is True
