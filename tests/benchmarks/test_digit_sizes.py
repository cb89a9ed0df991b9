from pathlib import Path

import pytest
from rich.console import Console

from benchmarks import digit_sizes
from benchmarks.digit_sizes import SIZES, Cost, as_table, measure
from models.row_classifier import RowClassifierSizes
from service.runtime import computes_in


def test_every_network_is_timed_at_every_batch(tmp_path: Path) -> None:
    small = RowClassifierSizes(hidden_size=5, n_filters=2)
    costs = measure(
        {"small": small, "smaller": RowClassifierSizes(hidden_size=3)}, tmp_path, rounds=1
    )

    assert [cost.name for cost in costs] == ["small", "smaller"]
    assert set(costs[0].float32_us) == set(digit_sizes.BATCHES)
    assert all(0 < us < 60e6 for cost in costs for us in cost.float32_us.values())
    assert costs[0].n_parameters != costs[1].n_parameters
    expected = "int8" if computes_in("int8") else None
    assert costs[0].reduced == expected


def test_without_instructions_for_fewer_bits_only_float32_is_timed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digit_sizes, "computes_in", lambda _: False)

    (cost,) = measure({"small": RowClassifierSizes(hidden_size=3)}, tmp_path, rounds=1)

    assert cost.reduced is None


def test_gains_are_against_the_first_network() -> None:
    half = {1: 40.0, 32: 20.0, 64: 10.0}
    costs = [
        Cost("first", 1_000, "int8", {1: 80.0, 32: 40.0, 64: 30.0}, half),
        Cost("second", 500, "bfloat16", {1: 80.0, 32: 40.0, 64: 20.0}, half),
        Cost("third", 500, None, {1: 8.0, 32: 4.0, 64: 60.0}, {}),
    ]
    console = Console(width=160, record=True)
    console.print(as_table(costs))

    text = console.export_text()
    assert "1.50 / 1.00" in text
    assert "0.50" in text
    assert "80 / 40" in text


def test_the_first_network_is_the_default_of_training() -> None:
    assert next(iter(SIZES.values())) == RowClassifierSizes()
