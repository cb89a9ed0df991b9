from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import httpx
import pytest
import torch

from benchmarks.quality import cost
from benchmarks.quality.figures import Run, Table

MODULE = "service.passes._forecast"
COMPILED = find_spec(MODULE) and import_module(MODULE).level()  # 0: not for this processor


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[Table]:
    monkeypatch.setattr(cost, "REPEATS", 3)
    monkeypatch.setattr(cost, "WARM_UP", 1)
    monkeypatch.setattr(cost, "BATCH", 4)
    return list(cost.tables(Run(httpx.Client(), Path("data"), Path("output"))))


def test_every_shipped_model_is_small_enough_and_timed(measured: list[Table]) -> None:
    sizes, alone, batched, seeds = measured

    assert [row.figure for row in alone.rows] == [row.figure for row in batched.rows]
    assert all(row.holds() for row in sizes.rows)
    assert all(0 < row.here < 10_000 for row in alone.rows)
    assert all(row.here > 1 for row in batched.rows)
    assert all(0.99 < row.here < 1 for row in seeds.rows)


def test_the_threads_of_torch_are_as_before(measured: list[Table]) -> None:
    before = torch.get_num_threads()

    assert len(measured) == 4
    assert torch.get_num_threads() == before


@pytest.mark.skipif(not COMPILED, reason="not compiled: no compiler when installed")
def test_passes_in_c_have_rows_of_their_own(measured: list[Table]) -> None:
    names = {row.figure for row in measured[1].rows}

    assert "forecaster, length 512" in names
    assert "forecaster, length 512, in C" in names
