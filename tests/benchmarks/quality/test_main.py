import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import typer

from benchmarks.quality.__main__ import chosen_parts, measure
from benchmarks.quality.figures import Bound, Row, Run, Table
from benchmarks.quality.parts import PARTS
from training.errors import DataError


def good(run: Run) -> Iterator[Table]:
    yield Table("t", "c", [Row("a", 1.0, {}, Bound(most=1))])


def bad(run: Run) -> Iterator[Table]:
    yield Table("t", "c", [Row("a", 2.0, {}, Bound(most=1))])


def without_data(run: Run) -> Iterator[Table]:
    raise DataError("where is it?")
    yield


def test_parts_are_chosen_by_how_their_names_begin() -> None:
    assert list(chosen_parts(["forecast-c", "digits"])) == [
        name for name in PARTS if name.startswith(("forecast-c", "digits"))
    ]
    assert chosen_parts(None) == PARTS
    with pytest.raises(typer.BadParameter, match="no part begins with 'nothing'"):
        chosen_parts(["digits", "nothing"])


def test_a_part_without_its_data_is_named_and_the_others_are_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run(httpx.Client(), tmp_path, tmp_path / "out")

    assert not measure({"first": without_data, "second": good}, run)

    assert "not measured: first: where is it?" in capsys.readouterr().out
    found = json.loads((tmp_path / "out/quality.json").read_text())
    assert found["skipped"] == {"first": "where is it?"}
    assert list(found["parts"]) == ["second"]


def test_a_missed_figure_is_told_at_the_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert measure({"first": bad, "second": good}, Run(httpx.Client(), tmp_path, tmp_path))

    assert "missed: t: a | 2.000 | at most 1.000" in capsys.readouterr().out
