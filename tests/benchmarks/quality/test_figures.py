import math

import pytest

from benchmarks.quality.figures import Bound, Row, Table


@pytest.mark.parametrize(
    ("bound", "words"),
    [
        (Bound(most=0.79), "at most 0.79"),
        (Bound(least=0.5), "at least 0.50"),
        (Bound(0.77, 0.83), "0.77 to 0.83"),
    ],
    ids=["upper", "lower", "both"],
)
def test_a_bound_is_said_in_words(bound: Bound, words: str) -> None:
    assert bound.shown(".2f") == words


def test_what_is_not_a_number_is_never_as_asked() -> None:
    assert Bound(most=1.0).holds(1.0)
    assert not Bound(most=1.0).holds(1.001)
    assert not Bound().holds(math.nan)


def test_a_table_has_a_column_for_every_system_and_marks_what_is_missed() -> None:
    rows = [Row("a", 0.5, {"X": 0.25}, Bound(most=0.4)), Row("b", 0.3, {"Y": None})]
    table = Table("title", "make", rows, ".2f")

    assert table.header() == ("figure", "here", "X", "Y", "asked")
    assert table.cells(rows[0]) == ("a", "0.50", "0.25", "", "at most 0.40 ✗ MISSED")
    assert table.cells(rows[1]) == ("b", "0.30", "", "", "")
    assert [row["holds"] for row in table.as_json()["rows"]] == [False, None]
    assert table.printed().row_count == 2
