import pytest

from training.schedule import warmup_constant, warmup_cosine


def test_the_rate_warms_up_then_falls_to_the_floor() -> None:
    factors = [warmup_cosine(s, steps=100, warmup_steps=10, floor=0.1) for s in range(101)]
    assert factors[0] == pytest.approx(0.1)
    assert factors[10] == pytest.approx(1.0)
    assert factors[55] == pytest.approx(0.55)
    assert factors[100] == pytest.approx(0.1)
    assert factors[10:] == sorted(factors[10:], reverse=True)


def test_no_warm_up_starts_at_the_top() -> None:
    assert warmup_cosine(0, steps=10, warmup_steps=0) == 1.0


def test_a_constant_rate_stays_at_the_top_after_its_warm_up() -> None:
    factors = [warmup_constant(step, steps=9, warmup_steps=4) for step in range(9)]
    assert factors == [0.25, 0.5, 0.75, *[1.0] * 6]
    assert warmup_constant(0, steps=9, warmup_steps=0) == 1.0
