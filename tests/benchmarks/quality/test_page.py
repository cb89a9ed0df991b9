import json
import math
from pathlib import Path

from benchmarks.quality import page
from benchmarks.quality.figures import Bound, Row, Table
from training.report import new_figure

MISSED = Table("errors", "make errors", [Row("worst", 0.9, {}, Bound(most=0.8))], plot=new_figure())
GOOD = Table("times", "make times", [Row("s", 1.0, {"X": math.nan}, Bound(most=2))], note="Slow.")


def test_the_page_says_first_what_is_not_reached_and_needs_no_other_file() -> None:
    shown = page.page({"a": [GOOD, MISSED]}, {"b": "no data"})

    assert "1 figures are as asked, 1 are not" in shown
    assert shown.index("What is not reached") < shown.index("make times") < shown.index("make err")
    assert "Not measured: b" in shown
    assert "Slow." in shown
    assert 'src="data:image/png' in shown
    assert "http" not in shown


def test_the_json_has_every_row_with_its_command_and_no_nan(tmp_path: Path) -> None:
    page.write({"a": [GOOD, MISSED]}, tmp_path, {"b": "no data"})

    found = json.loads((tmp_path / "quality.json").read_text())
    rows = [row for table in found["parts"]["a"] for row in table["rows"]]
    assert [row["command"] for row in rows] == ["make times", "make errors"]
    assert rows[0]["beside"] == {"X": None}
    assert rows[1] == {
        "figure": "worst",
        "here": 0.9,
        "beside": {},
        "asked": "at most 0.800",
        "holds": False,
        "command": "make errors",
    }
    assert found["skipped"] == {"b": "no data"}
    assert (tmp_path / "report.html").is_file()
