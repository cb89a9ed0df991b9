from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.cells.measure import Cost, measure, relative
from benchmarks.cells.table import as_table
from models.cells import CELLS


def test_every_cell_is_measured(tmp_path: Path) -> None:
    costs = measure(tmp_path, hidden_size=5, repeats=1)
    assert [cost.cell for cost in costs] == list(CELLS)
    by_name = {cost.cell: cost for cost in costs}
    assert by_name["lstm"].n_parameters == 4 * by_name["rnn"].n_parameters
    assert all(0 < cost.pass_1_s < 60 for cost in costs)


def test_a_hand_written_cell_is_set_against_the_fused_one_that_does_the_same() -> None:
    costs = [Cost("rnn", 5, 1.0, 2.0, 4.0), Cost("simple_rnn", 4, 3.0, 3.0, 3.0)]
    assert relative(costs[0], costs) == {}
    assert relative(costs[1], costs) == {
        "pass_1_s": 3.0,
        "pass_32_s": 1.5,
        "training_step_s": pytest.approx(0.75),
    }
    console = Console(width=120, record=True)
    console.print(as_table(costs))
    assert "3000.00 (3.0x)" in console.export_text()
