"""``seqserve train compare``: every cell in one table and one plot."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
import typer
from torch import nn
from typer.testing import CliRunner, Result

import training.cli
from models.cells import CELLS
from training.compare.measure import cells_of, fastest
from training.compare.request import CELL_NAMES, CompareRequest
from training.compare.subjects import field_of
from training.errors import DataError
from training.export import as_exported

pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")


def run(*arguments: str) -> Result:
    app = typer.Typer()
    training.cli.register(app)
    return CliRunner().invoke(app, ["train", "compare", *arguments], env={"COLUMNS": "200"})


def compared(folder: Path, *arguments: str) -> tuple[Result, dict[str, Any]]:
    result = run("--smoke", "--folder", str(folder), *arguments)
    assert result.exit_code == 0, result.output
    return result, json.loads((folder / "results.json").read_text())


def test_every_cell_has_a_row_with_its_costs(tmp_path: Path) -> None:
    result, found = compared(tmp_path)
    rows = {row["cell"]: row for row in found["cells"]}
    assert set(rows) == set(CELLS)
    for cell, row in rows.items():
        assert cell in result.stdout
        assert 0 <= row["metric"] <= 1
        assert min(row["step_ms"], row["latency_ms"]["1"], row["latency_ms"]["32"]) > 0
        assert row["curve"][0][-1] == 4
    assert rows["rnn"]["n_parameters"] < rows["gru"]["n_parameters"] < rows["lstm"]["n_parameters"]


def test_the_comparison_is_a_table_a_plot_and_a_page(tmp_path: Path) -> None:
    compared(tmp_path, "--family", "transduce", "--cells", "gru, rnn")
    table = (tmp_path / "table.md").read_text().splitlines()
    assert [line.split("|")[1].strip() for line in table] == ["cell", "---", "gru", "rnn"]
    assert (tmp_path / "cells.png").read_bytes().startswith(b"\x89PNG")
    page = (tmp_path / "report.html").read_text()
    for words in ("Recurrent cells compared: transduce", "pass, 32 signals [ms]", "relative error"):
        assert words in page


def test_the_forecaster_is_compared_on_series_of_one_s_own(tmp_path: Path) -> None:
    data = tmp_path / "sales.csv"
    rows = [f"{step},{100 + step + 10 * (step % 12)}" for step in range(60)]
    data.write_text("a,b\n" + "\n".join(rows) + "\n")
    _, found = compared(tmp_path, "--family", "forecast", "--cells", "lstm", "--data", str(data))
    assert found["metric"] == "relative"


def test_gradients_are_shown_instead(tmp_path: Path) -> None:
    result = run("--gradients", "--smoke", "--folder", str(tmp_path))
    assert result.exit_code == 0
    assert {path.name for path in tmp_path.iterdir()} == {"gradients.png", "gradients.json"}


def test_help_shows_examples() -> None:
    output = run("--help").output
    for words in ("Examples:", "seqserve train compare --gradients", "--cells", "--smoke"):
        assert words in output


def test_an_unknown_cell_gets_a_sentence_and_exit_code_2(tmp_path: Path) -> None:
    result = run("--cells", "rnn,tcn", "--folder", str(tmp_path))
    assert result.exit_code == 2
    assert "--cells must name some of rnn, lstm, gru" in result.stderr
    with pytest.raises(DataError, match="got ','"):
        cells_of(CompareRequest(cells=","))


def test_the_cells_by_default_are_the_table_of_cells() -> None:
    assert set(CELL_NAMES) == set(CELLS)


def test_a_cell_named_twice_is_compared_once() -> None:
    assert cells_of(CompareRequest(cells="gru,rnn,gru")) == ["gru", "rnn"]


def test_timing_takes_turns_and_keeps_the_fastest() -> None:
    called: list[str] = []
    times = fastest({"a": lambda: called.append("a"), "b": lambda: called.append("b")}, 3)
    assert called == ["a", "b"] * 4
    assert set(times) == {"a", "b"}


def test_all_cells_get_the_same_data_and_options(tmp_path: Path) -> None:
    field = field_of(CompareRequest(family="transduce", smoke=True, folder=tmp_path))
    one, two = field.subject("rnn"), field.subject("gru")
    assert (one.task.batch(0).signals.inputs == two.task.batch(0).signals.inputs).all()
    different = {
        name for name, value in vars(one.config).items() if value != vars(two.config)[name]
    }
    assert different == {"cell", "name"}


def test_a_graph_as_exported_answers_as_the_network() -> None:
    network = nn.Sequential(nn.Linear(3, 2), nn.Tanh())
    inputs = torch.randn(5, 3)
    torch.testing.assert_close(as_exported(network)(inputs), network(inputs))
