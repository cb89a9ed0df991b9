from pathlib import Path
from typing import Any

from training.recipes.document import update
from training.recipes.recipe import load_recipe
from training.recipes.request import RecipeRequest
from training.recipes.results import Measured, Results
from training.recipes.table import row_of

FIGURES = {
    "test_mse": 400.0,
    "naive_mse": 2500.0,
    "from_origin_mse": 900.0,
    "naive_from_origin_mse": 6400.0,
    "coverage_80": 0.75,
    "from_origin_coverage_80": 1.0,
}
PAGE = """# Notes
<!-- recipes: table -->
<!-- recipes: end -->
between
<!-- series: table -->
old
<!-- series: end -->
<!-- cells: table -->
<!-- cells: end -->
![cells](images/notes/cells.png)
"""


def measured(**changes: Any) -> Measured:
    values: dict[str, Any] = {
        "recipe": "seasonal-mlp",
        "variant": "tuned",
        "value": 0.4,
        "shown": "0.4",
        "target_met": True,
        "figures": FIGURES,
        "options": {},
        "steps": 1,
        "n_parameters": 1,
        "wall_time_s": 3.0,
        "export": "seasonal-mlp-tuned/1",
        "smoke": False,
    }
    return Measured(**(values | changes))


def request_with(folder: Path) -> RecipeRequest:
    request = RecipeRequest(folder=folder / "recipes")
    Results(request.results).store(measured())
    (folder / "compare").mkdir()
    (folder / "compare/table.md").write_text("| cell |\n")
    (folder / "compare/cells.png").write_bytes(b"c")
    return request


def test_a_page_gets_its_tables_and_its_pictures(tmp_path: Path) -> None:
    request, page = request_with(tmp_path), tmp_path / "notes.md"
    page.write_text(PAGE)
    rows = [row_of(load_recipe("seasonal-mlp"), Results(request.results))]

    assert update(page, rows, request) == []

    text = page.read_text()
    assert "| `seasonal-mlp` |" in text
    assert "| `seasonal-mlp-tuned` | 20 | 50 | 30 | 80 | 75% | 100% |" in text
    assert "| cell |" in text
    assert "old" not in text
    assert (tmp_path / "images/notes/cells.png").read_bytes() == b"c"


def test_tables_that_the_page_has_no_place_for_are_left_out(tmp_path: Path) -> None:
    request, page = request_with(tmp_path), tmp_path / "notes.md"
    page.write_text("<!-- recipes: table -->\n<!-- recipes: end -->\n")
    rows = [row_of(load_recipe("seasonal-mlp"), Results(request.results))]

    update(page, rows, request)

    assert "| cell |" not in page.read_text()
