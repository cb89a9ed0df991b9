"""Series from files, for the command line."""

import io

import pytest

from service.series_file import SeriesFileError, read_series


def read(text: str, name: str = "series.csv") -> dict[str, list[float | None]]:
    return read_series(io.StringIO(text), name)


def test_every_column_of_numbers_is_a_series() -> None:
    text = "ds,shop,north,south\n2024-01-01,a,1,\n2024-01-02,b,2.5,NA\n2024-01-03,c,,7\n"

    assert read(text) == {"north": [1.0, 2.5, None], "south": [None, None, 7.0]}


def test_a_column_of_years_says_when_not_how_much() -> None:
    assert read("Year;sales\n2023;5\n2024;6\n") == {"sales": [5.0, 6.0]}


def test_a_table_without_a_header_numbers_its_columns() -> None:
    assert read("1\t4\n2\t5\n3\n") == {"1": [1.0, 2.0, 3.0], "2": [4.0, 5.0, None]}


def test_a_long_table_has_a_series_for_every_id() -> None:
    text = "unique_id,ds,y\nb,1,5\na,1,7\nb,2,\nb,3,6\n"

    assert read(text) == {"b": [5.0, None, 6.0], "a": [7.0]}


@pytest.mark.parametrize("text", ["1 2 3", "1\n2\n3\n", " 1\n2 3\n"])
def test_plain_numbers_are_one_series(text: str) -> None:
    assert read(text, "numbers.txt") == {"1": [1.0, 2.0, 3.0]}


def test_a_single_column_may_have_a_header() -> None:
    assert read("sales\n1\n2\n") == {"sales": [1.0, 2.0]}


def test_json_lines_are_lists_or_objects() -> None:
    text = '[1, null, 3]\n\n{"id": "x", "values": [4]}\n{"train": [5, 6], "test": [7]}\n'

    assert read(text, "s.jsonl") == {"1": [1.0, None, 3.0], "x": [4.0], "3": [5.0, 6.0]}


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("", "a.csv", "holds no series"),
        ("name,colour\nx,red\n", "a.csv", "holds no series"),
        ("a,b\n1,2,3\n", "a.csv", "row 1 has 3 cells"),
        ("unique_id,y\na,much\n", "a.csv", "'much' in column y"),
        ("[1, 2\n", "a.jsonl", "line 1 is not a series"),
        ("[1]\n5\n", "a.jsonl", "line 2 is not a series"),
        ('{"y": [1]}\n', "a.jsonl", "line 1 is not a series"),
    ],
)
def test_what_holds_no_series_is_refused_with_the_place(text: str, name: str, message: str) -> None:
    with pytest.raises(SeriesFileError, match=message):
        read(text, name)
