import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from training.errors import DataError
from training.forecast.data import read_series
from training.forecast.series import DETECT


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_json_lines_give_values_season_and_test_part(tmp_path: Path) -> None:
    records = [
        {"id": "a", "season_length": 12, "values": [None, 1, 2.5, None, 4]},
        {"id": "b", "train": [7], "test": [8, 9]},
    ]
    path = tmp_path / "pool.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, records)).encode()))

    first, second = read_series(path)

    np.testing.assert_array_equal(first.values, [1, 2.5, np.nan, 4])
    assert (first.name, first.season_length, first.future) == ("a", 12, None)
    assert second.season_length == DETECT
    assert second.future is not None
    np.testing.assert_array_equal(second.future, [8, 9])


def test_a_folder_gives_the_series_of_each_of_its_json_lines_files(tmp_path: Path) -> None:
    write(tmp_path / "one.jsonl", '{"id": "a", "values": [1]}\n\n')
    write(tmp_path / "two.jsonl", '{"id": "b", "values": [1, 2]}')
    write(tmp_path / "notes.txt", "nothing")

    assert [series.name for series in read_series(tmp_path)] == ["a", "b"]


def test_a_long_table_is_sorted_by_date_and_gaps_become_missing(tmp_path: Path) -> None:
    path = write(
        tmp_path / "sales.csv",
        "unique_id,ds,y\nB,2024-01-01,5\nA,2024-03-31,3\nA,2024-01-31,1\nA,2024-05-31,\n"
        "A,2024-06-30,6\nB,2024-02-01,6\n",
    )

    a, b = read_series(path)

    assert (a.name, a.season_length) == ("A", 12)
    np.testing.assert_array_equal(a.values, [1, np.nan, 3, np.nan, np.nan, 6])
    np.testing.assert_array_equal(b.values, [5, 6])


def test_a_wide_table_holds_a_series_in_each_column(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "date": pd.date_range("2024-01-01", periods=4, freq="h"),
            "up": [1.0, 2.0, 3.0, np.nan],
            "late": [np.nan, 5.0, 4.0, 3.0],
        }
    )
    path = tmp_path / "load.parquet"
    frame.to_parquet(path)

    up, late = read_series(path)

    assert (up.season_length, late.season_length) == (24, 24)
    np.testing.assert_array_equal(up.values, [1, 2, 3])
    np.testing.assert_array_equal(late.values, [5, 4, 3])


def test_a_table_without_dates_leaves_the_season_to_the_network(tmp_path: Path) -> None:
    path = write(tmp_path / "plain.csv", "a,b\n1,4\n2,5\n3,6\n")

    assert [series.season_length for series in read_series(path)] == [DETECT, DETECT]


def test_a_season_length_that_is_given_beats_the_dates(tmp_path: Path) -> None:
    path = write(tmp_path / "daily.csv", "ds,y\n2024-01-01,1\n2024-01-02,2\n2024-01-03,4\n")

    (series,) = read_series(path, season_length=30)

    assert series.season_length == 30


@pytest.mark.parametrize(
    ("dates", "season"),
    [
        (["1990", "1991", "1993"], 1),
        (["2024-01-01", "2024-04-01", "2024-07-01"], 4),
        (["2024-01-01", "2024-01-08", "2024-01-15"], 52),
        (["2024-01-05", "2024-01-06", "2024-01-09"], 7),
        (["2024-01-01 00:00", "2024-01-01 00:30", "2024-01-01 01:00"], 48),
        (["2024-01-01 00:00", "2024-01-01 00:01", "2024-01-01 00:02"], 60),
        (["2024-01-01", "2024-01-11", "2024-01-21"], DETECT),
    ],
    ids=["years", "quarters", "weeks", "days", "half hours", "minutes", "ten days"],
)
def test_the_season_follows_from_the_dates(tmp_path: Path, dates: list[str], season: int) -> None:
    rows = "\n".join(f"{date},{i}" for i, date in enumerate(dates))

    (series,) = read_series(write(tmp_path / "dated.csv", f"ds,y\n{rows}\n"))

    assert series.season_length == season


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "", "is empty"),
        ("a.csv", "ds,y\n", "is empty"),
        ("a.csv", "unique_id,ds,y,price\nA,2024-01-01,1,2\n", r"unknown columns \['price'\]"),
        ("a.csv", "unique_id,ds\nA,2024-01-01\n", "no column y"),
        ("a.csv", "ds,y\n2024-01-01,1\nsoon,2\n", "'soon' in row 3, which is not a date"),
        ("a.csv", "ds,y\n2024-01-01,1\n2024-01-02,two\n", "'two' in row 3, .* not a number"),
        ("a.csv", "ds,y\n2024-01-01,1\n2024-01-01,2\n", "comes twice"),
        ("a.csv", "ds,y\n2024-01-01,1\n2024-01-02,2\n2024-01-02 09:00,3\n", "no regular step"),
        ("a.csv", "ds,y\n2024-01-01,\n2024-01-02,\n", "every value is missing"),
        ("a.csv", "a,b\n1,\n2,\n", "series 'b': every value is missing"),
        ("a.csv", "a\n1\ninf\n", "infinite"),
        ("a.csv", "ds,y\n3,1\n4,2\n", "numbers where dates"),
        ("a.csv", "unique_id,y\n,1\n", "unique_id is empty in row 2"),
        ("a.parquet", "no", "cannot be read as a table"),
        ("a.xls", "no", "what format"),
        ("a.jsonl", "", "holds no series"),
        ("a.jsonl", "{", "line 1 is not JSON"),
        ("a.jsonl", '{"id": 3}', 'a list "values"'),
        ("a.jsonl", '{"values": [1, "x"]}', "value 1 is 'x'"),
        ("a.jsonl", '{"values": [1], "season_length": "m"}', "season_length must be"),
        ("a.jsonl.gz", "no gzip \x8b\udcff", "damaged"),
    ],
)
def test_data_that_makes_no_sense_is_refused_in_one_sentence(
    tmp_path: Path, name: str, content: str, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content.encode("utf-8", "surrogateescape"))

    with pytest.raises(DataError, match=message) as refusal:
        read_series(path)
    assert "\n" not in str(refusal.value)


def test_a_missing_file_and_a_folder_without_series_say_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist: give --data"):
        read_series(tmp_path / "no.csv")
    with pytest.raises(DataError, match="holds no JSON-lines file"):
        read_series(tmp_path)


def test_dates_in_no_notation_at_all_get_one_sentence_and_no_warning(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("unique_id,ds,y\na,2020-99-99,1\na,soon,2\n")
    with pytest.raises(DataError, match="'2020-99-99' in row 2, which is not a date"):
        read_series(path)
